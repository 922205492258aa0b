"""What a piece of bytecode makes, as far as it is known when freezing."""


class Value:
    """An object that can be a constant in ROM. `symbol`: the C expression of its address."""

    symbol = None


class Object(Value):
    """What the linker knows: a frozen module, a builtin."""

    def __init__(self, symbol):
        self.symbol = symbol


class Function(Value):
    """`defaults`: Python values (constants) of the last arguments."""

    def __init__(self, module, rc, defaults=()):
        self.module = module
        self.rc = rc
        self.defaults = defaults
        # Where in mp_frozen_code its code is, if it is plain.
        self.place = None

    # Of MP_FROZEN_DEFAULTS_MAX in py/objfun.h.
    MOST_DEFAULTS = 4

    def is_plain(self, mpy):
        """Whether it needs no object: no generator or machine code, without functions inside."""
        rc = self.rc
        return (
            rc.code_kind == mpy.MP_CODE_BYTECODE
            and not rc.scope_flags & mpy.MP_SCOPE_FLAG_GENERATOR
            and len(self.defaults) <= self.MOST_DEFAULTS
            and not rc.children
        )


class Closure(Value):
    """A method that closes over `__class__` only (it uses super())."""

    def __init__(self, function):
        self.function = function
        self.owner = None


class Wrapped(Value):
    """staticmethod or classmethod of a function."""

    def __init__(self, kind, function):
        self.kind = kind
        self.function = function


class Property(Value):
    """property of up to three functions: getter, setter, deleter."""

    PARTS = ("getter", "setter", "deleter")

    def __init__(self, functions):
        self.functions = functions

    def having(self, part, function):
        found = list(self.functions)
        found[self.PARTS.index(part)] = function
        return Property(found)


class Class(Value):
    """`body`: the RawCode of its statements, which are not needed any more. `base`: a Class, or
    the name of a type of the interpreter's, or None. `members`: {name: value}.
    """

    def __init__(self, module, body, name, base, members):
        self.module = module
        self.body = body
        self.name = name
        self.base = base
        self.members = members
        # What is in its table of functions: {name: place}. Set by Classes.
        self.functions = {}

    def method(self, name):
        """(the Function,) that `Class.name` is, or None."""
        if name not in self.members:
            return self.base.method(name) if isinstance(self.base, Class) else None
        found = self.members[name]
        return (found,) if isinstance(found, Function) else None

    def has_accessors(self):
        """Whether instances have to look for properties, __setattr__ or __delattr__."""
        special = any(
            isinstance(value, Property) or name in ("__setattr__", "__delattr__")
            for name, value in self.members.items()
        )
        return special or (isinstance(self.base, Class) and self.base.has_accessors())


class Builtin:
    """A name that the module does not define."""

    def __init__(self, name):
        self.name = name


class Module:
    """A module, by its full name; it may be one that is not frozen."""

    def __init__(self, name):
        self.name = name


class Marker:
    """Something on the stack that is known and no object: NULL, __build_class__, the cell."""

    def __init__(self, name):
        self.name = name


NULL = Marker("NULL")
BUILD_CLASS = Marker("__build_class__")
CELL = Marker("cell of __class__")


def is_name(text):
    """Whether a text can be among the interpreter's names: their length has a byte."""
    return len(text.encode()) < 256


def is_constant(value):
    """Whether it is a number, str, bytes, None, … or a tuple of those (none of the above)."""
    if isinstance(value, tuple):
        return all(map(is_constant, value))
    return value is None or value is ... or isinstance(value, (bool, int, float, str, bytes))


def is_shared(obj):
    """Whether a constant may be one object wherever it is written: not where its text is in an
    `#if` (floats).
    """
    if isinstance(obj, tuple):
        return all(map(is_shared, obj))
    return isinstance(obj, (bool, int, str, bytes))
