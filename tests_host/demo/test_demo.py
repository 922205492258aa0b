"""The demo's own way: how it starts, how it ends, and what it says then.

The firmware is a small script here that says what a device says; broker and clients are real.
"""

import contextlib
import fcntl
import io
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests_host.conftest import ROOT
from tools.demo import __main__ as command, broker, device, show
from tools.demo.children import ChildError
from tools.demo.show import Demo, Failed
from tools.demo.view import Plain

# Publishes with the device's own certificate, and says what the firmware says.
PUBLISHER = """
import json, subprocess, sys
cfg = json.load(open("uplink.json"))
b, t = cfg["broker"], cfg["tls"]
acked = 0
print("info app start of", cfg["id"], flush=True)
for n in range(int(sys.argv[1])):
    subprocess.run(["mosquitto_pub", "-h", b["host"], "-p", str(b["port"]), "-i", cfg["id"],
        "--cafile", t["ca"], "--cert", t["cert"], "--key", t["key"], "-q", "1",
        "-t", "devices/%s/telemetry" % cfg["id"], "-m", '{"n":%d}' % n], check=True)
    acked += int(sys.argv[2])
    print("info app acknowledged", acked, flush=True)
sys.stdin.read() if len(sys.argv) < 4 else sys.exit(int(sys.argv[3]))
import signal; signal.pause()
"""


def still_running(folder):
    """Command lines of processes that name `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            text = path.read_bytes()
            if str(folder).encode() in text:
                found.append(text.replace(b"\0", b" ").decode())
    return found


def options(tmp_path, *firmware, n=2, limit=30):
    return SimpleNamespace(
        n=n,
        limit=limit,
        interval=1,
        scale=0.1,
        fault=[],
        scenario=None,
        modem="sim7000",
        folder=tmp_path / "demo",
        firmware=[sys.executable, "-c", *map(str, firmware)],
    )


def run(options, late=None):
    """Run a demo; what it printed. Its time is up as soon as `late(demo)`."""
    out = io.StringIO()
    demo = Demo(options, lambda progress: Plain(progress, out), clock=lambda: 0)
    if late is not None:
        demo.clock = lambda: 1e6 if late(demo) else 0
    demo.run()
    return out.getvalue()


def test_it_ends_when_n_have_come_and_are_acknowledged(tmp_path):
    out = run(options(tmp_path, PUBLISHER, 2, 1))
    assert "received 2 telemetry messages, the device counts 2 acknowledged publishes" in out
    assert 'watcher | devices/demo-7/telemetry {"n":1}' in out
    flash = tmp_path / "demo" / "device"
    assert {path.name for path in flash.iterdir()} >= {
        *("boot.py", "main.py", "uplink.json", "ca.crt", "device.crt", "device.key"),
    }
    assert (tmp_path / "demo" / "log" / "broker.log").exists()


def test_received_but_not_acknowledged_is_no_success(tmp_path):
    with pytest.raises(Failed, match="not done after 30 s.*received 2, acknowledged 0"):
        run(options(tmp_path, PUBLISHER, 2, 0), late=lambda demo: demo.progress.telemetry == 2)


def test_a_firmware_that_ends_is_told_with_its_last_lines(tmp_path):
    with pytest.raises(Failed, match="device ended with status 3(?s:.*)acknowledged 1"):
        run(options(tmp_path, PUBLISHER, 1, 1, 3))


def test_a_board_that_resets_is_started_again_but_not_for_ever(tmp_path):
    with pytest.raises(Failed, match="device ended with status 75"):
        run(options(tmp_path, "import sys; print('x'); sys.exit(75)"))


def test_the_stage_that_is_missing_is_named(tmp_path):
    code = "print('waiting', flush=True); import signal; signal.pause()"
    with pytest.raises(Failed, match="power is missing(?s:.*)last lines:(?s:.*)waiting"):
        run(
            options(tmp_path, code),
            late=lambda demo: demo.device is not None and "waiting" in demo.device.child.tail,
        )


def test_a_broker_that_cannot_start_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(broker, "_CONFIG", "nonsense here {user}{port}{ca}{cert}{key}\n")
    with pytest.raises(Failed, match="broker ended with status"):
        run(options(tmp_path, "pass"))


def test_nobody_without_a_certificate_is_let_in(tmp_path):
    """The broker demands client certificates: what the demo shows is not a formality."""
    code = """
