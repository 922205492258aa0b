"""Transparent mode: a raw stream both ways, `+++` and back, and every way it can end."""

import random

import pytest

from tests_host.sim.quectel_lines import Device, Listener, Peer, files, server
from uplink import log
from uplink.errors import CLOSED_UNOPENED
from uplink.mqtt import MQTT

CMD = b"AT+QIDEACT\r"


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(log, "sink", lambda level, room, text, *more: found.append(text))
    return found


class Bench(Device):
    def __init__(self, folder, peer=None, services=None, opened=True, **more):
        self.peer = peer or Peer()
        reached = {(b"host", 443): server(self.peer, "host"), **(services or {})}
        super().__init__(reached, tls={**files(folder), "level": "compatible"}, **more)
        self.stream = self.modem.stream()
        self.stream.listener = self.listener = Listener()
        self.online()
        if opened:
            self.open()

    def open(self):
        self.stream.open(b"host", 443)
        assert self.run(60, lambda: self.stream.state == 2), self.listener.told

    def send(self, data, limit_s=20):
        count = self.listener.told.count("sent")
        assert self.stream.send(data, 0, len(data))
        assert self.run(limit_s, lambda: self.listener.told.count("sent") > count)

    def wait(self, limit_s=30):
        assert self.run(limit_s, lambda: self.stream.why != -2)
        return self.stream.why == -1

    def closed(self, limit_s=60):
        assert self.run(limit_s, lambda: not self.stream.state)
        return self.listener.told[-1][1]


def test_bytes_go_through_both_ways_as_they_are(folder):
    b = Bench(folder)
    data = bytes(range(256)) * 20 + b"\r\nOK\r\n+++AT\r" + CMD
    b.send(data)
    assert b.run(5, lambda: b.peer.got == data)
    b.peer.conn.send(data)
    assert b.run(5, lambda: b.listener.data == data)
    assert b.events("tls") == ["tls: 5 TLSv1.2 verified"]
    b.run(120)  # silence is no damage
    b.send(b"x")
    assert b.run(5, lambda: b.peer.got[-1:] == b"x") and b.listener.told[-1] == "sent"
    b.stream.close()
    assert b.closed() == 0 and b.peer.ended == 1
    assert b.run(5, lambda: b.modem.engine.idle) and not b.modem.counters()["resyncs"] > 1


def test_escape_lets_others_speak_and_resume_goes_back(folder):
    plain = Peer([(4, b"pong")])
    b = Bench(folder, services={(b"other", 7): plain})
    s = b.modem.socket()
    s.listener = Listener()
    s.open(b"other", 7, False)
    b.run(30)
    assert not s.state == 2, "a command line while every byte is data"
    b.send(b"before")
    b.stream.escape()
    assert b.wait() and b.stream.state == 2
    assert b.run(30, lambda: s.state == 2)
    assert s.send(b"ping", 0, 4) and b.run(10, lambda: s.listener.data == b"pong")
    b.peer.conn.send(b"meanwhile")
    b.run(100)  # supervision, too
    assert b.listener.data == b"" and not b.stream.send(b"x", 0, 1)
    with pytest.raises(ValueError):
        b.stream.escape()
    b.stream.resume()
    assert b.wait() and b.run(5, lambda: b.listener.data == b"meanwhile")
    b.send(b"after")
    assert b.run(5, lambda: b.peer.got == b"beforeafter")
    heard = [(at, what) for at, what in b.said() if what in (b"+++", b"ATO\r")]
    assert [what for _at, what in heard] == [b"+++", b"ATO\r"]
    at = heard[0][0]
    around = [t for t, _what in b.said() if at - 0.999 < t < at + 0.999 and t != at]
    assert not around, "no second of silence on either side"


@pytest.mark.parametrize(
    "data", [b"+", b"++", b"+++", [b"+", b"++"], [b"++", b"+"], [b"a+", b"++"], [b"+++", CMD]]
)
def test_data_is_never_an_escape_sequence(data, folder):
    b = Bench(folder)
    b.run(5)
    pieces = data if isinstance(data, list) else [data]
    for piece in pieces:
        b.send(piece)
    b.run(5)
    assert b.run(10, lambda: b.peer.got == b"".join(pieces))
    b.send(b"still data")
    assert b.run(5, lambda: b.peer.got.endswith(b"still data"))


