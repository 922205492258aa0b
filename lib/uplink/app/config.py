"""The configuration: `uplink.json` read and checked against one table, defaults filled in.

    cfg = config.load("uplink.json")
    cfg["broker"]["host"]        # b"mqtt.example.org"

A file that cannot be used raises `ConfigError` with the file, the key (and its line) and what was
expected. Strings that go onto a wire are `bytes`. A key that begins with `#` is a comment.
Relative paths of certificates count from the folder of the configuration. What each key means
stands in `tools/run/table.py`.
"""

import io
import json
import os

from uplink.app import const, loads
from uplink.errors import ConfigError

_LARGEST = const(16384)  # bytes: what a board can read and check without fragmenting its heap

# Kinds, and what a value becomes. `bool`, `int` or `str`:
_SECTION = const(0)  # the rows up to the next one are in it
_BOOL = const(1)
_GPIO = const(2)  # number or name of a pin
_PIN = const(3)  # the same, or the section PIN
_MESSAGE = const(4)  # null, or the section MESSAGE
_WORD = const(5)  # one of the values in the next column, as JSON has them
_SYMBOL = const(6)  # the same, becomes `bytes`
_INT = const(7)  # with the highest
# Texts, with the longest in bytes. `str`:
_ID = const(8)
_DEVICE = const(9)  # a path that is opened later
_PATH = const(10)  # a file that must be there; also reaches an AT command line
# `bytes`:
_AT = const(11)  # reaches an AT command line between quotes
_HOST = const(12)  # host name or address; also reaches an AT command line
_DIGITS = const(13)
_TOPIC = const(14)  # MQTT topic name: no wildcards (MQTT 3.1.1, 4.7)
_FILTER = const(15)  # MQTT topic filter
_TEXT = const(16)  # an MQTT string (MQTT 3.1.1, 1.5.3)

_KIND = const(31)
_NONE = const(32)  # null, if it is not written: no column for the default
_NULL = const(64)  # null is allowed although it is not the default
_SECRET = const(128)  # the value is never shown
_FROM = const(256)  # times the lowest number, or the shortest text

# Key, kind, default (`...`: it must be written), and what the kind adds; a key alone has these of
# the one before it. All in one row: so it is one object in flash, and its keys are the dicts'.
# fmt: off
KEYS = (
    "id", _ID + 1 * _FROM, ..., 64,
    "log", _WORD, "info", '"debug", "info", "warn", "error"',
    "watchdog_s", _INT, 8, 8,
    "offline_restart_s", _INT, 86400, 604800,
    "uart", _SECTION,
    "id", _INT, 0, 3,
    "tx", _GPIO + _NONE,
    "rx",
    "rts",
    "cts",
    "baud", _WORD, 115200, "9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600",
    "rxbuf", _INT + _NONE + 256 * _FROM, 32766,
    "ring", _INT + 256 * _FROM, 512, 16384,
    "device", _DEVICE + _NONE + 1 * _FROM, 255,
    "pins", _SECTION,
    "pwrkey", _PIN + _NONE,
    "dtr",
    "status",
    "reset",
    "control", _DEVICE + _NONE + 1 * _FROM, 255,
    "modem", _SECTION,
    "type", _AT + 1 * _FROM, "auto", 16,
    "echo", _BOOL, False,
    "sleep",
    "idle_sleep_s", _INT + 1 * _FROM, 2, 3600,
    "sleep_check_s", _INT + 1 * _FROM, 60, 86400,
    "radio", _SYMBOL, "lte-m", '"lte-m", "nb-iot", "both"',
    "led", _BOOL, True,
    "sockets", _INT + 1 * _FROM, 2, 8,
    "register_s", _INT + 30 * _FROM, 300, 3600,
    "sim", _SECTION,
    "pin", _DIGITS + _SECRET + _NONE + 4 * _FROM, 8,
    "apn", _AT + _NONE + 1 * _FROM, 63,
    "apn_user",
    "apn_password", _AT + _SECRET + _NONE + 1 * _FROM, 63,
    "broker", _SECTION,
    "host", _HOST + 1 * _FROM, ..., 253,
    "port", _INT + _NONE + 1 * _FROM, 65535,
    "tls", _BOOL, True,
    "client_id", _TEXT, "{id}", 128,
    "user", _TEXT + _NONE + 1 * _FROM, 256,
    "password", _TEXT + _SECRET + _NONE + 1 * _FROM, 512,
    "keepalive_s", _INT + 10 * _FROM, 120, 65535,
    "answer_s", _INT + 5 * _FROM, 30, 300,
    "ack_s", _INT + 10 * _FROM, 120, 3600,
    "clean", _BOOL, False,
    "will", _MESSAGE + _NONE,
    "birth",
    "tls", _SECTION,
    "verify", _WORD, "ca", '"ca", "none"',
    "version", _WORD, "1.2", '"1.2", "1.1", "1.0"',
    "level", _WORD + _NONE, '"modern", "compatible", "legacy"',
    "ca", _PATH + _NONE + 1 * _FROM, 64,
    "cert",
    "key",
    "server_name", _HOST + _NONE + 1 * _FROM, 253,
    "check_dates", _BOOL, True,
    "outbox", _SECTION,
    "messages", _INT + 2 * _FROM, 8, 256,
    "bytes", _INT + 512 * _FROM, 1536, 65536,
    "inflight", _INT + 1 * _FROM, 4, 64,
    "packet", _INT + 128 * _FROM, 1024, 32768,
    "backoff", _SECTION,
    "first_s", _INT + 1 * _FROM, 2, 3600,
    "max_s", _INT + 1 * _FROM, 300, 86400,
    "stable_s", _INT + 1 * _FROM, 60, 86400,
    "telemetry", _SECTION,
    "topic", _TOPIC + _NULL + 1 * _FROM, "devices/{id}/telemetry", 256,
    "interval_s", _INT + 1 * _FROM, 60, 604800,
    "qos", _INT, 1, 2,
    "commands", _SECTION,
    "topic", _FILTER + _NULL + 1 * _FROM, "devices/{id}/cmd", 256,
    "qos", _INT, 1, 2,
    "reply", _TOPIC + _NULL + 1 * _FROM, "devices/{id}/reply", 256,
)
MESSAGE = (
    "topic", _TOPIC + 1 * _FROM, ..., 256,
    "payload", _TEXT, "", 512,
    "qos", _INT, 1, 2,
    "retain", _BOOL, False,
)
PIN = (
    "pin", _GPIO, ...,
    "active", _WORD, "high", '"high", "low"',
)
# fmt: on


