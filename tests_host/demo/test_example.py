"""The README's two applications run as they stand there, on a board that is not real."""

import re

import pytest
from fake_board import FakeBoard
from fake_link import FakeModem, FakeMQTT

import uplink
from tests_host.conftest import ROOT
from uplink import config, loop as loops

BLOCKS = re.findall(r"(?ms)^```python\n(.*?)^```", (ROOT / "README.md").read_text())
CONFIG = b'{"id":"7","broker":{"host":"h","tls":false,"clean":true}}'


class Transport:
    """A far end that accepts the login and acknowledges everything, at once."""

    def __init__(self):
        self.state = 0
        self.packets = []
        self.published = []
        self.listener = None

    def open(self, host, port, tls):
        self.state = 1

    def proved(self):
        """Nothing to remember."""

    def doubt(self):
        raise AssertionError("the far end was not slow")

    def close(self):
        self.state = 0
        self.listener.closed(0, 0)

    def send(self, buf, off, n):
        self.packets.append(bytes(buf[off : off + n]))
        return True

    def deliver(self, data, now):
        self.listener.received(bytearray(data), 0, len(data), now)

    def turn(self, now):
        """What a modem would tell between two turns of the loop."""
        if self.state == 1:
            self.state = 2
            self.listener.opened(now)
        while self.packets:
            sent = self.packets.pop(0)
            self.listener.sent(now)
            for answer in self.answers(sent):
                self.deliver(answer, now)

    def answers(self, sent):
        """The broker's answers to what was sent (one or more packets)."""
        while sent:
            size = 2 + sent[1]
            assert sent[1] < 128
            one, sent = sent[:size], sent[size:]
            kind = one[0] >> 4
            if kind == 1:
                yield b"\x20\x02\0\0"
            elif kind == 8:
                yield b"\x90\x03" + one[2:4] + b"\x01"
            elif kind == 3:
                at = 4 + one[3]
                self.published.append((one[4:at], one[at + 2 :]))
                yield b"\x40\x02" + one[at : at + 2]


class Stop(BaseException):
    """The example has run long enough."""


@pytest.fixture
def board(monkeypatch):
    board = FakeBoard()
    monkeypatch.setattr(uplink.port, "_board", board)
    return board


def test_the_shortest_application(board, monkeypatch, capsys):
    transport = Transport()

    class Modem:
        def __init__(self, loop, cfg):
            assert loop.board is board and cfg["id"] == "7"

        def socket(self):
            return transport

    def idle(ms, data=True):
        board.time += min(ms, 10)
        transport.turn(board.ticks_ms())
        if len(transport.published) == 2:
            transport.published.append(None)
            transport.deliver(b"\x30\x12\x00\x0ddevices/9/cmdabc", board.ticks_ms())
        elif board.time > 300_000:
            raise Stop

    board.idle = idle
    monkeypatch.setattr(uplink, "Modem", Modem, raising=False)
    monkeypatch.setattr(config, "load", lambda path: config.parse(CONFIG, path))
    with pytest.raises(Stop):
        exec(compile(BLOCKS[0], "README.md", "exec"), {"__name__": "example"})
    assert transport.published[:2] == [(b"devices/7/telemetry", b'{"t":21.5}')] * 2
    assert "command bytearray(b'abc')" in capsys.readouterr().out


@pytest.mark.parametrize(
    "source", [BLOCKS[1], (ROOT / "main.py").read_text()], ids=["README", "main.py"]
)
def test_the_application_that_is_there(source, board, monkeypatch, tmp_path):
    from uplink.app.application import App

    (tmp_path / "uplink.json").write_bytes(CONFIG)
    monkeypatch.chdir(tmp_path)

    def connect(app):
        app.modem, app.mqtt = FakeModem(), FakeMQTT(app.loop)

    def idle(ms, data=True):
        board.time += ms
        if board.time > 5_000:
            raise KeyboardInterrupt

    board.idle = idle
    board.reset_cause = lambda: "power"
    monkeypatch.setattr(App, "connect", connect)
    space = {"__name__": "main"}
    exec(compile(source, "main.py", "exec"), space)
    app = space["app"]
    assert app.status == 0 and app.failures == 0
    assert isinstance(app.loop, loops.Loop) and len(app.mqtt.sent) == 1
    assert app._handlers["led"](True) in ("on", True)
