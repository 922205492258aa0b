"""Programs that the demo starts: their lines, their end, and that none is left behind."""

import os
import queue
import select
import signal
import sys

import pytest

from tools.demo.children import ChildError, Family, need

PYTHON = sys.executable
FOREVER = "import signal; print('up', flush=True); signal.pause()"
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    signal.pause()
"""
PARENT = """
import subprocess, sys, signal
p = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(p.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def family():
    with Family(queue.Queue()) as family:
        yield family


def lines(family, name):
    """Everything the child says until its end."""
    found = []
    while True:
        source, text = family.queue.get(timeout=20)
        assert source == name
        if text is None:
            return found
        found.append(text)


def gone(pid, limit_s=20):
    """True once the process has ended; waits for that (it need not be our child)."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], limit_s)[0])
    finally:
        os.close(fd)


def test_lines_of_both_streams_and_the_log(family, tmp_path):
    code = r"import sys; print('a'); sys.stderr.write('b\xff\n'); print('c', end=''); sys.exit(3)"
    child = family.start("x", [PYTHON, "-c", code], log=tmp_path / "log")
    assert lines(family, "x") == ["a", "b\xff", "c"]
    assert child.status == 3
    assert "x ended with status 3" in child.ending() and "    c" in child.ending()
    assert (tmp_path / "log").read_text() == "a\nb\xff\nc\n"


def test_leaving_ends_all_of_them():
    with Family(queue.Queue()) as family:
        children = [family.start("x", [PYTHON, "-c", FOREVER]) for _ in range(2)]
        for _ in range(2):
            assert family.queue.get(timeout=20) == ("x", "up")
    assert [child.status for child in children] == [-signal.SIGTERM] * 2
    assert family.children == []


def test_one_that_ignores_the_request_is_killed(monkeypatch):
    monkeypatch.setattr("tools.demo.children._GRACE_S", 0.1)
    with Family(queue.Queue()) as family:
        child = family.start("x", [PYTHON, "-c", DEAF])
        assert family.queue.get(timeout=20) == ("x", "up")
    assert child.status == -signal.SIGKILL


def test_grandchildren_end_too():
    with Family(queue.Queue()) as family:
        family.start("x", [PYTHON, "-c", PARENT])
        pid = int(family.queue.get(timeout=20)[1])
        assert not gone(pid, 0)
    assert gone(pid)


def test_an_error_in_the_block_ends_them_too():
    with pytest.raises(ZeroDivisionError), Family(queue.Queue()) as family:
        child = family.start("x", [PYTHON, "-c", FOREVER])
        raise ZeroDivisionError
    assert child.status is not None


def test_a_program_that_cannot_be_started(family):
    with pytest.raises(ChildError, match="x: /no/such/program cannot be started"):
        family.start("x", ["/no/such/program"])


def test_a_missing_program_is_named_with_its_package():
    with pytest.raises(ChildError, match=r"nothing-here is not installed.*apt-get install some"):
        need("nothing-here", "some")


def test_the_kernel_ends_them_when_we_are_killed():
    code = (
        "import queue, sys, os, signal; sys.path.insert(0, os.getcwd())\n"
        "from tools.demo.children import Family\n"
        "f = Family(queue.Queue())\n"
        f"c = f.start('x', [sys.executable, '-c', {FOREVER!r}])\n"
        "f.queue.get()\n"
        "print(c.process.pid, flush=True)\n"
        "signal.pause()\n"
    )
    with Family(queue.Queue()) as family:
        child = family.start("x", [PYTHON, "-c", code], cwd=os.getcwd())
        pid = int(family.queue.get(timeout=20)[1])
        os.kill(child.process.pid, signal.SIGKILL)
        assert gone(pid)


def test_a_module_without_room_for_a_key_is_known():
    from tools.demo import modem

    small = [kind for kind in modem.PAGES if not modem.holds_a_key(kind)]
    assert small == ["gl865", "ge865", "ge864", "gl868"]  # Telit's platform 10: 1,535 bytes
