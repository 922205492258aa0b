"""Commands of ITU-T V.250 that several vendors' modules obey alike: AT alone, and one profile."""

from .table import Table

COMMANDS = Table()
command = COMMANDS.command


@command("")
def attention(c):
    """AT alone."""
    c.ok()


@command("Z")
def reset_profile(c):
    """ATZ: what AT&W stored is in force again."""
    c.modem.settings.recall()
    c.ok()


@command("&F")
def factory_profile(c):
    """AT&F: the factory's settings."""
    c.modem.settings.factory()
    c.ok()


@command("&W")
def store_profile(c):
    """AT&W: what is in force becomes the profile."""
    c.modem.settings.store()
    c.ok()
