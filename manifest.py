# What is frozen into an image: the unix port's (build/firmware-64) and, included by
# firmware/boards/…, a board's. boot.py and main.py stay on the file system: they are the user's to
# edit, and a frozen main.py would hide the way back in.

metadata(
    version="0.1.0",
    description="Internet through a cellular modem, MQTT over its TLS",
    license="MIT",
)

# For applications on asyncio that run the loop as one of their tasks (uplink.serve). Frozen it
# takes flash only.
include("$(MPY_DIR)/extmod/asyncio")
package("uplink", base_path="lib")
