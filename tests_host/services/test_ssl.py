"""Every type of AT+QSSLCFG, sends up to Ctrl-Z, and our certificates deleted."""

import pytest

from tests_host.sim.quectel_lines import Device, Listener, Peer, files, server
from uplink import log
from uplink.errors import CLOSED_UNOPENED, ATError, LinkDown
from uplink.modems import quectel_ssl
from uplink.services.ssl import BUSY, ModuleSSL

# Note 2.2.1: type, a context's or not, what may be set, what is told then.
TYPES = [
    ("sslversion", True, 2, b"2"),
    ("ciphersuite", True, ["0X002F", "0X003D"], b'"0X002F","0X003D"'),
    ("ciphersuite", True, "0XFFFF", b'"0XFFFF"'),
    ("seclevel", True, 2, b"2"),
    ("cacert", True, "NVRAM:CA1", b'"NVRAM:CA1"'),
    ("clientcert", True, b"RAM:mine.pem", b'"RAM:mine.pem"'),
    ("clientkey", True, "NVRAM:CK0", b'"NVRAM:CK0"'),
    ("ignorertctime", False, 1, b"1"),
    ("https", False, 1, b"1"),
    ("httpsctxi", False, 5, b"5"),
    ("smtpstyle", False, 2, b"2"),
    ("smtpsctxi", False, 3, b"3"),
]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Bench(Device):
    def __init__(self, peer=None, folder=None, **more):
        self.peer = peer or Peer()
        reached = {(b"host", 7): self.peer}
        if folder:
            more["tls"] = {**files(folder), "level": "compatible"}
            reached[(b"host", 443)] = server(self.peer, "host")
            reached[(b"open", 443)] = server(self.peer, "open", client=False)
        super().__init__(reached, **more)
        self.ssl = ModuleSSL(self.modem)
        self.online()
        self.s = self.modem.socket()
        self.s.listener = Listener()

    def wait(self, _awaited=None):
        assert self.run(90, lambda: self.ssl.why != -2)
        return self.ssl.why == -1


@pytest.mark.parametrize("context", [0, 4])
def test_every_type_is_set_and_told(context):
    b = Bench()
    for name, of_context, value, told in TYPES:
        before = len(b.commands())
        assert b.wait(b.ssl.set(name, value, context)), name
        assert b.wait(b.ssl.ask(name, context)) and b.ssl.value == told, name
        texts = [value] if isinstance(value, (str, bytes, int)) else value
        texts = [t.decode() if isinstance(t, bytes) else t for t in texts]
        texts = [str(t) if isinstance(t, int) else '"%s"' % t for t in texts]
        where = ",%d" % context if of_context else ""
        said = [line for line in b.commands()[before:] if "QSSLCFG" in line]
        head = f'AT+QSSLCFG="{name}"{where}'
        assert said == [head + "," + ",".join(texts), head]
    assert b.wait(b.ssl.ask("ctxindex", context))
    assert b.ssl.value == (b'%d,2,2,"0XFFFF","NVRAM:CA1","RAM:mine.pem","NVRAM:CK0"' % context)
    named = quectel_ssl.TYPES.decode()
    assert all(" " + name in named for name, *_more in TYPES) and len(named.split()) == 12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sslversion", 5), ("sslversion", -1), ("sslversion", "3"), ("seclevel", 3),
        ("ciphersuite", "0035"), ("ciphersuite", []), ("ciphersuite", "0X00\r5"),
        ("cacert", "CA0"), ("cacert", 'RAM:"x'), ("cacert", ["RAM:a", "RAM:b"]),
        ("clientkey", "NVRAM:" + "x" * 140), ("ctxindex", 0), ("https", 2), ("smtpstyle", 3),
        ("smtpsctxi", 6), ("httpsctxi", 6), ("ignorertctime", 2), ("nothing", 1), ("ssl", 1),
        ("", 1),
    ],
)  # fmt: skip
def test_what_the_note_does_not_have_is_refused(name, value):
    b = Device({})
    ssl = ModuleSSL(b.modem)
    b.run(1)
    with pytest.raises(ValueError):
        ssl.set(name, value)
    with pytest.raises(ValueError):
        ssl.set("sslversion", 3, 6)
    with pytest.raises(ValueError):
        ssl.ask("ssl")


