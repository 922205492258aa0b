"""The dialogues of chapter 3 of the SSL note V3.1, byte for byte, over real TLS.

The note's own files are not known: ours are given its sizes and its checksums.
"""

import pytest

from tests_host.modem.bench import Echo, S
from tests_host.modem.pki import CA
from tests_host.modem.quectel.bench import CIPHERS, OK, QuectelBench
from tests_host.modem.quectel.pki import AUTHORITY, DEVICE, IN_2024, shaped
from tools.modem import TLSService

HOST, PORT = "116.247.104.27", 465
SIZES = {"ca": (1614, 0x4039), "cert": (1419, 0x0618), "key": (1679, 0x83A7)}


def _files():
    cert, key = DEVICE
    shapes = {"ca": AUTHORITY.pem, "cert": cert, "key": key}
    return {name: shaped(pem, *SIZES[name]) for name, pem in shapes.items()}


class Greeter(Echo):
    """Answers what comes with the note's seven digits, once."""

    def received(self, conn, data, now_us):
        self.got += data
        if len(self.got) > 12:
            conn.send(b"1234567")


def _play(b, dialogue):
    for line, answer, wait_s in dialogue:
        data = line if isinstance(line, bytes) else line.encode() + b"\r"
        assert b.type(data, int(wait_s * S)) == answer, line


@pytest.mark.parametrize("where", ["RAM", "NVRAM"])
@pytest.mark.parametrize("module", ["m10", "m66", "m85", "m95"])
def test_3_1_and_3_2_both_sides_show_certificates(module, where):
    echo = Greeter()
    server = TLSService(echo, *AUTHORITY.issue("server"), AUTHORITY.pem, "1.1", CIPHERS)
    b = QuectelBench(
        {(HOST.encode(), PORT): server}, module=module, rtc_unix_s=IN_2024, address="10.1.83.188"
    ).on()
    b.run(20 * S)
    files = _files()
    names = {
        "RAM": ("RAM:ca_cert.pem", "RAM:client_cert.pem", "RAM:client_key.pem"),
        "NVRAM": ("NVRAM:CA0", "NVRAM:CC0", "NVRAM:CK0"),
    }[where]
    ca, cert, key = names
    connect = b"\r\nCONNECT\r\n"
    dialogue = [
        (f'AT+QSECWRITE="{ca}",1614,100', connect, 0.3),
        (files["ca"], b"\r\n+QSECWRITE: 1614,4039\r\n" + OK, 2),
        (f'AT+QSECWRITE="{cert}",1419,100', connect, 0.3),
        (files["cert"], b"\r\n+QSECWRITE: 1419,618\r\n" + OK, 2),
        (f'AT+QSECWRITE="{key}",1679,100', connect, 0.3),
        (files["key"], b"\r\n+QSECWRITE: 1679,83a7\r\n" + OK, 2),
        ("AT+QIFGCNT=0", OK, 0.3),
        ('AT+QICSGP=1,"CMNET"', OK, 0.3),
        ("AT+QIREGAPP", OK, 0.3),
        ("AT+QIACT", OK, 5),
        ("AT+QILOCIP", b"\r\n10.1.83.188\r\n", 0.3),
        ("AT+QIMUX=1", OK, 0.3),
        ('AT+QSSLCFG="sslversion",0,2', OK, 0.3),
        ('AT+QSSLCFG="ciphersuite",0,"0XFFFF"', OK, 0.3),
        ('AT+QSSLCFG="seclevel",0,2', OK, 0.3),
        (f'AT+QSECREAD="{ca}"', b"\r\n+QSECREAD: 1,4039\r\n" + OK, 0.3),
        (f'AT+QSECREAD="{cert}"', b"\r\n+QSECREAD: 1,618\r\n" + OK, 0.3),
        (f'AT+QSECREAD="{key}"', b"\r\n+QSECREAD: 1,83a7\r\n" + OK, 0.3),
        (f'AT+QSSLCFG="cacert",0,"{ca}"', OK, 0.3),
        (f'AT+QSSLCFG="clientcert",0,"{cert}"', OK, 0.3),
        (f'AT+QSSLCFG="clientkey",0,"{key}"', OK, 0.3),
        (f'AT+QSSLOPEN=1,0,"{HOST}",{PORT},0', OK + b"\r\n+QSSLOPEN: 1,0\r\n", 5),
        ("AT+QSSLSEND=1,12", b"\r\n> ", 0.3),
        (b"Hello server", b"\r\nSEND OK\r\n", 0.5),
        ("AT+QSSLSEND=1", b"\r\n> ", 0.3),
        (b"any\x1a", b'\r\nSEND OK\r\n\r\n+QSSLURC: "recv",0,1\r\n', 0.5),
        (
            "AT+QSSLRECV=0,1,1500",
            b"\r\n+QSSLRECV: %s:465,TCP,7\r\n1234567" % HOST.encode() + OK,
            1,
        ),
        ("AT+QSSLRECV=0,1,1500", OK, 0.3),
        ("AT+QSSLCLOSE=1", b"\r\n1, CLOSE OK\r\n", 1),
    ]
    if where == "RAM":
        dialogue += [(f'AT+QSECDEL="{name}"', OK, 0.3) for name in names]
    _play(b, [*dialogue, ("AT+QIDEACT", b"\r\nDEACT OK\r\n", 3)])
    assert echo.got == b"Hello serverany" and echo.closed_conns == 1
    assert b.events("tls") == ["1 TLSv1.1 verified"]


