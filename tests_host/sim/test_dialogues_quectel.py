"""The example dialogues of the SSL note V3.1, chapter 3, between the driver and the virtual modem.

`GUIDE_3_1` and the others are the guide's command lines in its order. What the driver says beside
them is listed with its reason; what it writes otherwise than the guide is told at its place:

- `AT+ QSSLOPEN =1, 0,…`: the blanks are the note's typesetting (2.2.2 has none).
- `"RAM:ca_cert.pem"`: a name in RAM is free (2.2.7); the driver's are CA0, CC0 and CK0 there, too.
- `,100` of QSECWRITE is its default; the driver gives the file 20 s.
- QSSLOPEN has its time-out behind it (2.2.2), which the examples leave out.
- FACTS (Quectel): `AT+QSECREAD` = 1 is the check of an upload; read until a bare OK.
"""

import pytest

from tests_host.sim.quectel_lines import Device, Peer, compare, files, server
from tools.modem.options import Options
from uplink import log
from uplink.services.ssl import ModuleSSL

HOST = b"116.247.104.27"
OTHER = b"124.74.41.170"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


DATA = 19  # of states: the event

# What chapters 3.1 and 3.2 have in common, {} being where the files are.
UPLOADS = [
    'AT+QSECWRITE="{}:CA0",1614,20',
    'AT+QSECWRITE="{}:CC0",1419,20',
    'AT+QSECWRITE="{}:CK0",1679,20',
]
CONTEXT = [
    "AT+QIFGCNT=0",
    'AT+QICSGP=1,"CMNET"',
    "AT+QIREGAPP",
    "AT+QIACT",
    "AT+QILOCIP",
    "AT+QIMUX=1",
]
CONNECTION = [
    'AT+QSSLCFG="sslversion",0,2',
    'AT+QSSLCFG="ciphersuite",0,"0XFFFF"',
    'AT+QSSLCFG="seclevel",0,2',
    'AT+QSECREAD="{}:CA0"',
    'AT+QSECREAD="{}:CC0"',
    'AT+QSECREAD="{}:CK0"',
    'AT+QSSLCFG="cacert",0,"{}:CA0"',
    'AT+QSSLCFG="clientcert",0,"{}:CC0"',
    'AT+QSSLCFG="clientkey",0,"{}:CK0"',
    'AT+QSSLOPEN=1,0,"116.247.104.27",465,0,80',
    "AT+QSSLSEND=1,12",
    "AT+QSSLSEND=1",
    "AT+QSSLRECV=0,1,1500",
    "AT+QSSLCLOSE=1",
]
FORGET = ['AT+QSECDEL="{}:CA0"', 'AT+QSECDEL="{}:CC0"', 'AT+QSECDEL="{}:CK0"']
END = ["AT+QIDEACT"]

GUIDE_3_3 = [
    *CONTEXT,
    "AT+QINDI=1",
    'AT+QIOPEN=1,"TCP","116.247.104.27",6021',
    "AT+QISEND=1,10",
    "AT+QIRD=0,1,1,1024",
    'AT+QSSLCFG="sslversion",0,2',
    'AT+QSSLCFG="seclevel",0,0',
    'AT+QSSLOPEN=3,0,"124.74.41.170",5115,0,80',
    "AT+QSSLSEND=3,12",
    "AT+QSSLSEND=3",
    "AT+QSSLRECV=0,3,1000",
    "AT+QSSLCLOSE=3",
    "AT+QICLOSE=1",
    "AT+QIDEACT",
]

