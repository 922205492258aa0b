"""One value of the configuration: is it of its kind, and what does it become.

`convert(row, value, device, folder)` gives (value, "") or (None, what was expected).
"""

import os

from uplink.app import keys

_LEVELS = ("high", "low")


def convert(row, value, device, folder):
    """`row` of `keys.KEYS`, `value` as read; `device` takes the place of `{id}`."""
    kind = row[1] & keys.KIND
    low = row[3]
    high = row[4]
    if kind == keys.BOOL:
        return (value, "") if isinstance(value, bool) else (None, "true or false")
    if kind == keys.INT:
        return _whole(value, low, high, row[5])
    if kind == keys.RATE:
        good = isinstance(value, int) and not isinstance(value, bool) and value in low
        return (value, "") if good else (None, "one of " + _list(low))
    if kind == keys.WORD or kind == keys.SYMBOL:
        if not isinstance(value, str) or value not in low:
            return None, "one of " + _list(low)
        return (value.encode() if kind == keys.SYMBOL else value), ""
    if kind == keys.GPIO:
        return (value, "") if _gpio(value) else (None, "null, a pin number or a pin name")
    if kind == keys.PIN:
        return _pin(value)
    if not isinstance(value, str):
        return None, "a text in double quotes"
    if not row[1] & keys.SECRET and kind != keys.ID:
        value = value.replace("{id}", device)
    data = value.encode()
    if not low <= len(data) <= high:
        return None, "%d to %d bytes" % (low, high)
    expected = _text(kind, data)
    if expected:
        return None, expected
    if kind == keys.PATH:
        return _file(value, folder)
    return (value if kind == keys.ID or kind == keys.DEVICE else data), ""


def shown(value):
    """`value` as an error may show it: short, on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a section {…}"
    if isinstance(value, list):
        return "a list […]"
    if isinstance(value, str):
        text = ""
        for c in value[:40]:
            text += c if " " <= c != "\x7f" else "?"
        return '"%s%s"' % (text, "…" if len(value) > 40 else "")
    return str(value)


def _whole(value, low, high, unit):
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value, ""
    expected = "a whole number from %d to %d" % (low, high)
    return None, "%s (%s)" % (expected, unit) if unit else expected


def _list(words):
    text = ""
    for word in words:
        text += ", " if text else ""
        text += '"%s"' % word if isinstance(word, str) else str(word)
    return text


def _gpio(value):
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0 <= value <= 48
    return isinstance(value, str) and 0 < len(value) <= 24 and _printable(value.encode())


def _pin(value):
    if isinstance(value, dict):
        for name in value:
            if name != "pin" and name != "active":
                return None, 'only "pin" and "active" in it'
        if value.get("active", "high") not in _LEVELS:
            return None, '"active" to be "high" or "low"'
        if not _gpio(value.get("pin")):
            return None, '"pin" to be a pin number or a pin name'
        return value, ""
    if _gpio(value):
        return value, ""
    return None, 'null, a pin number or name, or {"pin": …, "active": "high" or "low"}'


def _printable(data):
    for c in data:
        if c < 33 or c > 126:
            return False
    return True


def _text(kind, data):
    """What is wrong with the bytes of a text of `kind`, or nothing."""
    if 0 in data:
        return "no NUL character in it"
    if kind == keys.ID:
        for c in data:
            if not _name_byte(c):
                return "letters, digits and - _ . : only"
    elif kind == keys.DIGITS:
        for c in data:
            if not 48 <= c <= 57:
                return "digits only, in double quotes"
    elif kind == keys.HOST:
        return _host(data)
    elif kind == keys.AT or kind == keys.PATH:
        # V.250, 5.4.2.2: the quote ends a string, the backslash begins a coded character
        for c in data:
            if c < 32 or c > 126 or c == 34 or c == 92:
                return "printable ASCII without quotes and backslashes (it reaches an AT command)"
    elif kind == keys.TOPIC:
        if b"+" in data or b"#" in data:
            return "a topic without the wildcards + and #"
    elif kind == keys.FILTER:
        return _filter(data)
    return ""


def _name_byte(c):
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c in b"-_.:"


def _host(data):
    for c in data:
        if not _name_byte(c):
            return "a host name or an address alone: no scheme, port, path or spaces"
    if data[0] in b"-." or data[-1] in b"-":
        return "a host name that begins and ends with a letter or digit"
    return ""


def _filter(data):
    """MQTT 3.1.1, 4.7.1: + and # stand alone in their level, # in the last one."""
    levels = data.split(b"/")
    for i in range(len(levels)):
        level = levels[i]
        if b"#" in level and (len(level) > 1 or i + 1 < len(levels)):
            return "# only as the last level (MQTT 3.1.1, 4.7.1.2)"
        if b"+" in level and len(level) > 1:
            return "+ only as a whole level (MQTT 3.1.1, 4.7.1.3)"
    return ""


def _file(value, folder):
    path = value if value[0] == "/" else folder + value
    try:
        size = os.stat(path)[6]
    except OSError:
        return None, "a file that is there"
    if not 1 <= size <= 10240:
        return None, "a file of 1 to 10240 bytes (what modules take), it has %d" % size
    try:
        with open(path, "rb") as f:
            head = f.read(2048)
    except OSError:
        return None, "a file that can be read"
    if b"-----BEGIN " not in head:
        return None, "a PEM file: text with a line -----BEGIN …"
    return path, ""
