"""What runs on the PC: set-up, virtual modem, demo, MQTT over TCP, the real line."""