def load(path: str) -> dict:
    """Read and check the file; raises `ConfigError`."""
    try:
        with open(path, "rb") as f:
            data = f.read(_LARGEST)  # what is longer is cut off, and so refused
    except OSError as error:
        raise ConfigError(path, "the file", "to be readable (error %s)" % error.args[0])
    return parse(data, path, path[: path.rfind("/") + 1])


def parse(data: bytes, file: str = "uplink.json", folder: str = "") -> dict:
    """Check the text `data`; `file` names it in errors, `folder` (with its /) holds its files."""
    try:
        raw = loads(data)
    except ValueError as error:
        stream = io.BytesIO(data)
        try:
            json.load(stream)  # MicroPython's names no line, but reads no further
        except ValueError:
            pass
        line = getattr(error, "lineno", data[: stream.tell()].count(b"\n") + 1)
        raise ConfigError(file, "line %d" % line, "JSON (%s)" % error)
    try:
        return check(raw, folder)
    except ValueError as error:
        key = error.args[0]
        at = 0
        for name in key.split("."):
            at = max(0, data.find(b'"%s"' % name.encode(), at))
        line = ""
        if at and len(error.args) == 2:
            # Looked for as a text: a value that reads like the key may stand before it.
            line = "line %d: " % (data[:at].count(b"\n") + 1)
        raise ConfigError(file, line + key, error.args[1])


def check(raw: dict, folder: str = "") -> dict:
    """The configuration for the values of a file; ValueError(key, what was expected)."""
    cfg = _section(KEYS, raw, "", "{id}", folder)
    _together(cfg)
    return cfg


def _section(table, raw, path, device, folder):
    """`raw` checked against the rows of `table`, with their defaults; `path` ends with its dot."""
    cfg = here = {}
    given = _dict(raw, path)
    prefix = path
    absent = ""
    i = 0
    while i < len(table):
        name = table[i]
        i += 1
        if not isinstance(table[i], str):
            flags = table[i]
            kind = flags & _KIND
            i += 1
            if kind == _SECTION:
                prefix = name + "."
                given = _dict(raw.get(name, {}), prefix)
                here = cfg[name] = {}
                continue
            default = high = None
            if not flags & _NONE:
                default = table[i]
                i += 1
            if kind >= _WORD:
                high = table[i]
                i += 1
        key = prefix + name
        value = given.get(name, default)
        if value is ...:
            absent = absent or key
        elif value is None and flags & (_NONE | _NULL):
            pass
        elif kind == _MESSAGE:
            value = _section(MESSAGE, value, key + ".", device, folder)
        elif kind == _PIN and isinstance(value, dict):
            value = _section(PIN, value, key + ".", device, folder)
        else:
            try:
                value = convert(flags, high, value, device, folder)
            except ValueError as error:
                expected = error.args[0]
                if name in given and not flags & _SECRET:
                    expected = "%s, found %s" % (expected, json.dumps(value)[:40])
                raise ValueError(key, expected)
            if kind == _ID:
                device = value
        here[name] = value
    _known(raw, cfg, path)
    if absent:
        raise ValueError(absent, "a value: it must be written", None)
    return cfg


