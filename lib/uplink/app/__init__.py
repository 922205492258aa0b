"""What `main.py` calls: configuration, safe mode, start-up, telemetry and commands."""
