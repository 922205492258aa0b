"""Functions of all kinds. show() returns what they did."""

from romcase import LEVEL

_shared = [1]
_count = 0


def plain(a, b):
    return a - b


def defaults(a, b=100000, c=(1, b"x", "a rather long string that is no name"), d=None, e=LEVEL):
    return a, b, c, d, e


def changing(a, found=_shared):
    found.append(a)
    return len(found)


def keywords(a, *rest, b=1, **more):
    return a, rest, b, sorted(more)


def generator(n):
    for i in range(n):
        yield i * i


def closure(n):
    def add(x):
        return x + n

    return add


def inner():
    def one():
        return 1

    return one() + (lambda x: x * 2)(4) + sum([i * 2 for i in range(5)])


def counting():
    global _count
    _count += 1
    return _count


def decorated(f):
    return lambda: f() + 1


@decorated
def wrapped():
    return 41


if LEVEL > 2:

    def chosen():
        return "more"
else:

    def chosen():
        return "less"


def loop():
    made = []
    for i in range(3):
        try:
            if i == 1:
                continue

            def f(x=i):
                return x

            made.append(f)
        finally:
            made.append(i)
    while True:
        for _ in made:
            with Held() as held:
                if held:
                    break
        break
    return [m() if callable(m) else m for m in made]


class Held:
    def __enter__(self):
        return True

    def __exit__(self, *_):
        return False


def refused(value):
    if value:
        raise ValueError("refused %s" % value)


async def waiting(x):
    return x + 1


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def show():
    return [
        plain(5, 3),
        defaults(1),
        defaults(1, e=2),
        changing(4),
        changing(5),
        keywords(1, 2, 3, b=4, z=5, y=6),
        list(generator(4)),
        closure(3)(4),
        inner(),
        counting(),
        counting(),
        wrapped(),
        chosen(),
        loop(),
        run(waiting(1)),
        plain.__name__,
    ]
