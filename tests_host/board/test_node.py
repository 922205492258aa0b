"""Where Node.js is missing: what is said, and that all else goes on."""

import pytest

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
