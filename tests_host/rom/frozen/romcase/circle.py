"""Imports what imports it."""

BEFORE = 1
from romcase import round  # noqa: E402

AFTER = 2
computed = AFTER + 1


def both():
    return round.seen(), AFTER
