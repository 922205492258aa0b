"""The configuration: `uplink.json` read, checked against `keys`, defaults filled in.

    cfg = config.load("uplink.json")
    cfg["broker"]["host"]        # b"mqtt.example.org"

A file that cannot be used raises `ConfigError` with the file, the key (and its line) and what was
expected. Strings that go onto a wire are `bytes`. A key that begins with `#` is a comment.
Relative paths of certificates count from the folder of the configuration.
"""

from uplink.app import jsontext
from uplink.errors import ConfigError

_file = None  # see `override`
_values = {}

_LARGEST = 16384  # bytes: what a board can read and check without fragmenting its heap


class _Wrong(Exception):
    """`key` has a value that cannot be used: what was expected instead."""

    def __init__(self, key, expected):
        super().__init__(expected)
        self.key = key
        self.expected = expected


def override(file, values: dict):
    """For tools: `load` reads `file` whatever it is asked for, with {dotted key: value} put in."""
    global _file, _values
    _file = file
    _values = values


def load(path: str) -> dict:
    """Read and check the file; raises `ConfigError`."""
    path = _file or path
    try:
        with open(path, "rb") as f:
            data = f.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(path, "the file", "to be readable (error %s)" % error.args[0])
    cut = path.rfind("/") + 1
    return parse(data, path, path[:cut])


def parse(data: bytes, file: str = "uplink.json", folder: str = "") -> dict:
    """Check the text `data`; `file` names it in errors, `folder` (with its /) holds its files."""
    if len(data) > _LARGEST:
        raise ConfigError(file, "the file", "at most %d bytes" % _LARGEST)
    try:
        raw = jsontext.read(data)
    except jsontext.JSONError as error:
        raise ConfigError(file, "line %d" % error.line, error.expected)
    if not isinstance(raw, dict):
        raise ConfigError(file, "the file", "one object: {…}")
    try:
        for key in _values:
            cut = key.rfind(".")
            section = raw if cut < 0 else raw.setdefault(key[:cut], {})
            if isinstance(section, dict):
                section[key[cut + 1 :]] = _values[key]
        return check(raw, folder)
    except _Wrong as error:
        lines = {}
        jsontext.read(data, lines)
        key = error.key
        if key in lines:
            key = "line %d: %s" % (lines[key], key)
        raise ConfigError(file, key, error.expected)


def check(raw: dict, folder: str = "") -> dict:
    """The validated configuration for the values of a file. (Errors name no line: see `parse`.)"""
    from uplink.app import keys, values

    known = {}
    sections = {"": None}
    for row in keys.KEYS:
        known[row[0]] = row
        for i in range(len(row[0])):
            if row[0][i] == ".":
                sections[row[0][:i]] = None
    given = {}
    _flatten(raw, "", given, known, sections, keys.OPTIONAL)
    cfg = {}
    for row in keys.KEYS:
        _fill(cfg, row, given, values, keys, folder)
    _together(cfg, given)
    return cfg


def forget():
    """Give back the RAM that the table and the checks took, where they are not frozen."""
    import sys

    package = sys.modules["uplink.app"]
    for name in ("keys", "values"):
        if sys.modules.pop("uplink.app." + name, None) is not None and hasattr(package, name):
            delattr(package, name)


def _flatten(raw, path, given, known, sections, optional):
    """Put every leaf of `raw` into `given` under its dotted key; refuse what nobody knows."""
    for name in raw:
        if name[:1] == "#":
            continue
        key = path + "." + name if path else name
        value = raw[name]
        if key in known:
            given[key] = value
        elif key in sections:
            if isinstance(value, dict):
                given[key] = True
                _flatten(value, key, given, known, sections, optional)
            elif value is not None or key not in optional:
                raise _Wrong(key, "a section: {…}")
        else:
            raise _Wrong(key, "a known key%s" % _suggestion(key, known, sections))


