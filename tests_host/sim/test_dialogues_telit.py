"""Chapter 7.4 of Telit's SSL/TLS guide: driver and virtual modem exchange those commands and
answers, no more and no less, in that order. What is marked with `+` is ours besides: `AT#SSLS`
behind each escape sequence and each close (the guide asks behind some: is it open still?), and
`AT+CPIN?`, with which supervision begins. Where an answer or a command is not the guide's, the
test says which statement of FACTS.md, or which misprint, is the reason.
"""

import pytest

from tests_host.modem.telit.bench import Sink
from tests_host.sim.telit_lines import HOST, Telit
from tests_host.sim.test_life import Listener, events
from uplink import log


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Stream(Telit):
    """A module whose secure socket is used as a stream; `server` says what it is told."""

    def __init__(self, folder, module="he910", server=None, **more):
        self.server = server or Sink()
        super().__init__(folder, module, self.server, **more)
        self.stream = self.modem.stream()
        self.stream.listener = self.heard = Listener()
        self.start()

    def settled(self):
        s = self.stream
        return s.state == 2 and s.online == s.wants_online and not s.look and not s.out_left

    def open(self, host=HOST, **how):
        """Connect, and pass over what stands before `AT#SSLD`: "suppose that … are performed"."""
        self.stream.open(host.encode(), 443, idle_s=90, **how)
        self.until(self.settled)
        self.lines.cut("AT#SSLD")

    def both_ways(self, up=b"up +++\r\nOK\r\n", down=b"down\r\nNO CARRIER\r\n+++"):
        """Bytes that imitate answers, in both directions, online."""
        self.server.got = b""
        self.stream.send(up, 0, len(up))
        self.until(lambda: self.server.got.endswith(up))
        self.server.conns[0].send(down)
        self.until(lambda: self.heard.data.endswith(down))
        self.world.run(2)
        assert self.stream.online

    def escape(self):
        self.stream.escape()
        self.until(self.settled)

    def close(self, keep=False):
        self.stream.close(keep)
        self.until(lambda: not self.stream.state)
        self.world.run(1)

    def text(self, text):
        self.stream.send_text(text, 0, len(text))
        self.until(lambda: self.settled() and self.server.got.endswith(text))

    def read(self, most):
        self.stream.moved.clear()
        assert self.stream.read(most)
        self.until(self.stream.moved.is_set)


EXCHANGE = r"""
    > up +++ | OK
    < down | NO CARRIER | +++
"""


@pytest.mark.parametrize("module", ["gl865", "he910", "le910c1"])
def test_7_4_1_online_mode(module, folder):
    t = Stream(folder, module)
    t.open()
    t.both_ways()
    t.escape()
    t.stream.resume()
    t.until(t.settled)
    t.both_ways()
    t.escape()
    t.close()
    suite = t.world.vm.settings["#SSLSECCFG"][1][0]
    t.lines.play(
        f"""
        > AT#SSLD=1,443,"{HOST}",0,0
        < CONNECT
        {EXCHANGE}
        > +++
        < OK
        > AT#SSLS=1
        < #SSLS: 1,2,{suite} | OK
        > AT#SSLO=1
        < CONNECT
        {EXCHANGE}
        > +++
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,2,{suite} | OK
        > AT#SSLH=1
        < OK
        > AT#SSLS=1
        < #SSLS: 1,1 | OK
        """
    )
    assert not t.server.conns and t.heard.reasons == [0]


def test_7_4_2_command_mode(folder):
    """The guide prints `#SSLRCV`; FACTS.md, Telit: `AT#SSLRECV`, `#SSLRECV: <n>`. The string of
    the second read has no blank in front: 15 bytes are `Response of the`.
    """
    t = Stream(folder)
    t.open(online=False, ring=0)
    t.text(b"Send this string to the SSL server!")
    assert t.server.got == b"Send this string to the SSL server!"
    t.read(15)
    assert t.stream.got == 0 and t.stream.state == 2
    t.server.conns[0].send(b"Response of theServer")
    t.world.run(2)
    t.read(15)
    t.read(15)
    assert t.heard.data == b"Response of theServer"
    t.close()
    t.lines.play(
        f"""
        > AT#SSLD=1,443,"{HOST}",0,1
        < OK
        > AT#SSLS=1
        < #SSLS: 1,2,0 | OK
        > AT#SSLSEND=1
        < >
        > Send this string to the SSL server!\x1a
        < OK
        > AT#SSLRECV=1,15
        < #SSLRECV: 0 | TIMEOUT | OK
        > AT#SSLRECV=1,15
        < #SSLRECV: 15 | Response of the | OK
        > AT#SSLRECV=1,15
        < #SSLRECV: 6 | Server | OK
        > AT#SSLH=1
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,1 | OK
        """
    )


