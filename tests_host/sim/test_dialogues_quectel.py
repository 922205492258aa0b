"""The example dialogues of the SSL note V3.1, chapter 3, between the driver and the virtual modem:
every command from the switching on, in order. What the driver says besides, or otherwise, stands
in the lists with its reason (`WHY` of quectel_lines.py). 3.3 is word for word the note's; 3.1 and
3.2 are as the driver does them by itself, word for word they are in test_words_quectel.py.

The blanks of `AT+ QSSLOPEN =1, 0,…` are the note's typesetting (2.2.2 has none). For the guide's
`"RAM:ca_cert.pem"` stands the driver's `"RAM:CA0"`: a name in RAM is free (2.2.7).
"""

import pytest

from tests_host.sim.guide import exactly
from tests_host.sim.quectel_lines import WHY, Device, Peer, files, said, server
from tools.modem.options import Options
from uplink import log
from uplink.services.ssl import ModuleSSL

HOST = b"116.247.104.27"
OTHER = b"124.74.41.170"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


DATA = 19  # of states: the event
NOW = 1_717_200_000.0

START = """
    + start AT
    + start AT+CMEE?
    + start ATZ
    + start ATE0
    + start AT+CMEE=2
    + start AT+IPR?
    + start AT+IPR=115200;&W
    + start AT+QSCLK=0
    + start AT+QIPROMPT=1
    + start AT+QISDE=0
    + start AT+QNITZ=1
    + start AT+CTZU=1
    + start AT+CTZU=3
    + start AT+CREG=1
    + start AT+CGMM
    + start AT+CGMR
    + start AT+GSN
"""
# Of chapters 3.1 and 3.2, {} being where the files are. In RAM the guide has names of its own.
UPLOAD = """
    + there AT+QSECREAD="{{0}}:{0}"
    + there AT+QSECDEL="{{0}}:{0}"
    AT+QSECWRITE="{{0}}:{0}",{1},100 ~ wait AT+QSECWRITE="{{0}}:{0}",{1},20
    + there AT+QSECREAD="{{0}}:{0}"
"""
UPLOADS = UPLOAD.format("CA0", 1614) + UPLOAD.format("CC0", 1419) + UPLOAD.format("CK0", 1679)
REGISTERED = """
    + start AT+CPIN?
    + start AT+CIMI
    + start AT+QCCID
    + start AT+CREG=1
    + start AT+COPS?
    + start AT+CREG?
"""
CONTEXT = """
    + attach AT+QILOCIP
    + attach AT+CGATT?
    + attach AT+CGREG?
    + attach AT+CGACT=0,1
    + attach AT+QIDEACT
    AT+QIFGCNT=0
    AT+QICSGP=1,"CMNET"
    AT+QIREGAPP
    + attach AT+QIREGAPP?
    AT+QIACT
    AT+QILOCIP
    AT+QIMUX=1
"""
CLOCK = """
    + plain AT+QIDNSIP=1
    + clock AT+CCLK?
    + clock AT+COPS?
    + clock AT+CSQ
"""
CONNECTION = """
    + life AT+QSSLCLOSE=1
    + life AT+QICLOSE=1
    AT+QSSLCFG="sslversion",0,2
    AT+QSSLCFG="ciphersuite",0,"0XFFFF"
    AT+QSSLCFG="seclevel",0,2
    AT+QSECREAD="{0}:CA0"
    AT+QSECREAD="{0}:CC0"
    AT+QSECREAD="{0}:CK0"
    AT+QSSLCFG="cacert",0,"{0}:CA0"
    AT+QSSLCFG="clientcert",0,"{0}:CC0"
    AT+QSSLCFG="clientkey",0,"{0}:CK0"
    + dates AT+QSSLCFG="ignorertctime",0
    AT+QSSLOPEN=1,0,"116.247.104.27",465,0 ~ wait AT+QSSLOPEN=1,0,"116.247.104.27",465,0,80
    AT+QSSLSEND=1,12
    AT+QSSLSEND=1
    AT+QSSLRECV=0,1,1500
    + empty AT+QSSLRECV=0,1,1500
    AT+QSSLCLOSE=1
"""
FORGET = """
    AT+QSECDEL="{0}:CA0"
    AT+QSECDEL="{0}:CC0"
    AT+QSECDEL="{0}:CK0"
"""


def forms(device, where):
    """What was asked of the certificates, with the guide's answers."""
    told = b"".join(what for _us, way, what in device.vm.log if way == ">")
    for size, checksum in ((1614, b"4039"), (1419, b"618"), (1679, b"83a7")):
        assert b"+QSECWRITE: %d,%s\r\n" % (size, checksum) in told
        assert b"+QSECREAD: 1,%s\r\n" % checksum in told
    return told


