"""What a pin of the configuration says."""

from ..errors import ConfigError

# The lines between host and module. A host's output is `asserted` when the module's line is
# low; STATUS is high while the module is on.
OUTPUTS = ("pwrkey", "dtr", "reset")
INPUTS = ("status",)


def pin_of(cfg, name):
    """(pin, active_low) of `cfg["pins"][name]`; pin is None where it is not wired.

    A bare number or name is a direct connection: the host's level is the module's level. A
    transistor between them turns the level round: `{"pin": 5, "active": "high"}` for an
    output that pulls the line low with a high level, `{"pin": 6, "active": "low"}` for a
    STATUS that arrives inverted.
    """
    value = (cfg.get("pins") or {}).get(name)
    output = name in OUTPUTS
    if not isinstance(value, dict):
        return value, output
    active = value.get("active", "low" if output else "high")
    if isinstance(active, bytes):
        active = active.decode()
    if active in ("low", "high"):
        return value["pin"], active == "low"
    raise ConfigError("uplink.json", "pins.%s.active" % name, '"high" or "low"')