def test_7_4_3_both_modes(folder):
    t = Stream(folder)
    t.open(ring=0)
    t.both_ways()
    t.escape()
    t.text(b"Send data in command mode")
    t.server.conns[0].send(b"Response in command mode")
    t.world.run(2)
    t.read(100)
    t.close()
    t.lines.play(
        f"""
        > AT#SSLD=1,443,"{HOST}",0,0
        < CONNECT
        {EXCHANGE}
        > +++
        < OK
        > AT#SSLS=1
        < #SSLS: 1,2,0 | OK
        > AT#SSLSEND=1
        < >
        > Send data in command mode\x1a
        < OK
        > AT#SSLRECV=1,100
        < #SSLRECV: 24 | Response in command mode | OK
        > AT#SSLH=1
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,1 | OK
        """
    )
    assert t.heard.data.endswith(b"Response in command mode")


DATA = b"0123456789abcdef" * 25  # 400 bytes


def test_7_4_4_1_sslsring_mode_1(folder):
    t = Stream(folder)
    t.stream.read_max = 300
    t.stream.open(HOST.encode(), 443, online=False, ring=1, idle_s=90)
    t.until(t.settled)
    t.lines.cut("AT#SSLCFG=")
    t.text(b"Make a request to the server")
    t.server.conns[0].send(DATA)
    t.server.conns[0].close()
    t.until(lambda: t.heard.reasons)
    text = DATA.decode()
    t.lines.play(
        f"""
        > AT#SSLCFG=1,1,300,90,100,50,1
        < OK
        > AT#SSLD=1,443,"{HOST}",0,1
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,2,0 | OK
        > AT#SSLSEND=1
        < >
        > Make a request to the server\x1a
        < OK | SSLSRING: 1,400
        > AT#SSLRECV=1,300
        < #SSLRECV: 300 | {text[:300]} | OK | SSLSRING: 1,100
        > AT#SSLRECV=1,100
        < #SSLRECV: 100 | {text[300:]} | OK | NO CARRIER
        """
    )
    assert t.heard.data == DATA and t.heard.reasons == [1]


@pytest.mark.parametrize(("module", "sizes"), [("gl865", (256, 144)), ("he910", (400,))])
def test_7_4_4_2_sslsring_mode_2(module, sizes, folder):
    """7.1.2.2: 256 bytes at most on 2G, 1300 on 3G and 4G."""
    t = Stream(folder, module)
    t.stream.open(HOST.encode(), 443, online=False, ring=2, idle_s=90)
    t.until(t.settled)
    suite = t.world.vm.settings["#SSLSECCFG"][1][0]
    t.lines.cut("AT#SSLCFG=")
    t.text(b"Make the same request of the example 1")
    t.server.conns[0].send(DATA)
    t.server.conns[0].close()
    t.until(lambda: t.heard.reasons)
    pieces, at = "", 0
    for size in sizes:
        pieces += f" | SSLSRING: 1,{size},{DATA[at : at + size].decode()}"
        at += size
    t.lines.play(
        f"""
        > AT#SSLCFG=1,1,300,90,100,50,2
        < OK
        > AT#SSLD=1,443,"{HOST}",0,1
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,2,{suite} | OK
        > AT#SSLSEND=1
        < >
        > Make the same request of the example 1\x1a
        < OK{pieces} | NO CARRIER
        + > AT+CPIN?
        """
    )
    assert t.heard.data == DATA and t.heard.reasons == [1]


@pytest.mark.parametrize("module", ["ge910", "ge910v3"])
def test_7_4_5_fast_dial(module, folder):
    """(The guide leaves out the CONNECT of `#SSLFASTD`.)"""
    t = Stream(folder, module)
    t.open(keep=True)
    t.both_ways()
    t.escape()
    t.close(keep=True)
    t.stream.reopen()
    t.until(t.settled)
    t.both_ways()
    t.escape()
    t.close()
    suite = t.world.vm.settings["#SSLSECCFG"][1][0]
    t.lines.play(
        f"""
        > AT#SSLD=1,443,"{HOST}",1,0
        < CONNECT
        {EXCHANGE}
        > +++
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,2,{suite} | OK
        > AT#SSLH=1
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,1 | OK
        > AT#SSLFASTD=1,0
        < CONNECT
        {EXCHANGE}
        > +++
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,2,{suite} | OK
        > AT#SSLH=1,0
        < OK
        + > AT#SSLS=1
        + < #SSLS: 1,1 | OK
        """
    )
    assert events(t.world, "tls")[-1].endswith("resumed")
    with pytest.raises(ValueError, match="no session"):
        t.stream.reopen()


def test_fast_dial_is_refused_where_there_is_none(folder):
    """7, table 3: platforms 10, 13 and 16 alone."""
    t = Stream(folder, "he910")
    with pytest.raises(ValueError, match="does not resume"):
        t.stream.open(HOST.encode(), 443, keep=True)
