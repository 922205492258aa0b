"""Security of the connection: every case ends in a clear error and no application data is sent.

The virtual modem does real TLS (OpenSSL) with the files that the firmware really uploaded; the
server side is real TLS too. Time is simulated, so the module's own clock decides about dates.
"""

import datetime

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.world import World, configuration
from tools.certs.authority import Authority
from tools.modem.options import Options
from tools.modem.tls import TLSService
from uplink import log
from uplink.errors import TLSError

# the network's clock in the simulation; certificates are made for it
NOW = datetime.datetime(2026, 6, 13, 12, 0, tzinfo=datetime.UTC)
MADE = NOW - datetime.timedelta(days=30)
HOST = "broker"
PORT = 8883


class Lines(list):
    def __call__(self, level, room, text, a=None, b=None):
        self.append((level, room, str(text), a, b))

    def text(self):
        return "\n".join(" ".join(str(x) for x in line[1:] if x is not None) for line in self)


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    authority = Authority.create(folder, now=MADE)
    authority.server([HOST], now=MADE)
    authority.device("dev7", now=MADE)
    return authority


def expired(pki):
    """A server certificate that ended a year ago."""
    return pki.server([HOST], stem="expired", days=30, now=NOW - datetime.timedelta(days=400))


def wrong_host(pki):
    """A server certificate for a host that nobody connects to."""
    return pki.server(["other.example.org"], stem="wrong-host", now=MADE)


@pytest.fixture
def lines(monkeypatch):
    found = Lines()
    monkeypatch.setattr(log, "sink", found)
    return found


def make(pki, server=None, client_ca=True, options=None, **tls):
    """A world whose broker is behind TLS; `server` (crt, key) paths."""
    crt, key = server or (pki.folder / "server.crt", pki.folder / "server.key")
    broker = Broker()
    service = TLSService(
        broker,
        crt.read_bytes(),
        key.read_bytes(),
        pki.ca.read_bytes() if client_ca else None,
    )
    tls = {
        "ca": str(pki.ca),
        "cert": str(pki.folder / "devices/dev7.crt"),
        "key": str(pki.folder / "devices/dev7.key"),
        **tls,
    }
    cfg = configuration(broker={"tls": True, "port": PORT, "host": HOST}, tls=tls)
    options = options or Options()
    options.unix_s = NOW.timestamp()
    world = World(cfg, broker=broker, services={(HOST.encode(), PORT): service}, options=options)
    world.service = service
    return world


def refused(world, lines, words, seconds=120):
    """Never connected, nothing of the application sent, and the log says why."""
    world.publish(1)
    assert not world.run(seconds, lambda: world.mqtt.connected)
    assert world.arrived() == [] and not world.broker.history
    assert world.modem.sockets[0].sent == 0
    assert any(word in lines.text() for word in words), lines.text()[-2000:]


def test_verified_connection(pki, lines):
    world = make(pki)
    world.publish(1)
    assert world.run(120, lambda: world.arrived())
    assert world.service.handshakes == 1
    assert "WITHOUT" not in lines.text()
    assert world.modem.counters()["uploads"] == 3


def test_certificates_are_uploaded_once(pki, lines):
    world = make(pki)
    assert world.run(120, lambda: world.mqtt.connected)
    world.vm.fault("reboot")
    world.run(5)
    assert world.run(200, lambda: world.mqtt.connected)
    assert world.modem.counters()["uploads"] == 3, "uploaded again although nothing differed"


def test_a_file_that_differs_in_the_module_is_replaced(pki, lines):
    ca = pki.ca.read_bytes()
    wrong = ca[:200] + b"X" + ca[201:]  # the same size
    world = make(pki, options=Options(files={"uplink-ca.crt": wrong}))
    assert world.run(120, lambda: world.mqtt.connected)
    assert world.modem.counters()["uploads"] == 3


def test_a_key_that_is_not_configured_any_more_is_removed(pki, lines):
    world = make(
        pki,
        client_ca=False,
        cert=None,
        key=None,
        options=Options(files={"uplink-key.pem": b"old"}),
    )
    assert world.run(120, lambda: world.mqtt.connected)
    assert world.modem.files.removed == 1


