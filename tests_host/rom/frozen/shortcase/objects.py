"""Attributes of objects whose class is known, and of some whose class is not."""

from shortcase import made_up
from shortcase.places import Place, fill, put_aside


class Left:
    left_limit = 5

    def __init__(self):
        self.left_only = 1
        self.left_count = 0

    def left_step(self, by=1):
        self.left_count += by
        return self.left_count, self.left_limit


class Right:
    def __init__(self):
        self.right_only = 2
        self.right_count = 10

    def right_step(self, amount=1):
        self.right_count -= amount
        return self.right_count


class Further(Left):
    """Has all of Left's; Right has none of these."""

    def __init__(self):
        super().__init__()
        self.further_only = 3
        self.further_many = [self.left_only + x for x in (1, 2)]
        self.further_late = lambda: self.further_only

    def left_step(self, by=1):
        return super().left_step(by), self.further_only, self.further_late()

    @property
    def doubled(self):
        return self.further_only * 2

    @staticmethod
    def tripled(x):
        return x * 3


class Asks:
    """Gives what it has not from another object."""

    def __init__(self, inner):
        self._inner = inner
        self.asks_only = 4

    def __getattr__(self, name):
        return getattr(self._inner, name)


class Guarded:
    def __init__(self):
        self.guarded_first = None

    def guarded(self, other):
        # An attribute of any object.
        other.stored_from_outside = 6
        return other


class Thrown(Exception):
    def __init__(self, thrown_code, thrown_name="x"):
        super().__init__("thrown", thrown_code)
        self.thrown_code = thrown_code
        self.thrown_name = thrown_name


def throw(*, why, **rest):
    raise Thrown(why, **rest)


def absent(thing):
    """Which of some names an object has."""
    words = ("left_only", "right_only", "GPIO0", "PULL_UP", "further_only", "stored_from_outside")
    return [hasattr(thing, word) for word in words]


def show():
    left, right, further = Left(), Right(), Further()
    left.GPIO0, right.PULL_UP = "pin", "up"  # names that the interpreter has
    guarded = Guarded().guarded(right)
    asks, both = Asks(right), Asks(further)
    found = [
        made_up,
        left.left_step(2),
        right.right_step(amount=3),
        further.left_step(by=4),
        further.further_many,
        further.doubled,
        Further.tripled(2),
        (left.left_only, right.right_only, left.GPIO0, right.PULL_UP),
        (asks.right_only, asks.asks_only, asks.right_step(1), both.further_only, both.doubled),
        [absent(thing) for thing in (left, right, further, guarded)],
        [getattr(thing, "left_only", None) for thing in (left, right, further)],
        sorted(vars_of(right)),
        isinstance(further, Left),
    ]
    try:
        throw(why=7, thrown_name="named")
    except Thrown as thrown:
        found.append((thrown.thrown_code, thrown.thrown_name, thrown.args))
    for thing in (left, right):
        try:
            found.append(thing.right_only)
        except AttributeError:
            found.append("none")
    place = Place("a", 1)
    fill(place, 5)
    put_aside(left)
    found += [place.place_total(), place.filled_with, left.set_aside, left.left_step()]
    return found


def vars_of(thing):
    return [value for value in thing.__dict__.values() if not isinstance(value, str)]
