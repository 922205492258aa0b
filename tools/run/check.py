"""A configuration as strictly as a PC can look at it, before a board gets it.

The board's own check comes last, so what is good here is good there. Before it: strict JSON with
the line of each mistake, what only matters in common, and files that modules take. After it: the
key that was probably meant, and what the key means.
"""

import difflib
import re
from pathlib import Path

from uplink import modems
from uplink.app import config
from uplink.errors import ConfigError
from uplink.modems import policy

from . import jsontext, table

# The suites of modules whose suites do not depend on their firmware.
_LEVELS = ("modern", "compatible", "legacy")
_DER = b"0"  # a SEQUENCE
_PEM = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----\s")


def load(path, values=None):
    """The checked configuration of the file, with {dotted key: value} of `values` put into it.

    `ConfigError` names the file, the line, the key, what was expected, and how to mend it.
    """
    path = str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(path, "the file", f"to be readable ({error.strerror})") from None
    return parse(data, path, path[: path.rfind("/") + 1], values)


def parse(data, file="uplink.json", folder="", values=None):
    """The same for the text `data`; `folder` (with its /) holds its files."""
    if len(data) > config._LARGEST:
        raise ConfigError(file, "the file", f"at most {config._LARGEST} bytes")
    lines = {}
    try:
        raw = jsontext.read(data, lines)
    except jsontext.JSONError as error:
        raise ConfigError(file, f"line {error.line}", error.expected) from None
    try:
        if isinstance(raw, dict):
            put(raw, values or {})
        cfg = config.check(raw, folder)
        _together(cfg)
    except ValueError as error:
        key, expected = error.args[:2]
        where = f"line {lines[key]}: {key}" if key in lines else key
        raise ConfigError(file, where, expected + _hint(key)) from None
    # The board reads it with its own reader, within its own limit.
    if not values:
        config.parse(data, file, folder)
    return cfg


def put(raw, values):
    """Put {dotted key: value} into the values of a file."""
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        at = raw.setdefault(section, {}) if section else raw
        if isinstance(at, dict):
            at[name] = value


def _hint(key):
    known = {row.key: row for row in table.rows()}
    if key in known:
        return f" ({known[key].meaning})"
    keys = set(known)
    for name in known:
        while "." in name:
            name = name.rpartition(".")[0]
            keys.add(name)
    if key in keys or key == "the file":
        return ""
    last = key.rpartition(".")[2]
    # The right name in the wrong section, or one that is written nearly so.
    near = [name for name in sorted(keys) if name.rpartition(".")[2] == last]
    near += difflib.get_close_matches(key, sorted(keys), n=1, cutoff=0.7)
    return f": did you mean {near[0]}?" if near else ""


def _together(cfg):
    """What the values must be together, beyond what the board asks for its own safety."""
    broker, tls, outbox, backoff = (cfg[name] for name in ("broker", "tls", "outbox", "backoff"))
    for wrong, key, expected in (
        (
            broker["password"] is not None and broker["user"] is None,
            "broker.user",
            "a user name where there is a password: MQTT 3.1.1, 3.1.2.9",
        ),
        (
            not broker["client_id"] and not broker["clean"],
            "broker.client_id",
            "a client id, or broker.clean true: MQTT 3.1.1, 3.1.3.1",
        ),
        (
            tls["cert"] is not None and not broker["tls"],
            "broker.tls",
            "true: tls.cert cannot be used without TLS",
        ),
        (
            tls["key"] is not None and tls["key"] in (tls["cert"], tls["ca"]),
            "tls.key",
            "another file than tls.cert and tls.ca",
        ),
        (
            outbox["inflight"] > outbox["messages"],
            "outbox.inflight",
            f"at most outbox.messages, {outbox['messages']}",
        ),
        (
            backoff["first_s"] > backoff["max_s"],
            "backoff.first_s",
            f"at most backoff.max_s, {backoff['max_s']}",
        ),
    ):
        if wrong:
            raise ValueError(key, expected)
    for name in ("will", "birth"):
        message = broker[name]
        if message and len(message["topic"]) + len(message["payload"]) + 16 > outbox["bytes"]:
            raise ValueError(f"broker.{name}.payload", "to fit into outbox.bytes")
    for name in ("ca", "cert", "key"):
        if tls[name] is None:
            continue
        data = Path(tls[name]).read_bytes()
        der = data[:1] == _DER and takes_der(cfg["modem"]["type"])
        if not der and not _PEM.search(data):
            raise ValueError(
                f"tls.{name}",
                "a PEM file: text with a line -----BEGIN …; DER is for Telit's 3G and 4G modules "
                "up to platform 25, named in modem.type",
            )
        fits(cfg["modem"]["type"], name, data)
    if modems.load(cfg["modem"]["type"]) is None:
        raise ValueError(
            "modem.type", '"auto", "sim7000", "m10", "m66", "m85", "m95" or a Telit product'
        )
    if broker["tls"]:
        _level(cfg["modem"]["type"], tls["level"])
    _pins(cfg)


def takes_der(module):
    """Whether the commands of a `modem.type` (bytes) can say that certificates are in DER."""
    platform = _telit(module)
    return platform is not None and platform.formats


def fits(module, name, data):
    """ValueError where a file of `tls` (its key there, its bytes) is longer than what a Telit that
    `modem.type` names keeps of one (6.5 of its guide). The others' limits are the board's own.
    """
    platform = _telit(module)
    size = len(data.replace(b"\r\n", b"\n"))
    if platform is not None and size > platform.largest:
        raise ValueError(
            f"tls.{name}",
            f"at most {platform.largest:,} bytes, which is what this module keeps of a file (a "
            f"shorter chain, or a smaller key); it has {size:,}",
        )


def _telit(module):
    """The platform of a Telit that `modem.type` names, or None."""
    from tools.modem.pages.telit_platforms import PLATFORMS, PRODUCTS  # (the virtual modem)

    named = module.decode().lower()
    found = [one for one in PRODUCTS if named.startswith(one)]
    return PLATFORMS[PRODUCTS[max(found, key=len)][0]] if found else None


def _level(module, level):
    """A level that the module has no suite for. (Which a Telit has, its firmware tells.)"""
    text = getattr(modems.load(module), "SUITES", None)
    if text is None or text.startswith(b"#") or policy.place(text, 0, level, 0) >= 0:
        return
    works = [other for other in _LEVELS if policy.place(text, 0, other, 0) >= 0]
    raise ValueError(
        "tls.level",
        f"{' or '.join(works)}: {module.decode()} modules have no suite for {level}",
    )


def _pins(cfg):
    """Two lines on one pin of the board."""
    taken = {}
    for row in table.rows():
        if row.kind in (config._GPIO, config._PIN):
            section, _, name = row.key.partition(".")
            pin = cfg[section][name]
            pin = pin["pin"] if isinstance(pin, dict) else pin
            if pin is not None and taken.setdefault(pin, row.key) != row.key:
                raise ValueError(row.key, f"another pin than that of {taken[pin]}")
