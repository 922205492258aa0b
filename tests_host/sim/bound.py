"""How long recovery may take: the ladder's own bound, from its table and the states' limits."""

from uplink.modem import ladder, machine, states
from uplink.modems import sim7000

LIMITS = dict(machine._LIMITS)


def up_ms(cfg, vendor=sim7000):
    """The longest way from a pulse to online when every step takes its limit."""
    power = vendor.OFF_MS * 2 + vendor.OFF_PAUSE_MS + vendor.PULSE_ON_MS + vendor.BOOT_MS
    steps = (states.SETUP, states.SIM, states.ATTACH, states.CLOCK)
    return power + sum(LIMITS[s] for s in steps) + cfg["modem"]["register_s"] * 1000


def bound_s(cfg, rung=ladder.POWER):
    """Seconds within which a fault that `rung` cures is over: each try below it at its longest."""
    backoff_ms = cfg["backoff"]["max_s"] * 1000
    total = 0
    for _event, tries, pause_ms in ladder.RUNGS[: rung + 1]:
        total += tries * (pause_ms + backoff_ms + 90_000)
    return (total + up_ms(cfg)) / 1000