@pytest.mark.parametrize("text", [b"last words", b""])
def test_the_far_end_closes(text, folder):
    b = Bench(folder)
    if text:
        b.peer.conn.send(text)
    b.run(1)
    b.peer.conn.close()
    assert b.closed() == 1
    assert b.listener.data == text, "the module's own words are no data"
    assert b.run(10, lambda: b.modem.engine.idle and b.modem.engine.in_step)
    b.open()
    b.send(b"again")
    assert b.run(5, lambda: b.peer.got == b"again")


@pytest.mark.parametrize("word", [b'\r\n+QSSLURC: "closed",5\r\n', b"\r\nNO CARRIER\r\n"])
def test_data_that_looks_like_the_end(word, folder):
    """The escape sequence decides: it is answered, so the connection is there."""
    b = Bench(folder)
    b.peer.conn.send(b"a" + word)
    assert b.run(30, lambda: b.listener.data == b"a" + word)
    b.run(10)
    b.peer.conn.send(b"b" + word + b"c")
    assert b.run(30, lambda: b.listener.data == b"a" + word + b"b" + word + b"c")
    b.run(10)
    b.send(b"there")
    assert b.run(5, lambda: b.peer.got == b"there") and b.stream.state == 2


def test_data_directly_behind_connect(folder):
    """The module does not hear at once behind its answer to ATO."""
    b = Bench(folder, opened=False)
    b.stream.open(b"host", 443)
    assert b.run(60, lambda: b.stream.state == 2) and b.stream.send(b"first", 0, 5)
    assert b.run(5, lambda: b.peer.got == b"first")
    b.stream.escape()
    assert b.wait()
    b.stream.resume()
    assert b.wait() and b.stream.send(b"second", 0, 6)
    assert b.run(5, lambda: b.peer.got == b"firstsecond")


@pytest.mark.parametrize("after_s", [0.3, 1.3, 1.5, 2.5, 3.0, 3.5, 3.6, 4.0, 5.0])
def test_escape_while_it_is_looked_whether_that_was_the_end(after_s, folder):
    """On the way out of data mode, at the command line, and on the way back."""
    b = Bench(folder)
    b.peer.conn.send(b"a\r\nNO CARRIER\r\n")
    b.run(after_s)
    b.stream.escape()
    assert b.wait() and b.stream.state == 2 and b.stream.phase == 1
    assert b.run(5, lambda: b.listener.data == b"a\r\nNO CARRIER\r\n")
    with pytest.raises(ValueError):
        b.stream.escape()
    b.run(30)
    assert b.stream.phase == 1, "it stays there"
    b.stream.resume()
    assert b.wait()
    b.send(b"there")
    assert b.run(5, lambda: b.peer.got == b"there") and b.stream.state == 2


def test_escape_while_it_is_looked_whether_that_was_the_end_and_it_was(folder):
    b = Bench(folder)
    b.peer.conn.close()
    assert b.run(10, lambda: b.stream.checking)
    b.stream.escape()
    assert not b.wait() and b.closed() == 1


def test_it_ends_while_escaped(folder):
    b = Bench(folder)
    b.stream.escape()
    assert b.wait()
    b.peer.conn.close()
    assert b.closed() == 1
    b.open()
    b.stream.escape()
    assert b.wait()
    b.vm.fault("missing_dataind", count=1)
    b.stream.close()
    assert b.closed() == 0


def test_ato_without_a_connection(folder):
    b = Bench(folder)
    b.stream.escape()
    assert b.wait()
    b.vm.page_state.transparent = None  # as after AT&D2 and a pulse of DTR
    b.stream.resume()
    assert not b.wait() and b.closed() == 1