def test_the_modules_no_is_told():
    b = Bench()
    b.vm.fault("error", count=1, command="QSSLCFG")
    assert not b.wait(b.ssl.ask("seclevel"))
    assert isinstance(b.ssl.error(), ATError) and "QSSLCFG" in str(b.ssl.error())
    assert b.wait(b.ssl.ask("seclevel")) and b.ssl.error() is None and not b.modem.used[0]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_text_goes_up_to_ctrl_z(tls, tmp_path_factory):
    b = Bench(folder=tmp_path_factory.mktemp("t") if tls else None)
    b.opened(b.s, b"host", 443 if tls else 7, tls)
    text = b"GET / HTTP/1.0\r\n> OK\r\nSEND OK\r\nERROR\r\n\x08" + b"x" * 1400
    assert b.wait(b.ssl.text(b.s, text))
    b.run(1)
    assert b.peer.got == text
    line = "AT+QSSLSEND=0" if tls else "AT+QISEND=0"
    assert line in b.commands() and text + b"\x1a" in b"".join(what for _s, what in b.said())
    # counted sends before and behind it
    assert b.s.send(b"\x1a\x1bcounted", 0, 9)
    assert b.run(10, lambda: b.peer.got == text + b"\x1a\x1bcounted")
    b.peer.conn.send(b"answer")
    assert b.run(10, lambda: b.s.listener.data == b"answer") and b.s.state == 2


def test_what_text_cannot_be():
    b = Bench()
    with pytest.raises(ValueError):
        b.ssl.text(b.s, b"x")  # not open
    b.opened(b.s, b"host", 7, False)
    for text in (b"", b"\x1a", b"a\x1bb", b"x" * 1460):
        with pytest.raises(ValueError):
            b.ssl.text(b.s, text)
    b.ssl.text(b.s, b"x" * 1459)
    with pytest.raises(ValueError):
        b.ssl.text(b.s, b"y")  # one at a time
    assert b.wait() and b.run(10, lambda: len(b.peer.got) == 1459)


def test_send_fail_is_later_again_and_error_is_open_again():
    b = Bench()
    b.opened(b.s, b"host", 7, False)
    b.vm.fault("send_blocked", for_s=10)
    assert not b.wait(b.ssl.text(b.s, b"one"))
    assert b.ssl.why == BUSY and isinstance(b.ssl.error(), LinkDown) and b.s.state == 2
    b.run(11)
    assert b.wait(b.ssl.text(b.s, b"one")) and b.run(5, lambda: b.peer.got == b"one")
    for stage in ("prompt", "payload"):
        b.vm.fault("send_refused", count=1, stage=stage)
        assert not b.wait(b.ssl.text(b.s, b"two"))
        assert b.ssl.why == 8 and b.s.listener.told[-1] == ("closed", 8) and not b.s.state
        b.opened(b.s, b"host", 7, False)
    assert b.wait(b.ssl.text(b.s, b"two")) and b.run(5, lambda: b.peer.got == b"onetwo")


def test_deleted_certificates_are_not_used_and_come_back(folder):
    b = Bench(folder=folder)
    uploads = b.modem.counters()["uploads"]
    assert b.wait(b.ssl.delete())
    deleted = [line for line in b.commands()[-4:] if "QSECDEL" in line]
    assert deleted == ['AT+QSECDEL="NVRAM:C%s"' % n for n in ("A0", "C0", "K0")]
    b.s.open(b"host", 443, True)
    assert b.run(30, lambda: b.s.listener.told == [("closed", CLOSED_UNOPENED)])
    assert b.run(60, lambda: b.modem.counters()["uploads"] == uploads + 3 and b.modem.online)
    b.opened(b.s, b"host", 443, True)