# What the driver says beside the guide's commands.
EXTRA = [
    # who is there, settings, identity, SIM, registration, time: before the note begins
    "AT", "ATZ", "ATE0", "AT+CMEE*", "AT+IPR*", "AT+IFC*", "AT+QSCLK=0", "AT+QIPROMPT=1",
    "AT+QISDE=0", "AT+QNITZ=1", "AT+CTZU*", "AT+CREG*", "AT+CGMM", "AT+CGMR", "AT+GSN",
    "AT+CPIN?", "AT+CIMI", "AT+QCCID", "AT+COPS?", "AT+CCLK?", "AT+CSQ",
    # is it there already? FACTS: QSECREAD = 1 is the check of an upload
    'AT+QSECREAD="*', 'AT+QSECDEL="*',
    # is packet data up? and chapter 1.4.1
    "AT+QILOCIP", "AT+CGATT?", "AT+CGREG?", "AT+CGACT=0,1", "AT+QIDEACT", "AT+QIREGAPP?",
    # plain connections keep what they receive; host names are taken
    "AT+QINDI=1", "AT+QIDNSIP=1",
    # whatever an earlier life has left open under this number
    "AT+QSSLCLOSE=1", "AT+QICLOSE=1", "AT+QSSLCLOSE=3", "AT+QICLOSE=3",
    # certificates' dates count
    'AT+QSSLCFG="ignorertctime",0',
    # read until a bare OK (2.2.5), also after a send that nothing announced an answer to (FACTS)
    "AT+QSSLRECV=0,1,1500", "AT+QSSLRECV=0,3,1000", "AT+QIRD=0,1,1,1024",
    # supervision: what a lost URC would have told
    "AT+QSSLSTATE",
]  # fmt: skip

# An M10 has no NTP: where the network has told the time too early, it registers again.
M10 = [*CONTEXT, 'AT+QNTP="pool.ntp.org"', "AT+COPS=2", "AT+COPS=0"]


def forms(device, where):
    """What was asked of the certificates, with the guide's answers."""
    said = b"".join(what for _us, way, what in device.vm.log if way == ">")
    for size, checksum in ((1614, b"4039"), (1419, b"618"), (1679, b"83a7")):
        assert b"+QSECWRITE: %d,%s\r\n" % (size, checksum) in said
        assert b"+QSECREAD: 1,%s\r\n" % checksum in said
    return said


def wait(device, ssl):
    """Until what was asked of `ssl` is done: its result."""
    assert device.run(60, lambda: ssl.why != -2)
    return ssl.why


def data_off(device):
    """The rung "packet data off and on" of the ladder; what was said up to the first of it."""
    count = device.commands().count("AT+QIDEACT")
    device.modem.event(DATA)
    assert device.run(10, lambda: device.commands().count("AT+QIDEACT") > count)
    said = device.commands()
    assert device.run(120, lambda: device.modem.online)
    return said


@pytest.mark.parametrize("where", ["RAM", "NVRAM"])
@pytest.mark.parametrize("module", ["m10", "m66", "m85", "m95"])
def test_3_1_and_3_2_certificates_of_both_sides(module, where, folder):
    peer = Peer([(15, b"1234567")])
    device = Device(
        {(HOST, 465): server(peer, "server", version="1.1")},
        module=module,
        options=Options(unix_s=1_717_200_000.0, address="10.1.83.188"),
        tls={**files(folder), "version": "1.1", "level": "legacy"},
        sim={"apn": "CMNET"},
    )
    ssl = ModuleSSL(device.modem)
    device.modem.files.volatile = where == "RAM"
    device.online()
    s = device.sockets(2)[1]
    device.opened(s, HOST, 465, True)
    assert s.send(b"Hello server", 0, 12)
    assert device.run(10, lambda: "sent" in s.listener.told)
    ssl.text(s, b"any")
    assert wait(device, ssl) == -1
    assert device.run(10, lambda: s.listener.data == b"1234567")
    s.close()
    assert device.run(10, lambda: s.listener.told[-1] == ("closed", 0))
    guide = [*UPLOADS, *CONTEXT, *CONNECTION]
    if where == "RAM":
        ssl.delete()
        assert wait(device, ssl) == -1
        guide += FORGET
        assert not device.vm.page_state.ram
    said = data_off(device)
    extra = EXTRA + M10 if module == "m10" else EXTRA
    compare(said, [line.format(where) for line in guide + END], extra)
    assert peer.got == b"Hello serverany" and peer.ended == 1
    assert device.events("tls") == ["tls: 1 TLSv1.1 verified"]
    said = forms(device, where)
    for answer in (
        b"\r\nCONNECT\r\n",
        b"\r\n10.1.83.188\r\n",
        b"\r\nOK\r\n\r\n+QSSLOPEN: 1,0\r\n",
        b"\r\n> ",
        b"\r\nSEND OK\r\n",
        b'\r\n+QSSLURC: "recv",0,1\r\n',
        b"\r\n+QSSLRECV: 116.247.104.27:465,TCP,7\r\n1234567\r\nOK\r\n",
        b"\r\n1, CLOSE OK\r\n",
        b"\r\nDEACT OK\r\n",
    ):
        assert answer in said, answer