def test_3_3_tls_beside_plain_tcp():
    plain, inner = Echo(), Greeter()
    plain.received = lambda conn, data, now_us: conn.send(b"Abcde")
    server = TLSService(inner, *CA("other", use_rsa=True).issue("x"), None, "1.1", CIPHERS)
    b = QuectelBench({(HOST.encode(), 6021): plain, (b"124.74.41.170", 5115): server}).on()
    b.run(20 * S)
    _play(
        b,
        [
            ("AT+QIFGCNT=0", OK, 0.3),
            ('AT+QICSGP=1,"CMNET"', OK, 0.3),
            ("AT+QIREGAPP", OK, 0.3),
            ("AT+QIACT", OK, 5),
            ("AT+QILOCIP", b"\r\n100.64.132.137\r\n", 0.3),
            ("AT+QIMUX=1", OK, 0.3),
            ("AT+QINDI=1", OK, 0.3),
            (f'AT+QIOPEN=1,"TCP","{HOST}",6021', OK + b"\r\n1, CONNECT OK\r\n", 2),
            ("AT+QISEND=1,10", b"\r\n> ", 0.3),
            (b"0123456789", b"\r\nSEND OK\r\n\r\n+QIRDI: 0,1,1\r\n", 1),
            ("AT+QIRD=0,1,1,1024", b"\r\n+QIRD: %s:6021,TCP,5\r\nAbcde" % HOST.encode() + OK, 1),
            ('AT+QSSLCFG="sslversion",0,2', OK, 0.3),
            ('AT+QSSLCFG="seclevel",0,0', OK, 0.3),
            ('AT+QSSLCFG="ciphersuite",0,"0XFFFF"', OK, 0.3),
            ('AT+QSSLOPEN=3,0,"124.74.41.170",5115,0', OK + b"\r\n+QSSLOPEN: 3,0\r\n", 5),
            ("AT+QSSLSEND=3,12", b"\r\n> ", 0.3),
            (b"Hello server", b"\r\nSEND OK\r\n", 0.5),
            ("AT+QSSLSEND=3", b"\r\n> ", 0.3),
            (b"any\x1a", b'\r\nSEND OK\r\n\r\n+QSSLURC: "recv",0,3\r\n', 0.5),
            (
                "AT+QSSLRECV=0,3,1000",
                b"\r\n+QSSLRECV: 124.74.41.170:5115,TCP,7\r\n1234567" + OK,
                1,
            ),
            ("AT+QSSLCLOSE=3", b"\r\n3, CLOSE OK\r\n", 1),
            ("AT+QICLOSE=1", b"\r\n1, CLOSE OK\r\n", 1),
            ("AT+QIDEACT", b"\r\nDEACT OK\r\n", 3),
        ],
    )
    assert b.events("tls") == ["3 TLSv1.1 NOT verified: no CA"]
