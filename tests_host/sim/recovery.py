"""`python -m tests_host.sim.recovery [m95]`: how long each fault keeps it from publishing.

For every fault of the list, in simulated time: seconds from the end of the fault until the broker
has a message that was accepted after it, and the rungs of the recovery ladder that were used.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from tests_host.sim.bound import bound_s  # noqa: E402
from tests_host.sim.broker import Broker  # noqa: E402
from tests_host.sim.cases import cases  # noqa: E402
from tests_host.sim.world import World, configuration  # noqa: E402
from uplink import log  # noqa: E402

RUNGS = ("retry", "reopen", "data", "register", "radio", "reset", "power", "wait")


def measure(name, args, seed=1, module="sim7000"):
    """(seconds, rungs used, messages missing) for one fault; a message every 2 s."""
    cfg = configuration(modem={"type": module})
    world = World(cfg, seed=seed, broker=Broker(judge_keepalive=False))
    assert world.run(200, lambda: world.mqtt.connected)
    for _ in range(5):
        world.publish(1)
        world.run(2)
    world.vm.fault(name, **args)
    end = world.now_s + args.get("for_s", 0)
    while world.now_s < end:
        world.publish(1)
        world.run(2)
    first = world.number + 1
    start = world.now_s
    bound = bound_s(world.cfg)
    while world.now_s - start < bound:
        world.publish(1)
        world.run(2)
        arrived = [int(p) for p in world.arrived() if p.isdigit()]
        if arrived and max(arrived) >= first:
            break
    took = world.now_s - start
    world.vm.fault("none")
    world.run(bound, lambda: not world.missing())
    counters = world.modem.counters()
    used = {rung: counters[rung] for rung in RUNGS if counters[rung]}
    return took, used, len(world.missing())


def main(module="sim7000"):
    """Print the table."""
    log.sink = lambda *line: None
    worst = 0.0
    cfg = configuration(modem={"type": module})
    print(f"{'fault':<26} {'arguments':<34} {'s':>6}  rungs used")
    for name, args in cases(module):
        took, used, missing = measure(name, args, module=module)
        worst = max(worst, took)
        shown = ", ".join(f"{k}={v}" for k, v in args.items())
        rungs = ", ".join(f"{k} {v}" for k, v in used.items()) or "none"
        lost = f"  {missing} altered on the wire" if missing else ""
        print(f"{name:<26} {shown:<34} {took:>6.0f}  {rungs}{lost}")
    print(f"longest {worst:.0f} s; the ladder's bound is {bound_s(cfg):.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
