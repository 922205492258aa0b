"""One command of the application's own: its answer, its error, what it sends behind a prompt, and
what happens where the line loses some of that.
"""

import pytest

from tests_host.modem.quectel.pki import xor16
from tests_host.modem.telit.bench import Sink
from tests_host.sim import quectel_lines as quectel
from tests_host.sim.telit_lines import Telit
from tools.modem.pages.telit_errors import TEXTS
from uplink import log
from uplink.errors import ATError


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Asks:
    def run(self, *args, limit_s=100, **more):
        """What it gives, or raises."""
        found = []

        async def run():
            try:
                found.append(await self.ask(*args, **more))
            except ATError as error:
                found.append(error)

        self.modem.loop.spawn(run())
        self.until(lambda: found, limit_s)
        return found[0]


class Bench(Asks, Telit):
    def __init__(self, folder, module="he910", **more):
        super().__init__(folder, module, Sink(), tls={"ca": None}, **more)
        self.ask = self.modem.ask()
        self.start()


class Quectel(quectel.Device):
    def __init__(self, folder):
        self.peer = quectel.Peer()
        reached = {(b"host", 443): quectel.server(self.peer, "host")}
        tls = {**quectel.files(folder), "level": "compatible"}
        super().__init__(reached, tls=tls)
        self.ask = self.modem.ask()
        self.online()

    def until(self, condition, limit_s):
        assert quectel.Device.run(self, limit_s, condition)

    def put(self, *args, **more):
        return Asks.run(self, *args, **more)


def test_lines_and_errors(folder):
    b = Bench(folder)
    assert b.run(b"AT+CGMM") == [b"HE910"]
    assert b.run(b"AT#SSLEN=?") == [b"#SSLEN: (1),(0,1)"]
    assert len(b.run(b"AT#SCFG?")) == 6
    assert b.run(b"AT#SSLCFG?").code == 836
    for bad in (b"AT", b"CGMM", b"AT+\r", b"AT" + b"x" * 180):
        with pytest.raises(ValueError, match="no command"):
            b.ask(bad)
    b.ask(b"AT+CGMM")
    with pytest.raises(ValueError, match="one at a time"):
        b.ask(b"AT+CGMM")


@pytest.mark.parametrize("form", [1, 2])
def test_errors_by_number_and_by_text(form, folder):
    """Number and text are known, whichever of them the module tells."""
    b = Bench(folder)
    assert b.run(b"AT+CMEE=%d" % form) == []
    for n in (3, 4, 10, 148, *range(830, 842)):
        b.world.vm.fault("error", count=1, command="#SSLEN", cme=n)
        error = b.run(b"AT#SSLEN=1,1")
        assert (error.code, error.text.lower()) == (n, TEXTS[n].lower())
        assert str(error) == f"AT#SSLEN=1,1: {error.text} ({n})"


def test_data_behind_a_prompt(folder):
    b = Bench(folder)
    assert b.run(b"AT#SSLEN=1,1") == []
    pem = open(b.pki.tls["ca"], "rb").read()
    assert b.run(b"AT#SSLSECDATA=1,1,1,%d" % len(pem), data=pem + b"\x1a") == []
    assert b.run(b"AT#SSLSECDATA?") == [b"#SSLSECDATA: 1,0,1,0"]
    # no prompt: nothing is sent, and the error is told
    assert b.run(b"AT#SSLSECDATA=1,1,7,3", data=b"abc\x1a").code == 4
    assert b.run(b"AT+CGMM") == [b"HE910"]


def test_data_that_is_lost_on_the_line(folder):
    """The module waits for the rest for good: it is switched off and on, as after a send."""
    b = Bench(folder)
    assert b.run(b"AT#SSLEN=1,1") == []
    power = b.modem.used[6]
    error = b.run(b"AT#SSLSECDATA=1,1,1,9", 5_000, data=b"123456789")  # (without its Ctrl-Z)
    assert isinstance(error, ATError)
    b.until(lambda: b.modem.used[6] > power and not b.modem.online, 60)
    b.until(lambda: b.modem.online, 200)
    assert b.run(b"AT+CGMM") == [b"HE910"]


def test_the_modem_is_stopped_meanwhile(folder):
    b = Bench(folder)
    b.world.vm.fault("no_answer", count=1, command="CGMM")
    b.ask(b"AT+CGMM")
    b.world.run(1)
    b.modem.stop()
    b.until(lambda: not b.ask.state)
    assert b.ask.result


def test_an_answer_without_a_result(folder):
    b = Quectel(folder)
    (address,) = b.put(b"AT+QILOCIP", count=1)
    assert address.count(b".") == 3
    # (who does not say so waits for it)
    assert isinstance(b.put(b"AT+QILOCIP", 3_000), ATError)
    assert b.put(b"AT+CGMM") == [b"Quectel_M95"]


def test_a_file_of_ones_own_is_none_of_the_drivers(folder):
    """A line may stand for the prompt. The checksum that is told then is not one of ours."""
    b = Quectel(folder)
    write = b'AT+QSECWRITE="RAM:mine",5,20'
    assert b.put(write, data=b"12345", prompt=b"CONNECT") == []
    assert b.put(b'AT+QSECREAD="RAM:mine"') == [b"+QSECREAD: 1,3706"]
    assert xor16(b"12345") == 0x3706 and 0x3706 not in b.modem.files.sums
    s = b.modem.socket()
    s.listener = quectel.Listener()
    b.opened(s, b"host", 443, True)
