"""Who must not get in does not, and is told why; a server that is not the right one gets nothing.

The pause after a failed attempt is chosen at random below its limit, which is an hour here: a
second attempt within a test is next to impossible, a third even more so. Whoever hammers makes
many.
"""

import re
import shutil

import pytest

from tests_host.mosquitto import Message
from tests_host.system.bench import DEVICE, Bench
from tools.certs import Authority, faulty

PAUSES = {"first_s": 3600, "max_s": 86400}
MOST_ATTEMPTS = 2

HANDSHAKE = "TLS handshake failed: check the server's TLS version and this device's certificate"
CERTIFICATE = "server certificate not accepted: check tls.ca, the host name and the clock"


def refused(bench, sentence):
    """It was tried and refused, the log says why, and nothing of the device's was taken."""
    bench.device.wait(f"warn mqtt connection ended: {sentence}$")
    # The firmware looks after the module some seconds after that: it is alive, and patient.
    bench.modem.wait(r"command: AT\+CASTATE\?")
    assert 1 <= bench.modem.count("socket: 0 connecting") <= MOST_ATTEMPTS, bench.report()
    assert bench.device.count("app start of") == 1, "the board did not restart for it"
    bench.refused()


def nothing_sent(bench):
    """Not a byte of the application's was handed to the module's TLS."""
    assert not bench.modem.count(r"socket: 0 (open|sent)"), bench.report()


def test_a_revoked_device(tmp_path, authority):
    """The broker has the list with its certificate; another device gets in all the same."""
    folder = tmp_path / "pki"
    shutil.copytree(authority.folder, folder)
    with Bench(tmp_path, Authority.load(folder)) as bench:
        bench.start_broker(crl=bench.authority.revoke(DEVICE))
        bench.start_modem()
        bench.start_device(backoff=PAUSES)
        bench.device.wait("warn modem CAOPEN result 27")
        refused(bench, HANDSHAKE)
        nothing_sent(bench)
        assert bench.modem.count("tls: 0 handshake: .*CERTIFICATE_REVOKED"), bench.report()
        assert "certificate verify failed" in bench.broker.log()
        with bench.broker.subscribe("t") as watch:
            bench.broker.publish("t", b"of a device that is not on the list", 1)
            assert len(watch.messages(1)) == 1


def test_a_wrong_password(bench):
    bench.start_broker(users={DEVICE: "right"})
    bench.start_modem()
    bench.start_device(broker={"user": DEVICE, "password": "wr0ng-w0rd"}, backoff=PAUSES)
    # What the broker says may be lost in the module, because the broker closes behind it.
    told = bench.device.wait(
        r"error mqtt CONNECT refused by the server: not authorized 5"
        r"|warn mqtt connection ended: closed before CONNACK: check user, password"
    )
    assert told
    bench.modem.wait(r"command: AT\+CASTATE\?")
    assert 1 <= bench.modem.count("socket: 0 connecting") <= MOST_ATTEMPTS, bench.report()
    bench.refused()
    log = bench.broker.log()
    assert re.search(r"Sending CONNACK to \S+ \(0, 5\)", log) and "not authorised" in log
    for said in (bench.device.text(), bench.modem.text(), log):
        assert "wr0ng-w0rd" not in said


def test_the_right_password(bench):
    bench.start_broker(users={DEVICE: "right", "watcher": "too"})
    bench.broker.login = ("watcher", "too")
    bench.start_modem()
    with bench.broker.subscribe(f"devices/{DEVICE}/telemetry", qos=1) as watch:
        bench.start_device(broker={"user": DEVICE, "password": "right"})
        bench.device.wait("info mqtt connected, session present: 0")
        first = watch.messages(1)[0]
        assert isinstance(first, Message) and b'"n":1,' in first.payload
    assert f"u'{DEVICE}'" in bench.broker.log()


@pytest.mark.parametrize("name", ["Uplink CA", "Another CA"], ids=["same name", "other name"])
def test_a_wrong_ca_on_the_device(bench, tmp_path, name):
    other = Authority.create(tmp_path / "other", name=name)
    bench.start_broker()
    bench.start_modem()
    bench.start_device(ca=other.ca, backoff=PAUSES)
    bench.device.wait("warn modem CAOPEN result 26")
    refused(bench, CERTIFICATE)
    nothing_sent(bench)
    assert bench.modem.count("tls: 0 untrusted")


def test_a_server_certificate_for_another_host(bench, tmp_path):
    server = faulty.wrong_host(bench.authority)
    bench.start_broker(server=server)
    bench.start_modem()
    bench.start_device(backoff=PAUSES)
    bench.device.wait("warn modem CAOPEN result 25")
    refused(bench, CERTIFICATE)
    nothing_sent(bench)
    assert bench.modem.count("tls: 0 .* but name")
