"""The vendors: one module each, found by name. Only what an image freezes is there."""

NAMES = ("sim7000",)


def load(name):
    """The vendor's module for a name of `modem.type` (`bytes`); `auto` takes the first."""
    wanted = name.decode() if isinstance(name, bytes) else name
    if wanted == "auto":
        wanted = NAMES[0]
    return getattr(__import__("uplink.modems." + wanted).modems, wanted)
