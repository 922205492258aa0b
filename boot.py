# Runs first at every start. It never starts the application: what is wrong in main.py or
# uplink.json can always be put right over USB (see "Safe mode" in README.md).

# A pin that, held to GND while the board starts, keeps the application from starting.
SAFE_PIN = None

try:
    from uplink.app import safe

    held = False
    if SAFE_PIN is not None:
        from machine import Pin

        held = Pin(SAFE_PIN, Pin.IN, Pin.PULL_UP).value() == 0
    safe.boot(held)
except Exception as error:
    print("boot.py:", repr(error))
