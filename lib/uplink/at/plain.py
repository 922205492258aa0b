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
