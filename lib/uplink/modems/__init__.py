"""The vendors: one module each, found by the names of `modem.type`. An image freezes some of them."""

NAMES = ("sim7000", "quectel")

# The types of modem that the files know; a module's own name has one of these in it.
_TYPES = b" sim7000:sim7000 m10:quectel m66:quectel m85:quectel m95:quectel "


def vendor(name):
    """The module of a file, None where the image has it not."""
    try:
        return getattr(__import__("uplink.modems." + name).modems, name)
    except ImportError:
        return None


def load(name):
    """The module for a name of `modem.type` (`bytes`); None where this image has none for it.

    `auto` takes the only one that is there, or else `auto`, which asks the modem what it is.
    """
    if name == b"auto":
        found = None
        for one in NAMES:
            if found is not None and vendor(one) is not None:
                return vendor("auto")
            found = found or vendor(one)
        return found
    for row in _TYPES.split():
        if row.startswith(name + b":"):
            return vendor(row[len(name) + 1 :].decode())
    return None


def identify(text):
    """The module for what a modem calls itself or its maker (`bytes`); None: unknown here."""
    text = text.lower()
    for row in _TYPES.split():
        at = row.find(b":")
        if row[:at] in text:
            return vendor(row[at + 1 :].decode())
    return None
