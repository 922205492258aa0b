"""`make run`'s way: from a modem's pty to Mosquitto over the module's TLS, and a command back."""

import json
import os
import signal
import sys

import pytest

from tests_host.conftest import ROOT
from tests_host.system.bench import DEVICE, LIMIT_S


def first(watch, ending):
    """Wait for the first message on a topic with this ending."""
    n = 0
    while True:
        messages = watch.messages(n + 1, LIMIT_S)
        for message in messages[n:]:
            if message.topic.endswith(ending):
                return message
        assert len(messages) > n, f"nothing on …{ending}: {messages}"
        n = len(messages)


@pytest.mark.parametrize("pins", [True, False], ids=["pins", "uart alone"])
def test_run_reports_and_obeys(bench, pins):
    bench.start_broker()
    bench.start_modem(*(["--pins"] if pins else []))
    flash = bench.lay_out(uart={"device": None}, pins={"control": None})
    argv = [sys.executable, "-m", "tools.run", "--config", flash / "uplink.json"]
    argv += ["--uart", bench.virtual.uart]
    argv += ["--pins", bench.virtual.pins] if pins else []
    with bench.broker.subscribe(f"devices/{DEVICE}/+") as watch:
        child = bench.family.start("run", argv, cwd=ROOT)
        bench.run.wait("info mqtt connected, session present: 0")
        telemetry = [
            json.loads(one.payload)
            for one in watch.messages(2, LIMIT_S)
            if one.topic.endswith("/telemetry")
        ]
        assert [one["n"] for one in telemetry[:2]] == [1, 2]

        bench.broker.publish(f"devices/{DEVICE}/cmd", b'{"id":41,"ping":"hello"}', 1)
        bench.run.wait("info app command ping")
        reply = first(watch, "/reply")
        assert json.loads(reply.payload) == {"id": 41, "ping": "hello"}

    log = bench.broker.log()
    assert f"as {DEVICE} (" in log, "the device's certificate has this name"
    assert bench.modem.count(r"tls: 0 TLSv1\.2 verified$") == 1
    assert bench.modem.count(r"file: uplink-(ca\.crt|cert\.crt|key\.pem): \d+ bytes$") == 3

    os.killpg(child.process.pid, signal.SIGINT)  # Ctrl-C at a terminal reaches all of the group
    bench.run.wait("uplink: stopped by Ctrl-C")
    bench.run.wait_end()
    assert child.status == 130
