"""The two ways in which a device finds its module: switched off, or at work for a long time."""

from tests_host.system.bench import DEVICE


def test_a_module_that_is_off_is_switched_on(bench):
    bench.start_broker()
    bench.start_modem("--pins", on=False)
    bench.start_device()
    bench.modem.wait("power: booting")
    bench.device.wait("info mqtt connected, session present: 0")
    assert bench.modem.count("power: booting") == 1


def test_a_start_is_no_restart(bench):
    """While the baud rate is not found there is no RDY; `SMS Ready` follows 3 s later."""
    bench.start_broker()
    bench.start_modem("--pins", "--set", "sms_ready_ms=60000", on=False)
    bench.start_device()
    bench.modem.wait("urc: SMS Ready")
    bench.device.wait("info mqtt connected")
    bench.broker.publish(f"devices/{DEVICE}/cmd", b'{"ping":1}', 1)
    bench.device.wait("info app command ping")
    assert bench.device.count("restarted by itself") == 0


def test_a_module_that_registered_before_it_was_told_to_take_the_networks_time(bench):
    """Its clock still says 1980, which no certificate's dates fit: the time is asked for."""
    bench.start_broker()
    bench.start_modem("--pins", clock=False)
    bench.start_device()
    told = bench.device.wait("CAOPEN result 24|mqtt connected")
    assert told[0] == "mqtt connected", bench.report()
