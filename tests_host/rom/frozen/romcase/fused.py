"""What takes one instruction instead of several (firmware/rom/fuse.py), each in its short ways and
in its long ones. show() returns what it did.
"""

from romcase import functions

BIG = (1 << 30) - 1
heard = []


def hear(*args):
    heard.append(args)
    return args


class Sensor:
    kind = "plain"

    def __init__(self, value):
        self.value = value
        self.zero = 0
        self.total = BIG - 2
        self.word = "a"

    def loads(self):
        return self.value, self.zero, self.kind

    def stores(self, value):
        self.value = value
        self.zero = 0
        return True

    def one(self, a):
        return ("one", a)

    def two(self, a, b):
        return ("two", a, b)

    def three(self, a, b, c):
        return ("three", a, b, c)

    def calls(self):
        a = self.one(1)
        b = self.two(1, 2)
        c = self.three(1, 2, 3)
        self.one(1)
        self.two(1, 2)
        self.three(1, 2, 3)
        self.loads()
        return a, b, c, self.loads()

    def counts(self):
        for _ in range(5):
            self.total += 1
        return self.total

    def lengthens(self):
        self.word += 1

    def misses(self):
        self.missing += 1

    def second(self, other):
        return other.value, other.zero

    def nothing(self):
        hear()

    def no(self):
        return False


class Watched:
    """Attributes that are properties, and one that only __getattr__ knows."""

    def __init__(self):
        self._value = 1
        self.looks = 0

    @property
    def value(self):
        self.looks += 1
        return self._value

    @value.setter
    def value(self, value):
        self.looks += 100
        self._value = value

    def __getattr__(self, name):
        return name + "?"

    def counts(self):
        self.value += 1
        return self.value, self.looks, self.unknown

    def clears(self):
        self.value = 0
        return self._value


class Odd:
    """Compares as it likes."""

    def __init__(self, answer):
        self.answer = answer

    def __eq__(self, other):
        return self.answer

    def __le__(self, other):
        return self.answer


def increments(values, at):
    values[at] += 1
    return values[at]


def is_equal(a, b):
    if a == b:
        return "equal"
    return "not"


def names_none(a):
    if a is None:
        return "None"
    return "some"


def has_some(a):
    if a is not None:
        return "some"
    return "None"


def between(a, b, c):
    if a <= b <= c:
        return "between"
    return "outside"


def chain(a, b, c):
    return a <= b <= c


def subscribes(table):
    return table["key"], table["other"]


def calls_functions(f):
    return f(1), f(1, 2), f(1, 2, 3)


def is_of_number(number):
    # No instance: what is fused for methods is so for any first argument.
    return number.real, number.to_bytes(2, "big")


def increases_number(number):
    number.real += 1


def loops(limit):
    # A jump back, which no fused jump can be.
    i = 0
    while True:
        i += 1
        if i == limit:
            continue
        if i == limit + 2:
            return i


def deletes(a, b):
    x = a.value
    del a
    try:
        return a.value
    except NameError:
        return x, b.value


def finishes(a):
    try:
        if a:
            return None
        return True
    finally:
        hear(a)


def generates(sensor):
    sensor.total += 1
    yield sensor.value
    yield sensor.loads()
    hear("end")


def of_module():
    return functions.plain(3, 1)


def error_of(f, *args):
    try:
        return f(*args)
    except Exception as error:
        return type(error).__name__, error.args


def show():
    heard.clear()
    sensor, watched = Sensor(5), Watched()
    table = {"key": 1, "other": BIG}
    numbers, text = [1, BIG], bytearray(b"a\xff")
    return [
        sensor.loads(),
        sensor.calls(),
        sensor.stores(6),
        sensor.loads(),
        sensor.counts(),
        error_of(sensor.lengthens)[0],
        error_of(sensor.misses)[0],
        sensor.second(watched),
        watched.counts(),
        watched.clears(),
        sensor.nothing(),
        sensor.no(),
        [increments(numbers, i) for i in (0, 1)],
        increments(table, "other"),
        increments(text, 0),
        error_of(increments, text, 2)[0],
        error_of(increments, (1,), 0)[0],
        error_of(increments, table, "none")[0],
        [is_equal(a, b) for a in (1, "a", None, 1.0, BIG * 3) for b in (1, "a", None, BIG * 3)],
        [is_equal(Odd(a), 1) for a in (True, False, 0, "x", [])],
        [(names_none(a), has_some(a)) for a in (None, 0, Odd(True))],
        [between(a, 2, 3) for a in (1, 2, 3, "a")[:3]],
        [chain(a, BIG, BIG + 1) for a in (BIG - 1, BIG, BIG + 1)],
        [chain(Odd(a), Odd(b), 1) for a in (True, 0, []) for b in (1, False)],
        error_of(between, 1, "2", 3)[0],
        subscribes(table),
        error_of(subscribes, {})[0],
        error_of(subscribes, [])[0],
        calls_functions(hear),
        calls_functions(lambda *a: a),
        error_of(calls_functions, 1)[0],
        error_of(is_of_number, 7),
        error_of(increases_number, 7)[0],
        loops(3),
        error_of(deletes, sensor, watched),
        finishes(True),
        finishes(False),
        list(generates(sensor)),
        of_module(),
        list(heard),
    ]
