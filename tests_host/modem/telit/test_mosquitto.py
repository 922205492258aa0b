"""The real Mosquitto with TLS and client certificates: the module's own MQTT, and AT#SSLD."""

from time import monotonic

import pytest

from tests_host.modem.bench import MS
from tests_host.modem.telit.bench import AUTHORITY, DEVICE, HOST, OK, SERVER, STRANGER, TelitBench
from tests_host.mosquitto import Mosquitto, Tls
from tools.modem import SocketNetwork

LIMIT_S = 15


class RealBench(TelitBench):
    """Real sockets; the module's time goes on while the network is waited for."""

    def until(self, line, wanted):
        """Type and run until `wanted` has been said; returns everything that was."""
        end = monotonic() + LIMIT_S
        self.modem.receive(line, self.now)
        out = b""
        while wanted not in out:
            assert monotonic() < end, (line, out)
            out += self.run(20 * MS)
            self.network.selector.select(0.005)
        return out + self.run(50 * MS)


@pytest.fixture
def mosquitto(tmp_path):
    """A Mosquitto that wants client certificates, and its client's own."""
    names = {"ca": AUTHORITY.pem, "cert": SERVER[0], "key": SERVER[1]}
    names.update(dcert=DEVICE[0], dkey=DEVICE[1])
    for name, pem in names.items():
        (tmp_path / name).write_bytes(pem)
    tls = Tls(*(str(tmp_path / name) for name in ("ca", "cert", "key")))
    with Mosquitto(tmp_path, tls=tls) as broker:
        yield broker


def bench(mosquitto, page):
    where = ("127.0.0.1", mosquitto.port)
    network = SocketNetwork({(HOST.encode(), 8883): where})
    return RealBench(network=network, page=page).online()


@pytest.mark.parametrize("page", ["me910c1", "me910g1", "els63"])
def test_mqtt_of_the_module(mosquitto, page):
    b = bench(mosquitto, page)
    b.good("AT#MQEN=1,1")
    b.good(f'AT#MQCFG=1,"{HOST}",8883,1,1')
    b.good("AT#SSLSECCFG=1,0,2")
    b.good("AT#SSLSECCFG2=1,3,1")
    for kind, pem in ((1, AUTHORITY.pem), (0, DEVICE[0]), (2, DEVICE[1])):
        b.store(kind, pem)
    b.until(b'AT#MQCONN=1,"device","",""\r', OK)
    b.until(b'AT#MQSUB=1,"loop/#"\r', OK)
    for qos in (0, 1, 2):
        out = b.until(b'AT#MQPUBS=1,"loop/%d",0,%d,"hello"\r' % (qos, qos), OK)
        ring = b"#MQRING: 1,1,loop/%d,5" % qos
        if ring not in out:
            out = b.until(b"", ring)
        assert b.at("AT#MQREAD=1,1") == b"\r\n<<<hello\r\n" + OK
    b.until(b"AT#MQDISC=1\r", OK)
    assert b.events("tls")[0].endswith(" verified")


@pytest.mark.parametrize("page", ["gl865v3", "he910", "le910c1", "le866"])
def test_secure_socket(mosquitto, page):
    b = bench(mosquitto, page).secure(mode=2, pair=DEVICE)
    b.until(f'AT#SSLD=1,8883,"{HOST}",0,1\r'.encode(), OK)
    b.at("AT#SSLSENDEXT=1,16")
    b.until(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02me", OK)
    b.until(b"AT#SSLRECV=1,100\r", b"\r\n#SSLRECV: 4\r\n\x20\x02\x00\x00\r\n" + OK)
    b.until(b"AT#SSLH=1\r", OK)
    b.store(1, STRANGER.pem)
    b.until(f'AT#SSLD=1,8883,"{HOST}",0,1\r'.encode(), b"+CME ERROR: SSL error during handshake")
    b.store(1, AUTHORITY.pem)
    b.good("AT#SSLSECCFG=1,0,1")  # no client certificate
    b.until(f'AT#SSLD=1,8883,"{HOST}",0,1\r'.encode(), b"+CME ERROR: SSL error during handshake")
