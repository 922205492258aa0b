"""How long recovery may take: the ladder's own bound, from its table and the states' limits."""

from tests_host.lib.modem_codes import RUNGS
from uplink.modem.machine import LIMITS_MS
from uplink.modems import load

POWER = 6  # the rung


def up_ms(cfg):
    """The longest way from a pulse to online when every step takes its limit."""
    vendor = load(cfg["modem"]["type"])
    pulse_ms, _, _, boot_ms, _, off_ms, pause_ms = vendor.NUMBERS[:7]
    power = off_ms * 2 + pause_ms + pulse_ms + boot_ms
    steps = [LIMITS_MS[ord(s) - 97] for s in "hjlm"]  # setup, SIM, attach, clock
    return power + sum(steps) + cfg["modem"]["register_s"] * 1000


def bound_s(cfg, rung=POWER):
    """Seconds within which a fault that `rung` cures is over: each try below it at its longest."""
    backoff_ms = cfg["backoff"]["max_s"] * 1000
    total = 0
    for _event, tries, pause_s in RUNGS[: rung + 1]:
        total += tries * (pause_s * 1000 + backoff_ms + 90_000)
    return (total + up_ms(cfg)) / 1000
