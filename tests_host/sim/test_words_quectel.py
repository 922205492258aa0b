"""Chapter 3 of the SSL note V3.1 word for word: all that the note prints, from the first command
of an example to its last, exchanged by the driver and the virtual modem in that order, with the
note's answers: its file names, sizes, checksums, addresses, and its time-outs as they are written.

Certificates, context and questions go through `ServiceModem.ask()`, TLS through `ModuleSSL`, bytes
through sockets. What the driver does by itself: test_dialogues_quectel.py.
"""

import pytest

from tests_host.modem.quectel.pki import AUTHORITY, DEVICE, shaped
from tests_host.sim.guide import Lines, Words
from tests_host.sim.quectel_lines import GUIDE, WHY, Device, Peer, server
from tools.modem.options import Options
from uplink import log
from uplink.services.ssl import ModuleSSL

HOST = b"116.247.104.27"
OTHER = b"124.74.41.170"
NOW = 1_717_200_000.0


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


PEMS = {"ca": AUTHORITY.pem, "cert": DEVICE[0], "key": DEVICE[1]}
DATA = {name: shaped(PEMS[name], size, checksum) for name, (size, checksum) in GUIDE.items()}

# Step 1, where `{0}`, `{1}`, `{2}` are the note's names; step 2.
UPLOADS = """
    AT+QSECWRITE="{0}",1614,100 | CONNECT
    <ca> | +QSECWRITE: 1614,4039 | OK
    AT+QSECWRITE="{1}",1419,100 | CONNECT
    <cert> | +QSECWRITE: 1419,618 | OK
    AT+QSECWRITE="{2}",1679,100 | CONNECT
    <key> | +QSECWRITE: 1679,83a7 | OK
"""
CONTEXT = """
    + AT+QIDEACT | DEACT OK
    AT+ QIFGCNT=0 | OK
    AT+ QICSGP=1,"CMNET" | OK
    AT+QIREGAPP | OK
    AT+QIACT | OK
    AT+QILOCIP | 10.1.83.188
    AT+QIMUX=1 | OK
"""
# Step 3.
LEVEL = (("sslversion", 2), ("ciphersuite", "0XFFFF"), ("seclevel", 2))
LEVELS = """
    AT+QSSLCFG="sslversion",0,2 | OK
    AT+QSSLCFG="ciphersuite",0,"0XFFFF" | OK
    AT+QSSLCFG="seclevel",0,2 | OK
"""
CHECKS = """
    AT+QSECREAD="{0}" | +QSECREAD: 1,4039 | OK
    AT+QSECREAD="{1}" | +QSECREAD: 1,618 | OK
    AT+QSECREAD="{2}" | +QSECREAD: 1,83a7 | OK
"""
PATHS = """
    AT+QSSLCFG="cacert",0,"{0}" | OK
    AT+QSSLCFG="clientcert",0,"{1}" | OK
    AT+QSSLCFG="clientkey",0,"{2}" | OK
"""
# Steps 4 and 5.
CONNECTION = """
    AT+ QSSLOPEN =1, 0,"116.247.104.27",465,0 | OK | +QSSLOPEN: 1,0
    AT+QSSLSEND=1,12 | >
    <12 bytes> | SEND OK
    AT+QSSLSEND=1 | >
    <some bytes> | SEND OK | +QSSLURC: "recv",0,1
    AT+QSSLRECV=0,1,1500 | +QSSLRECV: 116.247.104.27:465,TCP,7 | 1234567 | OK
    AT+QSSLCLOSE=1 | 1, CLOSE OK
"""
FORGET = """
    AT+QSECDEL="{0}" | OK
    AT+QSECDEL="{1}" | OK
    AT+QSECDEL="{2}" | OK
"""
END = "AT+QIDEACT | DEACT OK"
BESIDES = {"AT+QSSLCLOSE=1": "life", "AT+QICLOSE=1": "life", "AT+QSSLRECV=0,1,1500": "empty"}


class Spoken(Device):
    """A device that has no certificates of its own."""

    def __init__(self, services, **more):
        super().__init__(services, **more)
        self.ask = self.modem.ask()
        self.ssl = ModuleSSL(self.modem)
        self.lines = Lines(self)
        self.online()
        self.run(10)

    def until(self, condition, limit_s=60):
        assert self.run(limit_s, condition), (self.modem.state, self.lines.dialogue())

    def words(self, data):
        return Words(self.lines, self.ask, self.loop, self.until, data)

    def sent(self, s, content, peer):
        """Both ways of sending: what is counted, and `content` up to Ctrl-Z."""
        assert s.send(b"Hello server", 0, 12)
        self.until(lambda: "sent" in s.listener.told)
        self.settled(self.ssl.text(s, content))
        self.until(lambda: s.listener.data == b"1234567")
        assert peer.got == b"Hello server" + content

    def closed(self, s):
        s.close()
        self.until(lambda: s.listener.told[-1] == ("closed", 0))

    def settled(self, _awaited):
        self.until(lambda: self.ssl.why != -2)
        assert self.ssl.why == -1, self.ssl.error()


