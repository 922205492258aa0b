"""What `line` gives, in Python: the twin of firmware/native/native.c."""


def allowed(value):
    """True when `value` can stand in a command line, also between quotes.

    Refused: the quote, the backslash and every control byte (CR, LF, Ctrl-Z, escape, NUL …),
    which would end the string or the line and let a user's text become a command; and what is
    not ASCII, which depends on the module's character set.
    """
    for c in value:
        if c < 32 or c == 34 or c == 92 or c > 126:
            return False
    return True


def put_int(line, n):
    """Append `n` in decimal."""
    if n < 0:
        line.append(45)
        n = -n
    if n > 9:
        put_int(line, n // 10)
    line.append(48 + n % 10)


def put(line, value):
    """Append a user's string if it is allowed; otherwise nothing, and False."""
    if not allowed(value):
        return False
    line.extend(value)
    return True


def unpack(line, text, at, pairs):
    """Append the line of `text` that begins at `at`, up to its line end or the end of all.

    In an image texts may be packed (firmware/rom/pack.py): a byte from 128 on stands for two, at
    twice its number less 256 of `pairs`.
    """
    while at < len(text) and text[at] != 10:
        _unpack(line, text[at], pairs)
        at += 1


def _unpack(line, c, pairs):
    if c < 128:
        line.append(c)
    else:
        _unpack(line, pairs[2 * c - 256], pairs)
        _unpack(line, pairs[2 * c - 255], pairs)
