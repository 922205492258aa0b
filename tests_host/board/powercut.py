"""`python -m tests_host.board.powercut IMAGE -n 200`: cut the board's power at random moments.

Each cut falls into one of `PHASES`; the module, which has a supply of its own, goes on or loses
its power with the board. After each the device must publish again, acknowledged, within `LIMIT_S`.
"""

import argparse
import random
import sys
import time
from itertools import islice

from tests_host.board.rig import Rig, configuration

PHASES = ("start", "modem", "upload", "publish", "flash")
# From power back to a published message: about 22 s, and 900 s more where five starts in a row
# were cut off before they had reached the broker (safe mode's pause).
LIMIT_S = 1400

# The ready-made application, and beside it one that writes to flash every second.
MAIN = b"""
import os
from uplink import App

app = App("uplink.json")

@app.task
async def diary():
    n = 0
    while True:
        n += 1
        with open("diary.new", "w") as f:
            f.write(str(n) * 200)
        os.rename("diary.new", "diary")
        await app.loop.sleep_ms(1000)

app.run()
"""


class Failed(AssertionError):
    """The device did not publish again; the text tells what it last said."""


class Life:
    """One device and the cuts that it suffers, all from `seed`."""

    def __init__(self, image, seed, say=None):
        self.seed = seed
        self.say = say or (lambda line: None)
        self.rng = random.Random(seed)
        # reports every second, so that publishing is never far away
        config = configuration(telemetry={"interval_s": 2}, broker={"keepalive_s": 60})
        self.rig = Rig(image, seed=seed, main=MAIN, config=config, judge_keepalive=False)
        self.cuts = []  # (phase, µs since power came, µs until it published again)

    def run(self, cuts):
        """Raises `Failed`."""
        with self.rig as rig:
            started = 0
            for _ in range(cuts):
                phase = self.rng.choice(PHASES)
                self._reach(phase)
                at = rig.now_us - started
                rig.cut()
                self._off()
                started = rig.now_us
                rig.power()
                seen = len(rig.arrived())
                if not rig.run_until(lambda seen=seen: len(rig.arrived()) > seen, LIMIT_S):
                    raise Failed(
                        f"seed {self.seed}, cut {len(self.cuts) + 1} in {phase}, {at / 1e6:.6f} s "
                        f"after power: nothing published in {LIMIT_S} s\n{rig.text[-1500:]}"
                    )
                self.cuts.append((phase, at, rig.now_us - started))
                self.say(
                    f"{phase:8} cut {at / 1e6:7.3f} s after power, "
                    f"publishing again {(rig.now_us - started) / 1e6:6.1f} s later"
                )
                if self.rng.random() < 0.5:
                    # from here, or from the beginning
                    rig.run_ms(self.rng.random() * 3000)
                else:
                    rig.cut()
                    self._off()
                    started = rig.now_us
                    rig.power()
        return self.cuts

    def _reach(self, phase):
        """Let time pass until somewhere in `phase`."""
        rig, rng = self.rig, self.rng
        if phase == "start":
            rig.run_us(rng.random() * 1_500_000)
        elif phase == "modem":
            rig.run_us(rng.random() * 22_000_000)
        elif phase == "upload":
            rig.modem.files.files.clear()
            rig.cut()
            rig.run_ms(200)
            rig.power()
            rig.run_until(lambda: self._heard("AT+CFSWFILE"), 60)
            rig.run_us(rng.random() * 1_000_000)
        elif phase == "publish":
            rig.run_until(lambda: self._heard("AT+CASEND"), 60)
            rig.run_us(rng.random() * 300_000)
        elif phase == "flash":
            rig.run_us(rng.random() * 3_000_000)
            end = rig.now_us + 3_000_000
            while not rig.state["busy"] and rig.now_us < end:
                rig.run_us(200)
            rig.run_us(rng.random() * 5_000)

    def _heard(self, command):
        """Whether the module has just been given `command`."""
        since = self.rig.now_us - 20_000
        return any(
            entry[1] == "*" and entry[0] >= since and command in entry[2]
            for entry in islice(reversed(self.rig.modem.log), 8)
        )

    def _off(self):
        """Without power for a while; the module's may be gone with it."""
        rig = self.rig
        both = self.rng.random() < 0.5
        if both:
            rig.modem.power.brown_out()
        rig.run_ms(self.rng.choice((5, 200, 3000)))
        if both:
            rig.modem.power.supply_back()


def main(argv=None):
    """Returns the exit status."""
    p = argparse.ArgumentParser(prog="python -m tests_host.board.powercut", description=__doc__)
    p.add_argument("image", help="uplink.bin")
    p.add_argument("-n", type=int, default=200, help="cuts in all (default %(default)s)")
    p.add_argument("--each", type=int, default=10, help="cuts of one device")
    p.add_argument("--seed", type=int, default=1)
    options = p.parse_args(argv)
    began = time.monotonic()
    done = []
    for i in range(0, options.n, options.each):
        try:
            done += Life(options.image, options.seed + i, print).run(
                min(options.each, options.n - i)
            )
        except Failed as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{len(done)} cuts, {time.monotonic() - began:.0f} s", flush=True)
    for phase in PHASES:
        back = [us / 1e6 for name, _, us in done if name == phase]
        if back:
            print(
                f"{phase:8} {len(back):4} cuts, publishing again after {max(back):.1f} s at most"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
