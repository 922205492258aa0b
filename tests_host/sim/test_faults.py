"""Every fault of the virtual modem, alone and in random pairs: nothing accepted is lost.

After each fault the device publishes again within the ladder's bound; every QoS 1 message that
`publish` accepted is at the broker, every QoS 2 message exactly once, and the broker has seen no
violation of the protocol. Half of the runs are over TLS.

The same for every vendor's modules. A SIM7000 has all of it; of the others a part, which is the
same in each run: `UPLINK_CAMPAIGN=all` runs all of it for all of them, `UPLINK_CAMPAIGN=m66` that
of some (names with blanks between them); `UPLINK_SEEDS=n` other numbers of seeds.
"""

import os
import random

import pytest

from tests_host.sim.bound import bound_s
from tests_host.sim.broker import Broker
from tests_host.sim.cases import CASES, ENDS, MODULES, ONE, QUECTEL, TELIT, cases
from tests_host.sim.test_vendors import PKI, TELIT_2G
from tests_host.sim.world import World, configuration
from tools.modem.faults import FAULTS
from uplink import log

SEEDS = int(os.environ.get("UPLINK_SEEDS", "200"))
CAMPAIGN = os.environ.get("UPLINK_CAMPAIGN", "")
WHOLE = MODULES if CAMPAIGN == "all" else CAMPAIGN.split()


def part(module, count):
    """Of `count` runs those that are due: all of them in a campaign and of a SIM7000."""
    if CAMPAIGN:
        return range(count if module in WHOLE else 0)
    if module == "sim7000":
        return range(count)
    # (another residue for each module: what one of them leaves out is the others' turn)
    step = 4 if module in ONE else 20
    return range(MODULES.index(module) % step, count, step)


def singles(module):
    """(case, QoS) of the faults alone; each of a vendor's first module."""
    count = len(cases(module)) * 2
    due = range(count) if module in ONE and not CAMPAIGN else part(module, count)
    return [(i // 2, 1 + i % 2) for i in due]


@pytest.fixture(scope="session")
def pkis(tmp_path_factory):
    """With a certificate of the device and without (some have no room for its key)."""
    return [PKI(tmp_path_factory.mktemp("t"), client) for client in (False, True)]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


def fresh(seed, module="sim7000", pkis=None):
    """A device that is connected; over TLS with `pkis`."""
    # a silent network may make the broker wait for longer than the keepalive: not our fault
    broker = Broker(judge_keepalive=False)
    if pkis is None:
        world = World(configuration(modem={"type": module}), seed=seed, broker=broker)
    else:
        world = pkis[module not in TELIT_2G].world(module, seed=seed, broker=broker)
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


@pytest.mark.parametrize(
    ("module", "case", "qos"),
    [(module, *one) for module in MODULES for one in singles(module)],
    ids=lambda x: str(x),
)
def test_one_fault(module, case, qos, pkis):
    name, args = cases(module)[case]
    tls = (case + qos) % 2 or name in ("tls_held", "file_corrupt", "open_silent")
    one_fault(name, args, 100 + case, qos, module, pkis if tls else None)


def one_fault(name, args, seed, qos, module="sim7000", pkis=None):
    print(name, args, "TLS" if pkis else "plain")
    world = fresh(seed, module, pkis)
    traffic(world, 20, qos)
    world.vm.fault(name, **args)
    traffic(world, 30 + args.get("for_s", 0), qos)
    world.vm.fault("none")
    check(world, qos, bound_s(world.cfg))


@pytest.mark.parametrize(
    ("module", "seed"), [(module, seed) for module in MODULES for seed in part(module, SEEDS)]
)
def test_random_pairs(module, seed, pkis):
    random_pairs(seed, module, pkis if seed // 2 % 2 else None)


def random_pairs(seed, module="sim7000", pkis=None):
    print("seed", seed, "TLS" if pkis else "plain")
    rng = random.Random(seed)
    world = fresh(seed, module, pkis)
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