def test_3_3_tls_beside_plain_tcp():
    """The guide writes seclevel before ciphersuite here, and after it in 3.1: the driver has one
    order, so that line is looked for by itself.
    """
    plain = Peer([(10, b"Abcde")])
    inner = Peer([(15, b"1234567")])
    device = Device(
        {
            (HOST, 6021): plain,
            (OTHER, 5115): server(inner, "x", client=False, version="1.1", known=False),
        },
        tls={"verify": "none", "version": "1.1", "level": "legacy"},
        broker={"tls": False},
        sim={"apn": "CMNET"},
    )
    ssl = ModuleSSL(device.modem)
    device.online()
    sockets = device.sockets(4)
    tcp, tls = sockets[1], sockets[3]
    device.modem.read_max = 1024
    device.opened(tcp, HOST, 6021, False)
    assert tcp.send(b"0123456789", 0, 10)
    assert device.run(10, lambda: tcp.listener.data == b"Abcde")
    device.run(25)  # (until nothing is read any more that was not announced)
    device.modem.read_max = 1000
    device.opened(tls, OTHER, 5115, True)
    assert tls.send(b"Hello server", 0, 12)
    assert device.run(10, lambda: "sent" in tls.listener.told)
    ssl.text(tls, b"any")
    assert wait(device, ssl) == -1
    assert device.run(10, lambda: tls.listener.data == b"1234567")
    tls.close()
    assert device.run(10, lambda: tls.listener.told[-1] == ("closed", 0))
    tcp.close()
    assert device.run(10, lambda: tcp.listener.told[-1] == ("closed", 0))
    said = data_off(device)
    suite = 'AT+QSSLCFG="ciphersuite",0,"0XFFFF"'
    compare(said, GUIDE_3_3, [*EXTRA, suite])
    at = said.index('AT+QSSLCFG="sslversion",0,2')
    assert sorted(said[at : at + 3]) == sorted(
        ['AT+QSSLCFG="sslversion",0,2', suite, 'AT+QSSLCFG="seclevel",0,0']
    )
    assert plain.got == b"0123456789" and inner.got == b"Hello serverany"
    assert device.events("tls") == ["tls: 3 TLSv1.1 NOT verified: no CA"]
    told = b"".join(what for _us, way, what in device.vm.log if way == ">")
    for answer in (
        b"\r\n1, CONNECT OK\r\n",
        b"\r\n+QIRDI: 0,1,1\r\n",
        b"\r\n+QIRD: 116.247.104.27:6021,TCP,5\r\nAbcde\r\nOK\r\n",
        b"\r\n+QSSLOPEN: 3,0\r\n",
        b'\r\n+QSSLURC: "recv",0,3\r\n',
        b"\r\n+QSSLRECV: 124.74.41.170:5115,TCP,7\r\n1234567\r\nOK\r\n",
        b"\r\n3, CLOSE OK\r\n",
        b"\r\n1, CLOSE OK\r\n",
    ):
        assert answer in told, answer
