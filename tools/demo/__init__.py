"""The main job, on one terminal: firmware, virtual modem and a real broker. See `--help`."""
