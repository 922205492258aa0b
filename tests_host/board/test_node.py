"""Where Node.js is missing: what is said, and that all else goes on."""

import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests_host.conftest import ROOT
from tools.board import NoNode, missing, process
from tools.setup import node, say


def test_it_is_all_here(image):
    assert missing() == ""
    assert node.ready()


def test_without_nodejs(monkeypatch):
    monkeypatch.setattr(process.shutil, "which", lambda name: None)
    assert missing().startswith("Node.js is not installed")
    with pytest.raises(NoNode, match="nodejs"):
        process.Emulator()


def test_without_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr(process, "_PACKAGE", tmp_path / "package.json")
    assert "npm ci" in missing()


def test_setting_up_goes_on_without_it(monkeypatch, capsys):
    def refuse():
        raise say.Blocked("no nodejs here")

    monkeypatch.setattr(node, "make", refuse)
    node.optional()
    assert "no nodejs here\nsetup: going on without" in capsys.readouterr().out


def test_a_nodejs_that_is_too_old(monkeypatch):
    class Done:
        stdout = "v16.20.1\n"

    monkeypatch.setattr(node.subprocess, "run", lambda *_, **__: Done)
    with pytest.raises(say.Blocked, match="v16"):
        node._check_version()


def test_the_lock_file_pins_what_the_readme_says():
    text = (node.FOLDER / "package.json").read_text()
    assert '"rp2040js": "1.4.1"' in text
    assert "resolved" not in (node.FOLDER / "package-lock.json").read_text()


def test_the_emulator_does_not_outlive_us(image):
    """Killed outright in the middle of a long run, Python takes Node.js with it."""
    script = (
        "import sys, threading, time\nfrom tools.board import Board\n"
        f"b = Board({str(image)!r}, files={{}})\nb.exec('pass')\nb.send(b'while True: pass\\r')\n"
        "print(b._emulator._process.pid, flush=True)\nb.run_ms(3600_000)\n"
    )
    process_ = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    pid = int(process_.stdout.readline())
    process_.kill()
    process_.wait()
    process_.stdout.close()
    for _ in range(500):
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return
        except OSError:
            return
        select.select([], [], [], 0.01)
    pytest.fail(f"node {pid} still runs")
