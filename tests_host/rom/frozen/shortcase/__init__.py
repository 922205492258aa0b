"""What short names could break. show() of the modules returns what they did."""

_NAMES = ("made_up", "made_too")


def __getattr__(name):
    if name in _NAMES or name.startswith("MADE_"):
        return "made " + name
    raise AttributeError(name)
