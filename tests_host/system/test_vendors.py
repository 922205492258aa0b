"""Another vendor's module: from off to messages both ways, and taken over as it was found."""

import signal

import pytest

from tests_host.system.bench import DEVICE, LIMIT_S
from tools.certs import Authority

TELEMETRY = f"devices/{DEVICE}/telemetry"
MODULES = ("m95", "le910c1")


@pytest.mark.parametrize("kind", MODULES)
def test_from_off_to_telemetry_and_commands(bench, kind):
    bench.start_broker()
    bench.start_modem("--pins", on=False, kind=kind)
    with bench.broker.subscribe(TELEMETRY, qos=1) as watch:
        bench.start_device()
        bench.modem.wait("power: booting")
        bench.device.wait("info mqtt connected, session present: 0")
        assert len(watch.messages(3, LIMIT_S)) >= 3
        bench.broker.publish(f"devices/{DEVICE}/cmd", b'{"ping":1}', 1)
        bench.device.wait("info app command ping")
    assert bench.device.count("uploading") == 3
    assert bench.modem.count("power: booting") == 1
    assert f"as {DEVICE} (" in bench.broker.log(), "the device's certificate has this name"


@pytest.mark.parametrize("kind", MODULES)
def test_the_device_is_killed_while_the_module_stays_connected(bench, kind):
    """It finds the module as it is, takes the connection over, and switches nothing off."""
    bench.start_broker()
    bench.start_modem("--pins", kind=kind)
    bench.start_device(backoff={"first_s": 1, "max_s": 1})
    bench.device.wait("info mqtt connected, session present: 0")
    bench.board.child.process.send_signal(signal.SIGKILL)
    bench.device.wait_end()
    bench.device.ended = False
    bench.board.start()
    bench.device.wait("info app start of")
    bench.device.wait("info mqtt connected, session present: 1")
    power = [line for line in bench.modem.lines if line.startswith("power: ")]
    assert power == ["power: on"], "no pulse of PWRKEY reached the module"


@pytest.mark.parametrize("kind", MODULES)
def test_auto(bench, kind):
    """The firmware finds out which module it is."""
    bench.start_broker()
    bench.start_modem("--pins", kind=kind)
    bench.start_device(modem={"type": "auto"})
    bench.device.wait("info mqtt connected, session present: 0")


@pytest.mark.parametrize("kind", MODULES)
def test_a_server_of_another_ca_gets_nothing(bench, kind, tmp_path_factory):
    other = Authority.create(tmp_path_factory.mktemp("other"))
    bench.start_broker()
    bench.start_modem(kind=kind)
    bench.start_device(ca=other.ca)
    bench.device.wait("TLS handshake failed")
    bench.device.wait("TLS handshake failed")
    bench.refused()
