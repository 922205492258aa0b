"""This project's MQTT client on the PC, straight over TCP or TLS. See README.md."""