@pytest.mark.parametrize(
    "names",
    [
        ("RAM:ca_cert.pem", "RAM:client_cert.pem", "RAM:client_key.pem"),  # 3.1
        ("NVRAM:CA0", "NVRAM:CC0", "NVRAM:CK0"),  # 3.2
    ],
    ids=["3_1_RAM", "3_2_NVRAM"],
)
@pytest.mark.parametrize("module", ["m10", "m66", "m85", "m95"])
def test_certificates_of_both_sides(module, names):
    """(The address is the second that the network gives: the driver was online before.)"""
    peer = Peer([(15, b"1234567")])
    d = Spoken(
        {(HOST, 465): server(peer, "server", version="1.1")},
        module=module,
        options=Options(unix_s=NOW, rtc_unix_s=NOW, address="10.1.83.187"),
        broker={"tls": False},
        sim={"apn": "CMNET"},
    )
    words = d.words({**DATA, "12 bytes": b"Hello server", "some bytes": b"any\x1a"})
    words.ask(UPLOADS.format(*names))
    words.ask(CONTEXT)
    words.told(LEVELS)
    for name, value in LEVEL:
        d.settled(d.ssl.set(name, value))
    words.ask(CHECKS.format(*names))
    words.told(PATHS.format(*names))
    for name, value in zip(("cacert", "clientcert", "clientkey"), names, strict=True):
        d.settled(d.ssl.set(name, value))
    words.told(CONNECTION)
    s = d.sockets(2)[1]
    d.settled(d.ssl.open(s, HOST, 465, limit_s=None))
    d.until(lambda: s.state == 2)
    d.sent(s, b"any", peer)
    d.closed(s)
    if names[0].startswith("RAM"):
        words.ask(FORGET.format(*names))
        assert not d.vm.page_state.ram
    words.ask(END)
    words.compare(BESIDES, WHY)
    assert peer.ended == 1
    assert d.events("tls") == ["tls: 1 TLSv1.1 verified"]


PLAIN = """
    AT+QINDI=1 | OK
    AT+QIOPEN=1,"TCP","116.247.104.27",6021 | OK | 1, CONNECT OK
    AT+QISEND=1,10 | >
    <10 bytes> | SEND OK | +QIRDI: 0,1,1
    AT+QIRD=0,1,1,1024 | +QIRD: 116.247.104.27:6021,TCP,5 | Abcde | OK
"""
BESIDE = """
    AT+QSSLCFG="sslversion",0,2 | OK
    AT+QSSLCFG="seclevel",0,0 | OK
    AT+QSSLCFG="ciphersuite",0,"0XFFFF" | OK
    AT+ QSSLOPEN =3,0,"124.74.41.170",5115,0 | OK | +QSSLOPEN: 3,0
    AT+QSSLSEND=3,12 | >
    <12 bytes> | SEND OK
    AT+QSSLSEND=3 | >
    <some bytes> | SEND OK | +QSSLURC: "recv",0,3
    AT+QSSLRECV=0,3,1000 | +QSSLRECV: 124.74.41.170:5115,TCP,7 | 1234567 | OK
    AT+QSSLCLOSE=3 | 3, CLOSE OK
    AT+QICLOSE=1 | 1, CLOSE OK
"""


@pytest.mark.parametrize("module", ["m10", "m66", "m85", "m95"])
def test_3_3_tls_beside_plain_tcp(module):
    plain = Peer([(10, b"Abcde")])
    inner = Peer([(15, b"1234567")])
    d = Spoken(
        {
            (HOST, 6021): plain,
            (OTHER, 5115): server(inner, "x", client=False, version="1.1", known=False),
        },
        module=module,
        options=Options(unix_s=NOW, rtc_unix_s=NOW, address="10.1.83.187"),
        broker={"tls": False},
        sim={"apn": "CMNET"},
    )
    data = {"10 bytes": b"0123456789", "12 bytes": b"Hello server", "some bytes": b"any\x1a"}
    words = d.words(data)
    tcp, tls = d.sockets(4)[1::2]
    words.ask(CONTEXT)
    first, rest = PLAIN.strip().split("\n", 1)
    words.ask(first)
    words.told(rest)
    d.modem.read_max = 1024
    d.opened(tcp, HOST, 6021, False)
    assert tcp.send(b"0123456789", 0, 10)
    d.until(lambda: tcp.listener.data == b"Abcde")
    words.told(BESIDE)
    for name, value in (("sslversion", 2), ("seclevel", 0), ("ciphersuite", "0XFFFF")):
        d.settled(d.ssl.set(name, value))
    d.modem.read_max = 1000
    d.settled(d.ssl.open(tls, OTHER, 5115, limit_s=None))
    d.until(lambda: tls.state == 2)
    d.sent(tls, b"any", inner)
    d.closed(tls)
    d.closed(tcp)
    words.ask(END)
    words.compare(
        {
            "AT+QSSLCLOSE=": "life",
            "AT+QICLOSE=": "life",
            "AT+QIRD=0,1,1,1": "empty",
            "AT+QSSLRECV=0,3,1000": "empty",
        },
        WHY,
    )
    assert plain.got == b"0123456789"
    assert d.events("tls") == ["tls: 3 TLSv1.1 NOT verified: no CA"]
