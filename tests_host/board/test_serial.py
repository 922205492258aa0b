"""The real mpremote on the pty of the board's USB serial port."""

import subprocess
import sys

import pytest

from tests_host.board.plugged import Plugged
from tools.board import Board

LIMIT_S = 60


class Bench(Plugged):
    """A board with a file on it, and mpremote in a folder of the PC."""

    def __init__(self, image, folder):
        self.folder = folder
        super().__init__(Board(image, files={"kept.txt": b"here before"}), folder / "usb")

    def mpremote(self, *args):
        """What it printed; AssertionError where it failed."""
        argv = [sys.executable, "-m", "mpremote", "connect", self.port.path, *map(str, args)]
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=LIMIT_S, cwd=self.folder
        )
        assert done.returncode == 0, (done.stdout, done.stderr, self.failed)
        return done.stdout

    @property
    def started(self):
        """What the board has noted of its starts."""
        return [text for _, text in list(self.board.events)]

    def until(self, condition):
        """Wait for it, while the board runs on its thread; False after LIMIT_S."""
        for _ in range(LIMIT_S * 50):
            if condition():
                return True
            self._over.wait(0.02)
        return False

    def close(self):
        """Unplug it and end the emulator."""
        try:
            self.unplug()
        finally:
            self.board.close()


@pytest.fixture
def bench(image, tmp_path):
    made = Bench(image, tmp_path)
    yield made
    made.close()


def test_files_commands_and_scripts(bench, tmp_path):
    data = bytes(range(256)) * 8
    (tmp_path / "data.bin").write_bytes(data)
    (tmp_path / "script.py").write_text("import sys\nprint(sys.platform, len(open('d').read()))\n")
    assert bench.mpremote("exec", "print(6 * 7)") == "42\n"
    bench.mpremote("cp", "data.bin", ":data.bin", "+", "cp", ":data.bin", "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == data
    listed = bench.mpremote("ls")
    assert "2048 data.bin" in listed and "11 kept.txt" in listed
    bench.mpremote("exec", "f = open('d', 'w'); f.write('xyz'); f.close()")
    assert bench.mpremote("run", "script.py") == "rp2 3\n"


def test_a_mounted_folder(bench, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mounted.py").write_text("value = 'from the PC'\n")
    said = bench.mpremote("mount", "there", "exec", "import mounted; print(mounted.value)")
    assert "from the PC\n" in said  # mpremote's own line comes before or behind it


def test_resets_between_connections(bench):
    bench.mpremote("exec", "f = open('x', 'w'); f.write('kept'); f.close(); y = 1")
    assert bench.mpremote("resume", "exec", "print(y)") == "1\n"
    bench.mpremote("soft-reset")
    bench.mpremote("reset")  # it does not wait for it: a Ctrl-C too early would take it back
    assert bench.until(lambda: any(text.startswith("started") for text in bench.started))
    said = bench.mpremote("exec", "print(open('x').read(), 'y' in globals())")
    assert said == "kept False\n"
    assert bench.board.boots == 2


def test_installing_by_mip(bench, tmp_path):
    (tmp_path / "p.py").write_text("ok = 1\n")
    (tmp_path / "package.json").write_text('{"urls": [["p/__init__.py", "p.py"]], "version": "1"}')
    bench.mpremote("mip", "install", "--target=/lib", "./package.json")
    assert bench.mpremote("exec", "import p; print(p.ok)") == "1\n"
