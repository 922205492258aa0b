"""Every fault of the virtual modem, alone and in random pairs: nothing accepted is lost.

After each fault the device publishes again within the ladder's bound; every QoS 1 message that
`publish` accepted is at the broker, every QoS 2 message exactly once, and the broker has seen no
violation of the protocol. `UPLINK_SEEDS=n` runs other numbers of seeds.
"""

import os
import random

import pytest

from tests_host.sim.bound import bound_s
from tests_host.sim.broker import Broker
from tests_host.sim.cases import CASES, ENDS, OTHERS, QUECTEL, TELIT, cases
from tests_host.sim.world import World, configuration
from tools.modem.faults import FAULTS
from uplink import log

SEEDS = int(os.environ.get("UPLINK_SEEDS", "200"))


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


def fresh(seed, module="sim7000"):
    # a silent network may make the broker wait for longer than the keepalive: not our fault
    broker = Broker(judge_keepalive=False)
    world = World(configuration(modem={"type": module}), seed=seed, broker=broker)
    assert world.run(200, lambda: world.mqtt.connected), "never connected"
    return world


def traffic(world, seconds, qos):
    """A message every 5 s for so long."""
    end = world.now_s + seconds
    while world.now_s < end:
        world.publish(qos)
        world.run(5)


def altered(world):
    """How often the wire changed a byte of payload on its way to the module.

    Nothing protects those bytes: TLS begins in the module. The message is then another one.
    """
    count = 0
    for d in world.vm.damage:
        if d.direction == "in" and d.context == "payload" and d.kind != "lose":
            count += 1
    return count


def settle(world, bound, qos):
    """Until it publishes again and all that was accepted has arrived; seconds of the former."""
    start = world.now_s
    assert world.publish(qos) or world.run(bound, lambda: world.publish(qos)), "outbox stays full"
    first = world.number
    end = start + bound

    def again():
        return any(p.isdigit() and int(p) >= first for p in world.arrived())

    while world.now_s < end and not again():
        world.run(10, again)
        world.publish(qos)  # the first may be the one that the wire alters
    assert again(), f"seed {world.seed}: not publishing again after {bound:.0f} s"
    took = world.now_s - start
    world.run(bound, lambda: not world.missing())
    return took


def check(world, qos, bound):
    took = settle(world, bound, qos)
    assert len(world.missing()) <= altered(world), (
        f"seed {world.seed}: {len(world.missing())} messages missing after {took:.0f} s, "
        f"state {world.modem.state}, {world.modem.counters()}"
    )
    if qos == 2 and not altered(world):
        arrived = world.arrived()
        assert len(arrived) == len(set(arrived)), "a QoS 2 message came twice"
    if not world.vm.damage:
        # a module that waits for payload for good, and has not said so, takes the probe for it
        seen = [v for v in world.broker.violations if world.modem.vendor.PROBE[0] not in v.packet]
        assert not seen, seen[:3]
    return took


def test_every_fault_of_the_list_is_tried():
    assert {name for name, _ in CASES + QUECTEL + TELIT} | ENDS == set(FAULTS)


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{i}-{CASES[i][0]}")
def test_one_fault(case, qos):
    one_fault(*CASES[case], 100 + case, qos)


@pytest.mark.parametrize(
    ("module", "case"), [(module, case) for module in OTHERS for case in range(len(cases(module)))]
)
def test_one_fault_of_another_module(module, case):
    one_fault(*cases(module)[case], 100 + case, 1 + case % 2, module)


def one_fault(name, args, seed, qos, module="sim7000"):
    print(name, args)
    world = fresh(seed, module)
    traffic(world, 20, qos)
    world.vm.fault(name, **args)
    traffic(world, 30 + args.get("for_s", 0), qos)
    world.vm.fault("none")
    check(world, qos, bound_s(world.cfg))


@pytest.mark.parametrize("seed", range(SEEDS // 10))
@pytest.mark.parametrize("module", OTHERS)
def test_random_pairs_of_another_module(module, seed):
    random_pairs(seed, module)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_pairs(seed):
    random_pairs(seed)


def random_pairs(seed, module="sim7000"):
    print("seed", seed)
    rng = random.Random(seed)
    world = fresh(seed, module)
    qos = rng.choice((1, 2))
    traffic(world, 10, qos)
    longest = 0
    for _ in range(2):
        name, args = rng.choice(cases(module))
        world.vm.fault(name, **args)
        longest = max(longest, args.get("for_s", 0))
        traffic(world, rng.choice((0, 1, 5, 20)), qos)
    traffic(world, longest + 20, qos)
    world.vm.fault("none")
    check(world, qos, bound_s(world.cfg))
