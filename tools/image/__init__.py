"""The flashable image: MicroPython for a board of firmware/boards with lib/uplink frozen in."""
