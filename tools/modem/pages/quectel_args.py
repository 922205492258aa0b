"""Quectel: arguments, taken strictly: a string is quoted, a number is not."""

from ..command import Quoted


def number(c, i, low, high, default=None):
    """Argument i as a number in low .. high; `default` when it is missing, None when wrong."""
    text = c.arg(i, None)
    if text is None:
        return default
    value = c.number(i)
    if isinstance(text, Quoted) or value is None or not low <= value <= high:
        return None
    return value


def string(c, i, most, least=1):
    """Argument i as a quoted string of least .. most characters; None when it is none."""
    text = c.args[i] if i < len(c.args) else None
    if not isinstance(text, Quoted) or not least <= len(text) <= most:
        return None
    return str(text)


def port(c, i):
    return number(c, i, 1, 65_535)


def told(c, text):
    """A test command's answer."""
    c.info(text)
    c.ok()


def prompt_of(modem):
    """The prompt: `> `, or what an option or fault has made of it."""
    return modem.options.prompt if modem.options.prompt != b">" else b"> "
