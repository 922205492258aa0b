"""`make run`: the port is made ready, the configuration is checked, errors are sentences."""

import json
import os
import subprocess
import sys
import termios

import pytest

from tests_host.conftest import ROOT
from tools.run import firmware, serial, table
from tools.run.__main__ import main
from uplink import config

FIRMWARE = ROOT / "build" / "firmware-64"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "u.json").write_text('{"id":"7","broker":{"host":"h","tls":false}}')
    return tmp_path


@pytest.fixture
def pty():
    ours, theirs = os.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_the_port_is_raw_and_at_its_rate(pty):
    fd = serial.open_raw(pty, 57600)
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = termios.tcgetattr(fd)
    os.close(fd)
    assert ispeed == ospeed == termios.B57600
    assert not lflag & (termios.ECHO | termios.ICANON | termios.ISIG)
    assert not oflag & termios.OPOST and not iflag & (termios.IXON | termios.ICRNL)
    assert cflag & termios.CLOCAL and not cflag & termios.HUPCL


def test_ports_that_cannot_be_used(tmp_path, pty):
    with pytest.raises(serial.PortError, match="plugged in"):
        serial.open_raw(str(tmp_path / "ttyUSB9"), 115200)
    (tmp_path / "file").write_text("")
    with pytest.raises(serial.PortError, match="no serial port"):
        serial.open_raw(str(tmp_path / "file"), 115200)
    with pytest.raises(serial.PortError, match="no serial port"):
        serial.open_raw("/dev/null", 115200)
    with pytest.raises(serial.PortError, match="baud"):
        serial.open_raw(pty, 12345)


def test_errors_are_sentences(folder, capsys):
    for argv, part in (
        ([], "which configuration?"),
        (["--config", str(folder / "none.json")], "readable"),
        (["--config", str(folder / "u.json")], "which serial port?"),
        (["--config", str(folder / "u.json"), "--uart", "/dev/no-such"], "plugged in"),
    ):
        assert main(argv) == 2
        error = capsys.readouterr().err
        assert error.startswith("run: ") and part in error and error.count("\n") == 1


def test_a_wrong_configuration_is_told_with_its_line(folder, capsys):
    (folder / "u.json").write_text('{"id":"7",\n"brokr":{}}')
    assert main(["--config", str(folder / "u.json"), "--check"]) == 2
    assert "u.json: line 2: brokr: expected a known key: did you mean broker?" in (
        capsys.readouterr().err
    )


def test_check(folder, capsys):
    assert main(["--config", str(folder / "u.json"), "--check"]) == 0
    assert "good, device 7" in capsys.readouterr().out


def test_the_firmware_runs_in_the_folder_of_its_configuration(folder, pty):
    """The folder's own main.py runs, and `load` gets the named file with the port put in."""
    (folder / "main.py").write_text(
        "from uplink import config\n"
        "import os\n"
        "cfg = config.load('uplink.json')\n"
        "print('GOT', cfg['uart']['device'], cfg['id'], os.getcwd())\n"
    )
    argv = [sys.executable, "-m", "tools.run", "--uart", pty, "--config", str(folder / "u.json")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert f"GOT {pty} 7 {folder}" in done.stdout and done.returncode == 0, done.stderr


def test_a_board_that_resets_is_started_again(folder, pty):
    (folder / "main.py").write_text(
        "import os, sys\n"
        "n = len([name for name in os.listdir('.') if name.startswith('run-')])\n"
        "open('run-%d' % n, 'w').close()\n"
        "sys.exit(75 if n < 2 else 4)\n"
    )
    argv = [sys.executable, "-m", "tools.run", "--uart", pty, "--config", str(folder / "u.json")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4 and done.stdout.count("the board restarts") == 2


def test_without_a_micropython_it_says_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.setattr(firmware, "ROOT", tmp_path)
    monkeypatch.setattr(firmware.shutil, "which", lambda name: None)
    monkeypatch.delenv(firmware.CHOSEN, raising=False)
    with pytest.raises(firmware.NoFirmware, match="make setup"):
        firmware.find()
    monkeypatch.setenv(firmware.CHOSEN, str(tmp_path / "none"))
    with pytest.raises(firmware.NoFirmware, match="no such program"):
        firmware.find()


def test_a_plain_micropython_gets_lib_and_more_heap(monkeypatch, tmp_path):
    monkeypatch.setattr(firmware, "ROOT", tmp_path)
    monkeypatch.setattr(firmware.shutil, "which", lambda name: sys.executable)
    found = firmware.find()
    assert found.env["MICROPYPATH"].startswith(f"{tmp_path}/lib")
    assert f"heapsize={firmware.HEAP_FROM_SOURCE}" in found.command()


def test_the_readme_has_the_table_as_the_code_has_it():
    readme = (ROOT / "README.md").read_text()
    assert table.markdown() in readme, "put `python -m tools.run --config-table` into README.md"


def test_the_example_configuration_is_a_good_one(tmp_path):
    text = (ROOT / "uplink.example.json").read_text()
    raw = json.loads(text)
    for name in ("ca", "cert", "key"):
        (tmp_path / raw["tls"][name]).write_text(f"-----BEGIN {name}-----\n")
    cfg = config.parse(text.encode(), "uplink.example.json", f"{tmp_path}/")
    assert cfg["tls"]["verify"] == "ca" and cfg["broker"]["port"] == 8883
    assert cfg["broker"]["client_id"] == b"device-7"
