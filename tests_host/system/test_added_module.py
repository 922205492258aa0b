"""The module that is added in tests_host/sim, as programs: the firmware on MicroPython with what
is native in C, the virtual modem with the added page, Mosquitto over TLS.
"""

import runpy
import shutil
import sys

from tests_host.conftest import ROOT
from tests_host.sim.larch_page import Larch
from tests_host.system.bench import DEVICE, LIMIT_S
from tools.demo import device as devices
from tools.modem.pages import PAGES
from tools.run import firmware
from tools.setup import host

TELEMETRY = f"devices/{DEVICE}/telemetry"


def test_from_off_to_telemetry_and_commands(bench, monkeypatch):
    start = bench.family.start

    def start_with_page(name, argv, **more):
        if name == "modem":
            argv = [__name__ if arg == "tools.modem" else arg for arg in argv]
        return start(name, argv, **more)

    monkeypatch.setattr(bench.family, "start", start_with_page)
    bench.start_broker()
    bench.start_modem("--pins", on=False, kind="larch")
    flash = bench.lay_out()
    for name in ("larch.py", "added.py"):
        shutil.copy(ROOT / "tests_host/lib" / name, flash)
    # (the frozen firmware's private names are short: a table cannot be added from outside)
    monkeypatch.setenv(firmware.CHOSEN, str(ROOT / "build" / f"micropython-{host.widths()[0]}"))
    found = firmware.find()
    command = found.command("import _uplink, added\nadded.add()\n")
    bench.board = devices.Device(bench.family, flash, bench.folder / "device.log", command)
    bench.board.env = found.env
    with bench.broker.subscribe(TELEMETRY, qos=1) as watch:
        bench.board.start()
        bench.modem.wait("power: booting")
        bench.device.wait("info mqtt connected, session present: 0")
        assert len(watch.messages(3, LIMIT_S)) >= 3
        bench.broker.publish(f"devices/{DEVICE}/cmd", b'{"ping":1}', 1)
        bench.device.wait("info app command ping")
    assert bench.device.count("uploading") == 3
    assert bench.modem.count("power: booting") == 1
    assert f"as {DEVICE} (" in bench.broker.log()


if __name__ == "__main__":
    # the virtual modem as a program, which knows this page too
    PAGES["larch"] = Larch
    sys.argv[0] = "modem"
    runpy.run_module("tools.modem", run_name="__main__")
