"""Its import fails until there is a module `romcase_asks`."""

from romcase import LEVEL

FIRST = LEVEL
from romcase_asks import VALUE  # noqa: E402


def value():
    return FIRST, VALUE