def test_wrong_ca(pki, lines, tmp_path):
    other = Authority.create(tmp_path, now=MADE)  # the same name, another key
    refused(
        make(pki, ca=str(other.ca)), lines, ("certificate not accepted", "TLS handshake failed")
    )


def test_wrong_host_name(pki, lines):
    world = make(pki, server=wrong_host(pki))
    refused(world, lines, ("certificate not accepted",))
    assert isinstance(world.modem.error(), TLSError)


def test_expired_certificate(pki, lines):
    refused(make(pki, server=expired(pki)), lines, ("certificate not accepted",))


def test_expired_is_accepted_only_by_an_explicit_word(pki, lines):
    world = make(pki, server=expired(pki), check_dates=False)
    assert world.run(120, lambda: world.mqtt.connected)
    assert "dates not checked" in lines.text()


def test_no_client_certificate(pki, lines):
    refused(
        make(pki, cert=None, key=None),
        lines,
        ("TLS handshake failed", "closed by the server", "timed out"),
    )


def test_a_refused_handshake_is_no_lost_network(pki, lines):
    world = make(pki, cert=None, key=None)
    world.run(600)
    used = world.modem.counters()
    assert not world.mqtt.connected and world.service.failures
    assert used["data"] + used["register"] + used["radio"] + used["reset"] + used["power"] == 0


def test_unverified_works_only_when_written_and_warns_each_time(pki, lines, tmp_path):
    world = make(pki, server=wrong_host(pki), verify="none")
    assert world.run(120, lambda: world.mqtt.connected)
    world.vm.fault("socket_closed")
    world.run(2)
    assert world.run(120, lambda: world.mqtt.connected)
    warnings = [line for line in lines if "WITHOUT verification" in line[2]]
    assert len(warnings) == 2


def test_no_ca_is_a_wrong_configuration(pki):
    # the module would trust anybody
    with pytest.raises(Exception) as caught:
        configuration(broker={"tls": True, "port": PORT}, tls={"ca": None})
    assert "tls.ca" in str(caught.value) or "ca" in str(caught.value)


def test_revoked_device_is_told_and_does_not_hammer(pki, lines):
    """The broker refuses the login (CONNACK 5): the error is named, attempts are rare."""
    world = make(pki)
    world.broker.faults.refuse(5, times=1000)
    world.publish(1)
    world.run(900)
    assert world.arrived() == []
    # the refusing CONNACK is lost in the module when the close overtakes it: both end clearly
    assert "refused by the server" in lines.text() or "closed before CONNACK" in (lines.text())
    # a refused login waits half of backoff.max_s at least
    least_s = world.cfg["backoff"]["max_s"] / 2
    assert world.service.handshakes <= 3 + 900 / least_s, "hammering"
    used = world.modem.counters()
    assert used["power"] == 0 and used["reset"] == 0, "a refused login is not a lost network"


def test_clock_comes_before_certificates(pki, lines):
    """Without a time from the network no certificate can be checked: nothing is opened."""
    world = make(pki, options=Options(rtc_unix_s=None))
    assert world.run(120, lambda: world.mqtt.connected)
    opens = [us for us, way, what in world.vm.log if way == "<" and b"AT+CAOPEN" in what]
    asked = [us for us, way, what in world.vm.log if way == "<" and b"AT+CCLK?" in what]
    assert asked and opens and asked[0] < opens[0]


def test_no_secret_in_the_log(pki, lines):
    world = make(pki, options=Options(sim="pin", sim_pin="4321"))
    world.cfg["sim"]["pin"] = b"4321"
    world.cfg["sim"]["apn_user"] = b"apnuser"
    world.cfg["sim"]["apn_password"] = b"apnpw!"
    world.cfg["broker"]["user"] = b"mquser"
    world.cfg["broker"]["password"] = b"mqpw!"
    world.run(120, lambda: world.mqtt.connected)
    world.vm.fault("error", count=5, command="CSTT")
    world.run(60)
    for secret in ("4321", "apnpw!", "mqpw!", "BEGIN RSA", "PRIVATE KEY"):
        assert secret not in lines.text()
