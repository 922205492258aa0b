"""`python -m tools.board`: what it says, and the flash that it keeps."""

import signal
import subprocess
import sys
from queue import Queue
from threading import Thread

import pytest

from tests_host.conftest import ROOT
from tools.board import Board, BoardError, storage
from tools.board.__main__ import main
from tools.board.profile import functions

LIMIT_S = 30


class Command:
    """The command as a process; leaving ends it by Ctrl-C."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.board", "--lines", *map(str, args)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def until(self, wanted):
        """The lines up to the one with `wanted`."""
        found = [self.lines.get(timeout=LIMIT_S)]
        while wanted not in found[-1]:
            found.append(self.lines.get(timeout=LIMIT_S))
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(LIMIT_S) == 0


def test_its_flash_is_there_again(image, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "main.py").write_text(
        "try: n = int(open('n').read())\nexcept OSError: n = 0\n"
        "f = open('n', 'w'); f.write(str(n + 1)); f.close(); print('start', n)\n"
    )
    where = ["--image", image, "--modem", "none", "--dir", tmp_path]
    with Command(*where, "--files", tmp_path / "files") as command:
        assert command.until("usb: /dev/pts/")
        command.until("device start 0")
    with Command(*where) as command:
        command.until("device start 1")
    kept = (tmp_path / "flash.bin").read_bytes()
    offset, _ = storage.location(image.read_bytes())
    assert storage.read(kept[offset:])["n"] == b"2"
    with Command(*where, "--fresh") as command:
        assert not any("start" in line for line in command.until("Type"))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--image", "no/such.bin"], "make image"),
        (["--files", "no/such"], "no such folder"),
        (["--", "--fault", "no_such_fault"], "no_such_fault"),
    ],
)
def test_what_cannot_be(image, tmp_path, capsys, args, said):
    where = [] if "--image" in args else ["--image", str(image)]
    assert main([*where, "--dir", str(tmp_path), *args]) == 1
    assert said in capsys.readouterr().err


def test_the_profile_by_function(image):
    with Board(image, files={}) as board:
        board.exec("pass")
        board.profile()
        board.exec("for i in range(3000): pass")
        found = functions(board.profile(False), image.with_suffix(".elf"))
    assert found[0][0] == "mp_execute_bytecode"
    assert found[0][1] > 0.3 * sum(us for _, us in found)


def test_a_profile_needs_an_elf(image):
    with pytest.raises(BoardError, match="no ELF"):
        functions({1: 1}, image)