def _fill(cfg, row, given, values, keys, folder):
    """Put the value of one row where it belongs."""
    key = row[0]
    parts = key.split(".")
    at = cfg
    path = ""
    for name in parts[:-1]:
        path = path + "." + name if path else name
        if path in keys.OPTIONAL and path not in given:
            at[name] = None
            return
        if name not in at:
            at[name] = {}
        at = at[name]
    if key in given:
        value = given[key]
    elif row[2] is ...:
        raise _Wrong(key, "a value: this key must be written (%s)" % row[6])
    else:
        value = row[2]
    if value is None and (row[2] is None or row[1] & keys.NULL):
        at[parts[-1]] = None
        return
    value, expected = values.convert(row, value, cfg.get("id", ""), folder)
    if expected:
        if not row[1] & keys.SECRET and key in given:
            expected = "%s, found %s" % (expected, values.shown(given[key]))
        raise _Wrong(key, expected)
    at[parts[-1]] = value


def _together(cfg, given):
    """What no key can say alone."""
    broker = cfg["broker"]
    tls = cfg["tls"]
    if broker["port"] is None:
        broker["port"] = 8883 if broker["tls"] else 1883
    if broker["password"] is not None and broker["user"] is None:
        raise _Wrong("broker.user", "a user name where there is a password (MQTT 3.1.1, 3.1.2.9)")
    if not broker["client_id"] and not broker["clean"]:
        raise _Wrong("broker.client_id", "a client id, or broker.clean true (MQTT 3.1.1, 3.1.3.1)")
    if broker["tls"] and tls["verify"] == "ca" and tls["ca"] is None:
        raise _Wrong("tls.ca", "the CA's file, to verify the broker with (tls.verify is ca)")
    if (tls["cert"] is None) != (tls["key"] is None):
        absent = "cert" if tls["cert"] is None else "key"
        raise _Wrong("tls." + absent, "a file: tls.cert and tls.key only work together")
    if tls["cert"] is not None and not broker["tls"]:
        raise _Wrong("broker.tls", "true: tls.cert cannot be used without TLS")
    for name in ("cert", "ca"):
        if tls[name] is not None and tls[name] == tls["key"]:
            raise _Wrong("tls.key", "another file than tls." + name)
    outbox = cfg["outbox"]
    if outbox["inflight"] > outbox["messages"]:
        raise _Wrong("outbox.inflight", "at most outbox.messages (%d)" % outbox["messages"])
    backoff = cfg["backoff"]
    if backoff["first_s"] > backoff["max_s"]:
        raise _Wrong("backoff.first_s", "at most backoff.max_s (%d)" % backoff["max_s"])
    if cfg["modem"]["sleep"] and cfg["pins"]["dtr"] is None and cfg["pins"]["control"] is None:
        raise _Wrong("modem.sleep", "pins.dtr to be wired: without it nothing wakes the module")
    for name in ("will", "birth"):
        message = broker[name]
        if message and len(message["topic"]) + len(message["payload"]) + 16 > outbox["bytes"]:
            raise _Wrong("broker.%s.payload" % name, "to fit into outbox.bytes")
    _pins(cfg)


def _pins(cfg):
    """Two lines on one pin of the board."""
    taken = []
    for section, names in (
        ("uart", ("tx", "rx", "rts", "cts")),
        ("pins", ("pwrkey", "dtr", "status", "reset")),
    ):
        for name in names:
            pin = cfg[section][name]
            if isinstance(pin, dict):
                pin = pin["pin"]
            if pin is None:
                continue
            for other, key in taken:
                if other == pin:
                    raise _Wrong(section + "." + name, "another pin than %s" % key)
            taken.append((pin, section + "." + name))


def _suggestion(key, known, sections):
    """`: did you mean …?` for the key that is most like `key`, where one is."""
    last = key[key.rfind(".") + 1 :]
    best = None
    least = 1 + len(key) // 3
    for candidate in list(known) + [name for name in sections if name]:
        if candidate[candidate.rfind(".") + 1 :] == last:
            return ": did you mean %s?" % candidate  # the right name in the wrong section
        distance = _distance(key, candidate)
        if distance < least:
            best, least = candidate, distance
    return ": did you mean %s?" % best if best else ""


def _distance(a, b):
    """Edit distance: letters to add, remove or change."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        before = row[0]
        row[0] = i + 1
        for j in range(len(b)):
            change = before + (a[i] != b[j])
            before = row[j + 1]
            row[j + 1] = min(change, before + 1, row[j] + 1)
    return row[-1]
