"""Classes of all kinds. show() returns what they did."""

import romcase
from romcase import Alone, Ground


class Empty:
    pass


class Sky(Ground):
    BIG = 1000000
    TEXT = b"\x00a constant of bytes"
    SIZES = (1, 2, (3, None))

    def __init__(self, value):
        super().__init__(value + 1)
        self._hue = 0

    def name(self, tail="!"):
        return "sky over " + super().name() + tail

    @property
    def hue(self):
        return self._hue

    @hue.setter
    def hue(self, value):
        self._hue = value % 360

    @staticmethod
    def static(a, b=2):
        return a * b

    @classmethod
    def make(cls, value=1):
        return cls(value)

    other = name
    one = two = 1
    first = Ground.name


class Storm(Sky):
    def name(self):
        return "storm, " + super().name("?")

    def __len__(self):
        return 12

    def __getitem__(self, i):
        return i + self.value

    def __eq__(self, other):
        return isinstance(other, Ground) and self.value == other.value

    def __iter__(self):
        yield from (1, 2)

    def __call__(self, x):
        return x * self.value


class Fault(Alone):
    def __init__(self, code):
        super().__init__("fault %d" % code)
        self.code = code


class Single:
    def __new__(cls, value=None):
        made = super().__new__(cls)
        made.value = value or "new"
        return made


class Guard:
    def __getattr__(self, name):
        return "no " + name

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value * 2)


class Mutable:
    found = []

    def add(self, x):
        self.found.append(x)
        return self.found


class Attribute(romcase.Ground):
    def __del__(self):
        pass


class Two(Empty, Ground):
    pass


def marked(cls):
    cls.mark = "m"
    return cls


@marked
class Marked:
    def f(self):
        return self.mark


class Counted:
    total = 0

    def __init__(self):
        Counted.total += 1


each = []
for _ in range(2):

    class Each:
        def f(self):
            return 5

    each.append(Each)


def local():
    class Local(Ground):
        def name(self):
            return "local"

    return Local


def fails(f, *args):
    try:
        return f(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def show():
    sky, storm, guard = Sky(4), Storm.make(8), Guard()
    sky.hue = 730
    guard.x = 21
    with_new = type("Later", (Storm,), {"name": lambda self: "later"})
    return [
        repr(sky),
        repr(storm),
        sky.hue,
        storm.hue,
        sky.unit,
        (sky.BIG, sky.TEXT, sky.SIZES),
        sky.other(),
        (sky.first(), sky.one + sky.two),
        Sky.static(4),
        storm.static(4, 5),
        len(storm),
        storm[1],
        storm == Ground(9),
        list(storm),
        storm(2),
        isinstance(storm, Ground),
        issubclass(Sky, Storm),
        Sky.__name__,
        Sky.__bases__ == (Ground,),
        fails(refuse, 7),
        isinstance(Fault(1), Exception),
        Single().value,
        Single("v").value,
        (guard.x, guard.y),
        Mutable().add(1)[-1],
        repr(Attribute()),
        Two().name(),
        Marked().f(),
        [Counted().total for _ in range(2)],
        each[0] is each[1],
        local() is local(),
        repr(local()()),
        repr(with_new(1)),
        fails(getattr, sky, "missing"),
        fails(getattr, Sky, "missing"),
        fails(sky.name, 1, 2, 3),
        vars_of(Empty()),
    ]


def refuse(code):
    raise Fault(code)


def vars_of(thing):
    thing.a = 1
    return thing.a