import json, subprocess
cfg = json.load(open("uplink.json"))
b, t = cfg["broker"], cfg["tls"]
done = subprocess.run(["mosquitto_pub", "-h", b["host"], "-p", str(b["port"]), "--cafile", t["ca"],
    "-t", "x", "-m", "y"], capture_output=True, text=True)
print("refused" if done.returncode else "LET IN")
"""
    with pytest.raises(Failed, match="status 0(?s:.*)refused"):
        run(options(tmp_path, code))


def test_a_missing_broker_is_named_with_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *a, **k: None)
    with pytest.raises(ChildError, match="apt-get install mosquitto"):
        run(options(tmp_path, "pass"))


def test_two_demos_do_not_share_a_folder(tmp_path):
    chosen = options(tmp_path, "pass")
    chosen.folder.mkdir()
    with open(chosen.folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Failed, match="another demo"):
            run(chosen)


def test_the_command_ends_with_a_sentence_and_leaves_nothing_behind(tmp_path):
    argv = [sys.executable, "-m", "tools.demo", "-n", "1", "--limit", "3", "--scale", "0.1"]
    argv += ["--dir", str(tmp_path / "demo")]
    argv += ["--firmware", f"{sys.executable} -c 'import signal; signal.pause()'"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("demo: not done after 3 s: power is missing")
    assert still_running(tmp_path) == []


@pytest.mark.parametrize(("n", "status"), [([], 0), (["-n", "1"], 130)])
def test_ctrl_c(tmp_path, n, status):
    argv = [sys.executable, "-m", "tools.demo", *n, "--limit", "50", "--scale", "0.1"]
    argv += ["--dir", str(tmp_path / "demo"), "--plain"]
    argv += ["--firmware", f"{sys.executable} -c 'import signal; signal.pause()'"]
    process = subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout:
        if "firmware started" in line:
            process.send_signal(2)
            break
    rest = process.communicate(timeout=30)[0]
    assert process.returncode == status and rest.endswith("demo: ended by Ctrl-C\n")
    assert still_running(tmp_path) == []


def test_the_devices_configuration_is_one_that_the_firmware_takes(tmp_path):
    from tools.certs import Authority
    from uplink import config

    authority = Authority.create(tmp_path / "ca")
    broker.certificates(authority, show.DEVICE)
    raw = device.configuration(show.DEVICE, "/dev/pts/1", "/dev/pts/2", "localhost", 8883, 3)
    flash = device.lay_out(tmp_path / "device", authority, raw)
    cfg = config.load(str(flash / "uplink.json"))
    assert cfg["broker"]["tls"] and cfg["tls"]["verify"] == "ca" and cfg["tls"]["check_dates"]
    assert cfg["telemetry"]["interval_s"] == 3 and cfg["telemetry"]["qos"] == 1
    assert cfg["broker"]["client_id"] == b"demo-7"


@pytest.mark.parametrize("argv", [["-n", "0"], ["-n", "x"], ["--scale", "0"], ["--scale", "1000"]])
def test_options_that_are_refused(argv, capsys):
    with pytest.raises(SystemExit):
        command.parser().parse_args(argv)
    assert "error" in capsys.readouterr().err


def test_a_view_for_a_pipe_is_plain():
    from tools.demo import view

    assert isinstance(view.choose(show.Progress("x"), False), Plain)


def test_the_live_view_draws_every_state():
    pytest.importorskip("rich")
    from rich.console import Console

    from tools.demo.view import Live

    progress = show.Progress("demo-7")
    live = Live(progress)
    live.console = Console(file=io.StringIO(), width=120, height=30, force_terminal=True)
    for text in ("plain", "[bold]not markup[/bold]", "\x1b[31mred", "é" * 300):
        for source in ("device", "modem", "broker", "watcher", "operator"):
            live.lines.get(source, live.lines["broker"]).append(text)
    live.notes.append("a note")
    live.console.print(live._picture())
    shown = live.console.file.getvalue()
    assert "[bold]not markup[/bold]" in shown and "a note" in shown and "power …" in shown
