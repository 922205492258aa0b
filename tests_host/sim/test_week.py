"""A simulated week: telemetry each minute, a fault every few hours, no growth, no stuck state."""

import gc
import random
import sys

import pytest

from tests_host.sim.bound import bound_s
from tests_host.sim.broker import Broker
from tests_host.sim.cases import ONE, cases
from tests_host.sim.world import TOPIC, World, configuration
from tools.modem.options import Options
from uplink import log

DAY_S = 86_400
DAYS = 7


class Ledger:
    """Counts numbered messages at the broker without keeping them."""

    def __init__(self):
        self.seen = bytearray(DAYS * 1440 + 1000)
        self.arrivals = 0

    def __call__(self, published):
        payload = bytes(published.payload)
        if bytes(published.topic) == TOPIC and payload.isdigit() and int(payload) < len(self.seen):
            self.seen[int(payload)] = 1
            self.arrivals += 1

    def missing(self, accepted):
        """How many of those accepted have not arrived."""
        return sum(1 for a, s in zip(accepted, self.seen, strict=True) if a and not s)


@pytest.mark.parametrize(
    ("module", "sleep", "days"),
    [("sim7000", False, DAYS), ("sim7000", True, DAYS), *((one, True, DAYS) for one in ONE[1:])],
)
def test_week(monkeypatch, module, sleep, days):
    monkeypatch.setattr(log, "sink", lambda *line: None)
    seed = 7
    print("seed", seed)
    rng = random.Random(seed)
    ledger = Ledger()
    broker = Broker(judge_keepalive=False, on_published=ledger)
    world = World(
        configuration(modem={"type": module, "sleep": sleep}),
        seed=seed,
        broker=broker,
        options=Options(log_limit=500),
        start_ms=(1 << 30) - 3_600_000,  # the clock wraps in the first hour
    )
    assert world.run(300, lambda: world.mqtt.connected)
    longest = bound_s(world.cfg)
    accepted = bytearray(len(ledger.seen))
    next_fault = 3600.0
    sizes = []
    silent_since = world.now_s
    worst = 0.0
    last = 0
    for minute in range(days * 1440):
        if world.publish(1):
            accepted[world.number] = 1
        world.accepted.clear()
        if world.now_s >= next_fault:
            name, args = rng.choice(cases(module))
            if name == "urc_anywhere":
                args = {**args, "for_s": 1800}  # (the others end by themselves)
            world.vm.fault(name, **args)
            next_fault = world.now_s + rng.uniform(2, 5) * 3600
        world.run(60)
        if ledger.arrivals != last:
            last = ledger.arrivals
            silent_since = world.now_s
        worst = max(worst, world.now_s - silent_since)
        assert worst < longest, (minute, world.modem.state, world.modem.counters())
        if minute % 1440 == 1439:
            gc.collect()
            sizes.append(sys.getallocatedblocks())
    world.vm.fault("none")
    world.run(longest, lambda: not ledger.missing(accepted))
    missing = ledger.missing(accepted)
    print(
        f"{sum(accepted)} accepted of {world.number}, {ledger.arrivals} arrivals, "
        f"{missing} missing, longest silence {worst:.0f} s, blocks a day {sizes}, "
        f"{world.modem.counters()}"
    )
    damaged = sum(1 for d in world.vm.damage if d.direction == "in" and d.context == "payload")
    assert missing <= damaged
    assert sum(accepted) > 0.9 * world.number
    assert not broker.violations or world.vm.damage, broker.violations[:3]
    # the first two days fill caches and logs of fixed size; after that nothing grows for good
    assert min(sizes[-2:]) - sizes[2] < 1500, sizes