def test_other_modules_have_none():
    b = Device({}, module="sim7000", sim={"apn": "a"})
    b.run(1)
    for asked in (lambda: ModuleSSL(b.modem), b.modem.stream):
        with pytest.raises(ValueError, match="not in this module"):
            asked()


OWN = (("sslversion", 3), ("ciphersuite", "0XFFFF"), ("seclevel", 0))


def set_own(b):
    for name, value in OWN:
        assert b.wait(b.ssl.set(name, value))


def test_open_by_what_was_set_and_not_by_the_configuration(folder, monkeypatch):
    said = []
    monkeypatch.setattr(log, "sink", lambda level, room, *text: said.append(text[0]))
    b = Bench(folder=folder)
    set_own(b)
    assert b.wait(b.ssl.open(b.s, b"open", 443))
    assert b.run(60, lambda: b.s.state == 2) and b.s.listener.told == ["opened"]
    assert b.events("tls")[-1].endswith("NOT verified: no CA")
    assert said.count("TLS is set in the application's own words") == 1
    assert b.s.send(b"there", 0, 5) and b.run(10, lambda: b.peer.got == b"there")
    with pytest.raises(ValueError):
        b.ssl.open(b.s, b"host", 443)
    b.s.close()
    assert b.run(10, lambda: not b.s.state)
    # the module's limit is ours to say, or the module's own
    for limit_s, tail in ((80, ",80"), (None, ""), (10, ",10"), (45, ",45")):
        assert b.wait(b.ssl.open(b.s, b"open", 443, limit_s=limit_s))
        assert b.run(60, lambda: b.s.state == 2)
        opens = [line for line in b.commands() if "QSSLOPEN" in line]
        assert opens[-1] == f'AT+QSSLOPEN=0,0,"open",443,0{tail}'
        b.s.close()
        assert b.run(10, lambda: not b.s.state)
    for limit_s in (9, 81):
        with pytest.raises(ValueError, match="10 to 80"):
            b.ssl.open(b.s, b"open", 443, limit_s=limit_s)
    # the next is by the configuration again
    b.opened(b.s, b"host", 443, True)
    assert b.events("tls")[-1].endswith(" verified") and "NOT" not in b.events("tls")[-1]


def test_who_refuses_what_was_set_is_asked_by_the_configuration(folder):
    """It wants our certificate: seclevel 2."""
    b = Bench(folder=folder)
    set_own(b)
    assert b.wait(b.ssl.open(b.s, b"host", 443))
    assert b.run(60, lambda: b.s.state == 2)
    assert b.events("tls")[-1] == "tls: 0 TLSv1.2 verified"


@pytest.mark.parametrize("fault", ["error", "refused", "unreachable", "stop", "close"])
@pytest.mark.parametrize("limit_s", [80, None])
def test_open_by_what_was_set_fails(fault, limit_s, folder):
    """Also where the module waits for as long as it likes (`None`: 90 s)."""
    b = Bench(folder=folder)
    set_own(b)
    if fault == "error":
        b.vm.fault("error", count=1, command="QSSLOPEN")
    elif fault in ("refused", "unreachable"):
        b.vm.fault(fault, for_s=300)
    b.ssl.open(b.s, b"host", 443, limit_s)
    if fault == "stop":
        b.run(0.5)
        b.modem.stop()
    elif fault == "close":
        b.s.close()
    assert b.run(200, lambda: b.s.listener.told), b.s.state
    ((what, reason),) = b.s.listener.told
    assert what == "closed" and b.ssl.why != -2 and not b.s.asked
    assert reason == {"stop": 2, "close": 0}.get(fault, reason)
    if fault != "stop":
        b.run(301)
        assert b.run(100, lambda: b.modem.online)
        b.opened(b.s, b"host", 443, True)
