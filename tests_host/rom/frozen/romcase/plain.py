"""Functions that are no objects: what a program can do with them. show() returns what it did."""

import gc

from romcase.classes import Sky


def nothing():
    pass


def one(a):
    return a


def pair(a, b=2):
    return a, b


def four(a=1, b="text", c=None, d=(1, 2)):
    return a, b, c, d


def five(a=1, b=2, c=3, d=4, e=5):
    return a, b, c, d, e


def same_again(a, b="text", c=None):
    return a, b, c


def star(a, b=3, *rest, **more):
    return a, b, rest, sorted(more.items())


def many(a, b):
    # More than what a frame has room for on the stack.
    c, d, e, f, g, h, i, j, k, l = a, b, a, b, a, b, a, b, a, b  # noqa: E741
    m, n, o, p, q, r, s, t, u, v = b, a, b, a, b, a, b, a, b, a
    w, x, y, z = c, d, e, f
    aa, bb, cc, dd = w, x, y, z
    return [c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd]


def down(n):
    gc.collect()
    return n and down(n - 1) + 1


def fails(a, b=1):
    raise ValueError("%d of %d" % (a, b))


def _descending(x):
    return -x


def _made(cls):
    # An ordinary function: __new__ alone makes it static.
    return object.__new__(cls)


def _value(self):
    return self.kept


def _store(self, value):
    self.kept = value


def _names():
    class InRam:
        things = [1]
        method = pair
        __new__ = _made
        value = property(_value, _store)
        static = staticmethod(one)
        of_class = classmethod(one)

        def __init__(self):
            self.own = one
            self.kept = 5

    return InRam


def _of_a_class():
    found = _names()()
    bound = found.method
    found.value = 6
    return [
        found.method()[1:],
        bound()[1:],
        found.method("b")[1:],
        bound(b=7)[1:],
        # An instance's own is not bound.
        found.own(8),
        found.value,
        found.static(9),
        found.of_class() is type(found),
        type(found).method(1, 2),
    ]


def _errors():
    for function, arguments, words in (
        (nothing, (1,), {}),
        (one, (), {}),
        (one, (1, 2), {}),
        (one, (), {"b": 1}),
        (one, (1,), {"a": 1}),
        (pair, (), {"b": 1}),
        (four, (1, 2, 3, 4, 5), {}),
        (fails, (1,), {}),
        (fails, (1,), {"b": 2}),
    ):
        try:
            function(*arguments, **words)
            yield "nothing"
        except (TypeError, ValueError) as e:
            yield type(e), str(e)


def _as_a_value():
    functions = [nothing, one, pair, four]
    table = {function: i for i, function in enumerate(functions)}
    return [
        [table[function] for function in functions],
        one == one,
        one == pair,
        one != pair,
        one is one,
        one in (None, False, True, 0, nothing),
        bool(nothing),
        [type(f) is type(lambda: 0) for f in functions],
        [isinstance(f, type(one)) for f in functions],
        isinstance(one, (int, str, bool, type(None))),
        [callable(f) for f in functions],
        [f.__name__ for f in functions],
        repr(one).split(" at ")[0],
        len({hash(f) for f in functions}),
        not hasattr(one, "__globals__") or one.__globals__ is pair.__globals__,
        hasattr(one, "a"),
        id(one) == id(one),
        sorted([3, 1, 2], key=_descending),
        list(map(one, "ab")),
        list(filter(one, (0, 1))),
        max((1, 2), key=_descending),
    ]


def _refused():
    for attempt in (
        lambda: one + one,
        lambda: one[0],
        lambda: setattr(one, "x", 1),
        lambda: len(one),
        lambda: list(one),
        lambda: one < one,
        lambda: with_it(one),
    ):
        try:
            attempt()
            yield "nothing"
        except (TypeError, AttributeError) as e:
            yield type(e)


def with_it(value):
    with value:
        pass


def show():
    return [
        nothing(),
        one(1),
        pair(1),
        pair(1, 3),
        pair(b=1, a=4),
        four(),
        four(4, d=5),
        four(c=1),
        four(*(1, 2)),
        five(9, e=1),
        same_again(1),
        same_again(1, c=2),
        star(1),
        star(1, 2, 3, x=4, y=5),
        many(1, 2),
        many(1, b=2),
        down(5),
        Sky.__name__,
        _of_a_class(),
        list(_errors()),
        _as_a_value(),
        list(_refused()),
    ]
