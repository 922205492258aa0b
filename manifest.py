# What is frozen into the firmware on a PC (the unix port: build/firmware-64); a board has its own:
# firmware/boards/…/manifest.py. Both include firmware/manifest.py. boot.py and main.py stay on
# the file system: they are the user's to edit, and a frozen main.py would hide the way back in.

metadata(
    version="0.1.0",
    description="Internet through a cellular modem, MQTT over its TLS",
    license="MIT",
)

# For applications on asyncio that run the loop as one of their tasks (uplink.serve). Frozen it
# takes flash only.
include("$(MPY_DIR)/extmod/asyncio")
include("firmware/manifest.py", port="unix")
