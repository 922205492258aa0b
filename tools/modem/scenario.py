"""Faults from the command line and from scenario files."""

import json
import tomllib
from pathlib import Path

from .fault_list import FAULTS
from .faults import Faults
from .options import ModemError


def parse_fault(text):
    """`NAME[=args][@when]` of the command line: (name, args, when) for `Faults.plan`.

    args: `value` for the first argument, or `key:value,key:value`. when: seconds, `every:SECONDS`
    or `after:COMMAND[#nth]`.
    """
    text, _, when_text = text.partition("@")
    name, _, args_text = text.partition("=")
    if name not in FAULTS:
        raise ModemError(f"no fault {name!r}; there are: {', '.join(FAULTS)}")
    keys = list(FAULTS[name][0])
    args = {}
    for i, part in enumerate(args_text.split(",") if args_text else ()):
        key, colon, value = part.partition(":")
        if not colon:
            if i >= len(keys):
                raise ModemError(f"fault {name} takes {len(keys)} arguments: {keys}")
            key, value = keys[i], part
        args[key] = value
    when = {}
    if when_text:
        try:
            if when_text.startswith("every:"):
                when["every_s"] = float(when_text[6:])
            elif when_text.startswith("after:"):
                command, _, nth = when_text[6:].partition("#")
                when["after_command"] = command
                when["nth"] = int(nth or 1)
            else:
                when["at_s"] = float(when_text)
        except ValueError:
            raise ModemError(
                f"fault {name}: @{when_text} is neither seconds, every:SECONDS nor after:COMMAND"
            ) from None
    return name, Faults.check(name, args), when


def load_scenario(path):
    """Read a JSON or TOML scenario: a list (TOML: tables `[[fault]]`) of
    {at_s | every_s | after_command [, nth], fault, args}; returns arguments for `Faults.plan`."""
    path = Path(path)
    try:
        text = path.read_text()
        data = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise ModemError(f"{path}: {error}") from None
    if isinstance(data, dict):
        data = data.get("fault", data.get("faults"))
    if not isinstance(data, list):
        raise ModemError(f"{path}: a list of faults expected")
    found = []
    for i, entry in enumerate(data):
        extra = set(entry) - {"at_s", "every_s", "after_command", "nth", "fault", "args"}
        if extra or "fault" not in entry:
            raise ModemError(
                f"{path}: entry {i}: {sorted(extra) or 'no fault'}; expected fault, args and one "
                "of at_s, every_s, after_command"
            )
        when = {
            key: entry[key] for key in ("at_s", "every_s", "after_command", "nth") if key in entry
        }
        found.append((entry["fault"], Faults.check(entry["fault"], entry.get("args", {})), when))
    return found
