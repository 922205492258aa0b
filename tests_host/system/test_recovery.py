"""It comes back: after a restart of the broker, and after its own sudden end."""

import signal

from tests_host.system.bench import DEVICE, LIMIT_S

TELEMETRY = f"devices/{DEVICE}/telemetry"
SOON = {"first_s": 1, "max_s": 1}
MESSAGES = 10


def test_the_broker_is_restarted(bench, tmp_path):
    """Nothing is lost: every number arrives, and the session is the one from before."""
    bench.start_broker(options=["persistence true", f"persistence_location {tmp_path}/"])
    bench.start_modem()
    bench.remember("ledger", TELEMETRY)
    with bench.broker.subscribe(TELEMETRY, qos=1) as watch:
        bench.start_device(backoff=SOON)
        bench.device.wait("info mqtt connected, session present: 0")
        assert len(watch.messages(3, LIMIT_S)) >= 3
    bench.broker.stop()
    bench.device.wait("warn mqtt connection ended")
    bench.broker.start()
    bench.device.wait("info mqtt connected, session present: 1")

    payloads = bench.collect("ledger", TELEMETRY, MESSAGES)
    assert len(payloads) == MESSAGES, bench.report()
    numbers = [one["n"] for one in payloads]
    once = list(dict.fromkeys(numbers))  # QoS 1 may bring one twice
    assert once == list(range(1, len(once) + 1)), numbers
    assert payloads[-1]["mqtt"]["reconnects"] == 1, "and it went on behind the restart"
    assert "dropped" not in payloads[-1]["mqtt"]
    assert bench.device.count("app start of") == 1
    # A subscription belongs to the session: it was not asked for again, and it works.
    assert bench.broker.log().count(f"Received SUBSCRIBE from {DEVICE}") == 1
    bench.broker.publish(f"devices/{DEVICE}/cmd", b'{"ping":1}', 1)
    bench.device.wait("info app command ping")


def test_the_device_is_killed_while_the_module_stays_connected(bench):
    """It finds the module as it is, takes the connection over, and switches nothing off."""
    bench.start_broker()
    bench.start_modem("--pins")
    with bench.broker.subscribe(TELEMETRY, qos=1) as watch:
        bench.start_device(backoff=SOON)
        bench.device.wait("info mqtt connected, session present: 0")
        before = len(watch.messages(2, LIMIT_S))
        bench.board.child.process.send_signal(signal.SIGKILL)
        bench.device.wait_end()
        assert bench.modem.count("power: (?!on$|booting$)") == 0, bench.report()

        bench.device.ended = False
        bench.board.start()
        bench.device.wait("info app start of")
        bench.device.wait("info mqtt connected, session present: 1")
        messages = watch.messages(before + 3, LIMIT_S)
        assert len(messages) >= before + 3
        assert any(b'"n":1,' in one.payload for one in messages[before:]), "it counts anew"

    power = [line for line in bench.modem.lines if line.startswith("power: ")]
    assert power == ["power: on"], "no pulse of PWRKEY or RESET reached the module"
    # The certificates are in the module already: they are compared, not written again.
    assert bench.modem.count(r"file: .*: \d+ bytes$") == 3
    assert bench.device.count("uploading") == 3
