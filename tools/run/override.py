"""The firmware reads another file than it asks for, with values put in: for runs on this PC."""

# Runs before boot.py. `config` checks by its own `check`, which App and `parse` look up by name.
_SOURCE = """\
from uplink import config
def _override(file, values, load=config.load, check=config.check):
    def put(raw, folder=""):
        if isinstance(raw, dict):
            for key in values:
                cut = key.rfind(".")
                at = raw.setdefault(key[:cut], {{}}) if cut >= 0 else raw
                if isinstance(at, dict):
                    at[key[cut + 1:]] = values[key]
        return check(raw, folder)
    config.check = put
    config.load = lambda path: load(file)
_override({file!r}, {values!r})
"""


def source(file, values):
    """Python for the firmware: `config.load` reads `file`, with {dotted key: value} put in."""
    return _SOURCE.format(file=file, values=values)