def _dict(value, path):
    if not isinstance(value, dict):
        raise ValueError(path[:-1] or "the file", "a section: {…}")
    return value


def _known(raw, cfg, path):
    """Refuse the keys of `raw` that `cfg` has not."""
    for name in raw:
        if name[:1] != "#":
            if name not in cfg:
                raise ValueError(path + name, "a known key")
            if isinstance(cfg[name], dict):
                _known(raw[name], cfg[name], path + name + ".")


def convert(flags, high, value, device="", folder=""):
    """What `value` becomes; ValueError(what was expected). `device` takes the place of `{id}`."""
    kind = flags & _KIND
    low = flags >> 8
    if kind == _BOOL:
        if isinstance(value, bool):
            return value
        expected = "true or false"
    elif kind == _INT:
        if type(value) is int and low <= value <= high:
            return value
        expected = "a whole number from %d to %d" % (low, high)
    elif kind == _WORD or kind == _SYMBOL:
        if json.dumps(value) in high.split(", "):
            return value.encode() if kind == _SYMBOL else value
        expected = "one of " + high
    else:
        first = 1
        last = 255
        refused = b""
        expected = "no NUL"
        if kind <= _PIN or kind == _ID or kind == _HOST:
            first = 45
            last = 122
            refused = b"/;<=>?@[\\]^`"
            expected = "letters, digits, - _ . :"
        elif kind == _DIGITS:
            first = 48
            last = 57
            expected = "digits"
        elif kind == _AT or kind == _PATH:
            # V.250, 5.4.2.2: the quote ends a string, the backslash begins a coded character
            first = 32
            last = 126
            refused = b'"\\'
            expected = 'ASCII without " and \\'
        elif kind == _TOPIC:
            refused = b"+#"
            expected = "no + or #"
        elif kind == _FILTER:
            expected = "+ and # alone in a level, # last"  # MQTT 3.1.1, 4.7.1
        if kind <= _PIN:
            if type(value) is int and 0 <= value <= 48:
                return value
            low = 1
            high = 24
            expected = "or the number of a pin"
        expected = "a text in double quotes, %d to %d bytes, %s" % (low, high, expected)
        if isinstance(value, str):
            if not flags & _SECRET:
                value = value.replace("{id}", device)
            data = value.encode()
            good = low <= len(data) <= high
            for c in data:
                if not first <= c <= last or c in refused:
                    good = False
            if kind == _FILTER:
                for level in data.split(b"/"):
                    if (b"+" in level or b"#" in level) and len(level) > 1 or b"#" in data[:-1]:
                        good = False
            if kind == _HOST and good:
                good = data[0] not in b"-." and data[-1] != 45
            if kind == _PATH and good:
                if value[0] != "/":
                    value = folder + value
                expected = "a file of 1 to 10240 bytes"
                try:
                    good = 0 < os.stat(value)[6] <= 10240
                except OSError:
                    good = False
            if good:
                return value if kind < _AT else data
    raise ValueError(expected)


def _together(cfg):
    """What no key can say alone and must not reach a module. (`tools.run --check` tells more.)"""
    broker = cfg["broker"]
    tls = cfg["tls"]
    pins = cfg["pins"]
    if broker["port"] is None:
        broker["port"] = 8883 if broker["tls"] else 1883
    if broker["tls"] and tls["verify"] == "ca" and tls["ca"] is None:
        raise ValueError("tls.ca", "the CA's file")
    # An old version is a word for the weakest level; beside another it contradicts it.
    old = tls["version"] != "1.2"
    if tls["level"] is None:
        tls["level"] = "legacy" if old else "compatible"
    if old and tls["level"] != "legacy":
        raise ValueError("tls.version", "1.2, or tls.level legacy")
    if tls["level"] == "modern" and tls["verify"] == "none":
        raise ValueError("tls.verify", "ca, or tls.level compatible")
    if (tls["cert"] is None) != (tls["key"] is None):
        raise ValueError("tls.key", "tls.cert and tls.key together")
    if cfg["modem"]["sleep"] and pins["dtr"] is None and pins["control"] is None:
        raise ValueError("modem.sleep", "pins.dtr to be wired")
