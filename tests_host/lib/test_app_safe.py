"""Safe mode: when the application is not started, and how it comes back."""

import os

from uplink.app import safe

# Starts in a row that may fail.
LIMIT = 5


class _Folder:
    """A new current folder."""

    def __enter__(self):
        self.before = os.getcwd()
        self.path = "/tmp/uplink-" + "".join("%02x" % b for b in os.urandom(6))
        os.mkdir(self.path)
        os.chdir(self.path)
        return self

    def __exit__(self, kind, value, trace):
        safe.boot(False)
        for name in os.listdir("."):
            os.remove(name)
        os.chdir(self.before)
        os.rmdir(self.path)


def _touch(name, text=""):
    with open(name, "w") as f:
        f.write(text)


def test_nobody_asks():
    with _Folder():
        assert safe.asked() == ""
        assert safe.begin("power") == "go"


def test_the_pin():
    with _Folder():
        safe.boot(True)
        assert "pin" in safe.asked()
        safe.boot(False)
        assert safe.asked() == ""


def test_the_file():
    with _Folder():
        _touch("safe")
        assert "safe" in safe.asked()
        os.remove("safe")
        assert safe.asked() == ""


def test_starts_that_never_were_good_lead_to_a_pause_and_then_it_is_tried_again():
    with _Folder():
        for _ in range(2):
            for _ in range(LIMIT):
                assert safe.begin("power") == "go"
            assert safe.begin("power") == "wait"
            os.remove("starts")
        for _ in range(LIMIT):
            safe.begin("power")
        assert safe.begin("power") == "wait"
        # the start after the pause counts as the first
        for _ in range(LIMIT - 1):
            assert safe.begin("power") == "go"
        assert safe.begin("power") == "wait"


def test_a_good_start_ends_the_count():
    with _Folder():
        for _ in range(3):
            for _ in range(LIMIT):
                assert safe.begin("power") == "go"
            safe.good()
        assert os.listdir(".") == []
        safe.good()


def test_once():
    with _Folder():
        safe.starts("once")
        assert safe.begin("watchdog") == "once"
        assert safe.begin("watchdog") == "go"


def test_once_is_over_when_somebody_else_restarts_the_board():
    for cause in ("power", "soft", "unknown"):
        with _Folder():
            safe.starts("once")
            assert safe.begin(cause) == "go"
            assert safe.begin("watchdog") == "go"


def test_a_damaged_count_does_not_matter():
    with _Folder():
        for text in ("", "x", "-1", "99999999999", "\0\0"):
            _touch("starts", text)
            assert safe.begin("power") in ("go", "wait")
