"""The README's table of every key of `uplink.json`, made from the table that checks them."""

import sys
from pathlib import Path

_LIB = str(Path(__file__).resolve().parents[2] / "lib")
if _LIB not in sys.path:
    sys.path.insert(0, _LIB)

from uplink.app import keys  # noqa: E402

_KINDS = {
    keys.INT: "number",
    keys.BOOL: "true, false",
    keys.RATE: "number",
    keys.GPIO: "pin",
    keys.PIN: "pin, or `{…}`",
    keys.HOST: "host",
    keys.TOPIC: "topic",
    keys.FILTER: "topic filter",
    keys.PATH: "file",
    keys.DEVICE: "path",
    keys.DIGITS: "digits",
    keys.ID: "name",
}


def _allowed(kind, low, high, unit):
    """Type and range of a row."""
    if kind in (keys.WORD, keys.SYMBOL):
        return ", ".join(f"`{word}`" for word in low)
    text = _KINDS.get(kind, "text")
    if kind == keys.RATE:
        return f"{', '.join(map(str, low))} {unit}"
    if kind == keys.INT:
        return f"{low} to {high}" + (f" {unit}" if unit else "")
    if high:
        return f"{text}, {low} to {high} {'digits' if kind == keys.DIGITS else 'bytes'}"
    return text


def _default(row):
    value = row[2]
    if value is ...:
        return "**required**"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"`{value}`" if value != "" else "empty"


def markdown():
    """The table, one line a key."""
    lines = ["| key | type and range | default | meaning |", "| --- | --- | --- | --- |"]
    for row in keys.KEYS:
        key, kind, _, low, high, unit, doc = row
        allowed = _allowed(kind & keys.KIND, low, high, unit)
        lines.append(f"| `{key}` | {allowed} | {_default(row)} | {doc} |")
    return "\n".join(lines)
