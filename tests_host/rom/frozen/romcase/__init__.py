"""A package of what firmware/rom puts into ROM, and of what it must leave alone."""

LEVEL = 3


class Ground:
    """A base that other modules of the package import."""

    unit = "V"

    def __init__(self, value=7):
        self.value = value

    def name(self):
        return "ground"

    def __repr__(self):
        return "<%s %d>" % (self.name(), self.value)


class Alone(Exception):
    pass