def wait(device, ssl):
    """Until what was asked of `ssl` is done: its result."""
    assert device.run(60, lambda: ssl.why != -2)
    return ssl.why


def data_off(device):
    """The rung "packet data off and on" of the ladder; what was said up to the first of it."""
    count = device.commands().count("AT+QIDEACT")
    device.modem.event(DATA)
    assert device.run(10, lambda: device.commands().count("AT+QIDEACT") > count)
    found = said(device)
    assert device.run(120, lambda: device.modem.online)
    return found


@pytest.mark.parametrize("where", ["RAM", "NVRAM"])
@pytest.mark.parametrize("module", ["m10", "m66", "m85", "m95"])
def test_3_1_and_3_2_certificates_of_both_sides(module, where, folder):
    peer = Peer([(15, b"1234567")])
    device = Device(
        {(HOST, 465): server(peer, "server", version="1.1")},
        module=module,
        options=Options(unix_s=NOW, rtc_unix_s=NOW, address="10.1.83.188"),
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
    guide = UPLOADS + REGISTERED + CONTEXT + "+ plain AT+QINDI=1" + CLOCK + CONNECTION
    if where == "RAM":
        ssl.delete()
        assert wait(device, ssl) == -1
        guide += FORGET
        assert not device.vm.page_state.ram
    exactly(data_off(device), START + (guide + "AT+QIDEACT").format(where), WHY)
    assert peer.got == b"Hello serverany" and peer.ended == 1
    assert device.events("tls") == ["tls: 1 TLSv1.1 verified"]
    told = forms(device, where)
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
        assert answer in told, answer


GUIDE_3_3 = f"""
    {START}
    {REGISTERED}
    {CONTEXT}
    AT+QINDI=1
    {CLOCK}
    + life AT+QSSLCLOSE=1
    + life AT+QICLOSE=1
    AT+QIOPEN=1,"TCP","116.247.104.27",6021
    AT+QISEND=1,10
    AT+QIRD=0,1,1,1024
    + empty AT+QIRD=0,1,1,1024
    + empty AT+QIRD=0,1,1,1024
    + look AT+CPIN?
    + look AT+CREG?
    + look AT+QSSLSTATE
    + look AT+CSQ
    + empty AT+QIRD=0,1,1,1024
    + empty AT+QIRD=0,1,1,1024
    AT+QSSLCFG="sslversion",0,2
    AT+QSSLCFG="seclevel",0,0
    AT+QSSLCFG="ciphersuite",0,"0XFFFF"
    + life AT+QSSLCLOSE=3
    + life AT+QICLOSE=3
    AT+QSSLOPEN=3,0,"124.74.41.170",5115,0
    AT+QSSLSEND=3,12
    AT+QSSLSEND=3
    AT+QSSLRECV=0,3,1000
    + empty AT+QSSLRECV=0,3,1000
    AT+QSSLCLOSE=3
    AT+QICLOSE=1
    AT+QIDEACT
"""


def test_3_3_tls_beside_plain_tcp():
    """By `ModuleSSL.open`: the guide has another order here than in 3.1, and nobody verified. All
    that the guide has is exchanged, word for word.
    """
    plain = Peer([(10, b"Abcde")])
    inner = Peer([(15, b"1234567")])
    device = Device(
        {
            (HOST, 6021): plain,
            (OTHER, 5115): server(inner, "x", client=False, version="1.1", known=False),
        },
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
    for name, value in (("sslversion", 2), ("seclevel", 0), ("ciphersuite", "0XFFFF")):
        ssl.set(name, value)
        assert wait(device, ssl) == -1
    ssl.open(tls, OTHER, 5115, limit_s=None)
    assert wait(device, ssl) == -1
    assert device.run(60, lambda: tls.state == 2), tls.listener.told
    assert tls.send(b"Hello server", 0, 12)
    assert device.run(10, lambda: "sent" in tls.listener.told)
    ssl.text(tls, b"any")
    assert wait(device, ssl) == -1
    assert device.run(10, lambda: tls.listener.data == b"1234567")
    tls.close()
    assert device.run(10, lambda: tls.listener.told[-1] == ("closed", 0))
    tcp.close()
    assert device.run(10, lambda: tcp.listener.told[-1] == ("closed", 0))
    exactly(data_off(device), GUIDE_3_3, WHY)
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
