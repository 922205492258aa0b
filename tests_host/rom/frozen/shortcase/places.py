"""Another module, with globals, and with handlers that are found by their names."""

import shortcase

_hidden_global = 3
_table = (("first_answer", 1), ("second_answer", 2))


class Place:
    def __init__(self, place_name, place_size):
        self.place_name = place_name
        self.place_size = place_size
        self.filled_with = 0

    def break_here(self):
        return _break_inside(self)

    def place_total(self):
        return self.place_size + self.filled_with + _hidden_global


def break_down():
    return Place("b", 1).break_here()


def _break_inside(place):
    place.place_size += 1
    del place.place_name
    return place._break_attribute


def _never():
    return Place("c", 1)._break_attribute()


Place("d", 1)._break_attribute = 1


def fill(place, filled_by):
    place.filled_with = filled_by


def put_aside(thing):
    thing.set_aside = True


def first_answer(n):
    return "first", n


def second_answer(n):
    return "second", n


def _count_hidden():
    global _hidden_global
    _hidden_global += 1
    return _hidden_global


def dispatch(module):
    return [getattr(module, name)(n) for name, n in _table]


def show():
    import shortcase.places as here

    return [
        dispatch(here),
        _count_hidden() - _count_hidden(),
        shortcase.made_too,
        shortcase.MADE_HERE,
        max(len("abc"), 2),
        hasattr(here, "_hidden_global"),
        (lambda inner_argument=4: inner_argument)(),
        (lambda inner_argument=4: inner_argument)(inner_argument=5),
    ]
