"""The vendors: one module each, found by the names of `modem.type`. An image has some of them."""

NAMES = ("sim7000", "quectel", "telit")

# Words that a type of modem begins with, and that a module's own name or its maker's has in it.
_TYPES = (
    b"sim7000 sim7000 quectel m10 m66 m85 m95 "
    b"telit telit ge8 ge9 gl8 he9 le8 le9 me3 me8 me9 ml8 ue8 ue9 ul8 els6"
)


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
                return vendor("auto") or found
            found = found or vendor(one)
        return found
    return identify(name, True)


def identify(text, begins=False):
    """The module for what a modem calls itself or its maker (`bytes`); None: unknown here."""
    text = text.lower()
    file = b""
    for word in _TYPES.split():
        if word.decode() in NAMES and file != word:
            file = word
        elif text.startswith(word) if begins else word in text:
            return vendor(file.decode())
    return None
