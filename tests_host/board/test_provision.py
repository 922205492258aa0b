"""A board is provisioned by the real mpremote, and then does its job."""

import json
import subprocess

import pytest

from tests_host.board.plugged import Plugged
from tests_host.board.rig import HOST, Rig, configuration, pki
from tools.provision import bundle
from tools.provision.__main__ import Provision
from tools.provision.board import Board


@pytest.fixture
def folder(tmp_path):
    """A configuration and its files on the PC."""
    for name in ("ca.crt", "device.crt", "device.key"):
        (tmp_path / name).write_bytes(pki()[name])
    values = configuration(telemetry={"interval_s": 2})
    (tmp_path / "uplink.json").write_text(json.dumps(values, indent=2))
    return tmp_path


@pytest.fixture
def stock(image, tmp_path):
    """The same image without lib/uplink: what MicroPython is before Uplink comes."""
    elf = image.parent / "without" / "uplink.elf"
    made = tmp_path / "stock.bin"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, made], check=True)
    return made


def test_provisioned_and_at_work(image, folder):
    lines = []
    with Rig(image, bare=True) as rig:
        plugged = Plugged(rig)
        files = bundle.read(folder / "uplink.json")
        Provision(Board(plugged.port.path), files, lines.append).run()
        plugged.unplug()
        assert any("it is dev7" in line for line in lines), lines
        assert any("6 of 6 by SHA-256" in line for line in lines), lines
        there = rig.files()
        assert {file.name: there[file.name] for file in files.files} == {
            file.name: file.data for file in files.files
        }
        assert "safe" not in there and not any(name.endswith(".new") for name in there)
        assert rig.run_until(lambda: len(rig.arrived()) >= 2, 120), rig.text
    assert not rig.broker.violations


def test_a_stock_micropython_gets_the_library_by_mip(stock, folder):
    lines = []
    with Rig(stock, bare=True) as rig:
        plugged = Plugged(rig)
        files = bundle.read(folder / "uplink.json")
        Provision(Board(plugged.port.path), files, lines.append).run()
        plugged.unplug()
        assert any("by mip" in line for line in lines), lines
        assert "lib/uplink/__init__.py" in rig.files()
        assert rig.run_until(lambda: len(rig.arrived()) >= 2, 120), rig.text


def test_a_second_time_sends_what_differs_and_keeps_what_was_written_there(image, folder):
    """On a running device with its watchdog on."""
    mine = b"# mine\nfrom uplink import App\nApp('uplink.json').run()\n"
    lines = []
    config = configuration(telemetry={"interval_s": 2})
    with Rig(image, main=mine, config=config) as rig:
        assert rig.run_until(lambda: rig.arrived(), 120), rig.text
        plugged = Plugged(rig)
        (folder / "uplink.json").write_text(
            json.dumps({**config, "id": "dev8", "broker": {"host": HOST, "client_id": "dev7"}})
        )
        files = bundle.read(folder / "uplink.json")
        Provision(Board(plugged.port.path), files, lines.append).run(start=False)
        plugged.unplug()
        there = rig.files()
    assert there["main.py"] == mine
    assert "main.py: the board's own is kept" in lines
    assert "ca.crt: there already, the same" in lines
    assert json.loads(there["uplink.json"])["id"] == "dev8"
    assert "safe" in there