@pytest.mark.parametrize("fault", ["reboot", "pdp_dropped", "brown_out"])
def test_the_module_or_its_network_goes_away(fault, folder):
    b = Bench(folder)
    b.run(2)
    b.vm.fault(fault, **({"for_s": 2} if fault == "brown_out" else {}))
    assert b.closed(60) in (1, 2) and b.listener.data == b""
    b.run(5)
    assert b.run(120, lambda: b.modem.online), b.modem.state
    b.open()
    b.send(b"again")
    assert b.run(5, lambda: b.peer.got == b"again")


def test_a_reboot_without_status_wired_is_noticed(folder):
    b = Bench(folder, pins={"status": None})
    b.run(2)
    b.vm.fault("reboot")
    assert b.closed() == 1 and b.listener.data == b""
    assert b.modem.counters()["restarts"] == 1
    assert b.run(120, lambda: b.modem.online), b.modem.state


def test_switched_off_in_data_mode_by_command_and_not_as_data(folder):
    b = Bench(folder)
    b.send(b"data")
    b.modem.stop()
    assert b.run(60, lambda: b.modem.state == "off"), b.modem.state
    b.run(15)
    assert b.peer.got == b"data" and b.closed() == 2 and b.vm.power.state == "off"


def test_recovery_gets_the_line(folder):
    b = Bench(folder)
    b.send(b"data")
    b.modem.doubt()
    assert b.closed() == 2 and b.peer.got == b"data"
    assert b.run(100, lambda: b.modem.online)


def test_refused(folder, lines):
    b = Bench(folder, opened=False)
    b.stream.open(b"host", 444)
    assert b.closed(300) in (3, 6)
    b.run(60)  # (the certificates are looked at)
    b.modem.files.good = False
    b.stream.open(b"host", 443)
    assert b.closed() == CLOSED_UNOPENED
    for host, port, tls in ((b"", 443, True), (b'a"', 443, True), (b"h", 0, True), (b"h", 1, 0)):
        with pytest.raises(ValueError):
            b.stream.open(host, port, tls)
    assert b.run(100, lambda: b.modem.online)
    b.open()


def test_no_number_is_left(folder):
    b = Bench(folder, opened=False, modem={"sockets": 5})
    assert b.modem.sockets[4].id != b.stream.id
    device = Device({}, modem={"sockets": 6})
    device.run(1)
    with pytest.raises(ValueError, match="lower modem.sockets"):
        device.modem.stream()


def test_connect_that_is_lost(folder):
    """No command line is risked: the escape sequence tells where we are."""
    b = Bench(folder, opened=False)
    b.stream.open(b"host", 443)
    assert b.run(30, lambda: b.stream.phase == 4)
    b.vm.fault("garble", rate=1.0, count=11, dir="out")
    b.run(90)
    assert b.stream.state == 1 and b.peer.got == b""
    assert b.closed() == 3 and b.peer.got == b""
    assert b.run(10, lambda: b.peer.ended == 1)


@pytest.mark.parametrize("seed", range(6))
def test_any_pieces_are_the_same_data(seed, folder):
    print("seed", seed)
    rng = random.Random(seed)
    b = Bench(folder)
    out = into = b""
    for _ in range(25):
        piece = bytes(rng.choice(b"+ab\r\nOK") for _ in range(rng.randrange(1, 6)))
        b.send(piece)
        out += piece
        answer = rng.choice((b"\r\n", b"\r\nOK\r\n", b"\r\nCLOSED", b"x", b"+QSSL\r"))
        b.peer.conn.send(answer)
        into += answer
        b.run(rng.randrange(1, 2500) / 1000)
    assert b.run(10, lambda: b.peer.got == out) and b.run(10, lambda: b.listener.data == into)


def test_it_carries_mqtt(folder):
    """A transport as a socket is one."""
    from tests_host.sim.broker import Broker

    broker = Broker()
    b = Bench(folder, opened=False, services={(b"broker", 8883): server(broker, "broker")})
    b.cfg["broker"]["tls"] = True
    b.cfg["broker"]["port"] = 8883
    mqtt = MQTT(b.loop, b.stream, b.cfg, b.board.rand)
    assert b.run(60, lambda: mqtt.connected)
    for i in range(20):
        mqtt.publish(b"t", b"%d" % i, 1)
        b.run(5)
    assert b.run(20, lambda: len(broker.published) == 20) and not broker.violations
