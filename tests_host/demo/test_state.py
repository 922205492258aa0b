"""What the demo concludes from the lines of device, modem, broker and watcher."""

import json

import pytest

from tools.demo.state import Progress


@pytest.fixture
def progress():
    return Progress("demo-7")


def modem(progress, kind, text):
    return progress.line("modem", json.dumps({"t": 1.0, "kind": kind, "text": text}))


UP = (
    ("modem", "power", "on"),
    ("modem", "radio", "registration 5"),
    ("modem", "radio", "packet data active"),
    ("modem", "tls", "0 TLSv1.2 verified"),
    ("broker", "", "New client connected from 127.0.0.1:4 as demo-7 (p2, c0, k120, u'demo-7')."),
)


def feed(progress, steps):
    for source, kind, text in steps:
        if source == "modem":
            modem(progress, kind, text)
        else:
            progress.line(source, text)


def test_the_chain_is_walked_in_order(progress):
    assert progress.stuck_at() == "power"
    expected = ["registered", "address", "TLS", "MQTT", ""]
    for step, stuck in zip(UP, expected, strict=True):
        feed(progress, [step])
        assert progress.stuck_at() == stuck
    assert progress.chain() == (
        "power ✓ → registered ✓ (roaming) → address ✓ → TLS ✓ (TLSv1.2 verified) → MQTT ✓"
    )


@pytest.mark.parametrize(
    ("event", "stuck"),
    [
        (("modem", "power", "going down"), "power"),
        (("modem", "power", "reset"), "power"),
        (("modem", "radio", "registration 2"), "registered"),
        (("modem", "radio", "packet data dropped"), "address"),
        (("modem", "socket", "0 closed by the peer, 0 bytes unread"), "TLS"),
        (("broker", "", "Client demo-7 closed its connection."), "MQTT"),
        (("broker", "", "Client demo-7 has exceeded timeout, disconnecting."), "MQTT"),
        (("modem", "power", "asleep"), ""),
        (("broker", "", "Client demo-77 closed its connection."), ""),
        (("modem", "socket", "0 sent 12 bytes"), ""),
        (("modem", "urc", "+CEREG: 2"), ""),
    ],
)
def test_what_is_lost_takes_the_rest_with_it(progress, event, stuck):
    feed(progress, UP)
    feed(progress, [event])
    assert progress.stuck_at() == stuck


def test_another_client_is_not_the_device(progress):
    progress.line("broker", "New client connected from 127.0.0.1:4 as demo-77 (p2, c0, k120).")
    assert not progress.stages[-1]


def test_it_is_done_when_the_watcher_has_n_and_the_device_has_counted_all(progress):
    for i in range(3):
        progress.line("watcher", f'devices/demo-7/telemetry 1 {{"n":{i}}}')
    progress.line("watcher", "devices/demo-7/status 1 online")
    progress.line("watcher", 'devices/demo-7/reply 1 {"ping":1}')
    assert (progress.telemetry, progress.replies, progress.others) == (3, 1, 1)
    assert progress.last_telemetry == '{"n":2}' and progress.last_reply == '{"ping":1}'
    progress.line("device", "info app acknowledged 4")
    assert not progress.reached(3)
    progress.line("device", "info app acknowledged 5")
    assert progress.reached(3) and not progress.reached(4)


def test_acknowledgements_before_a_restart_still_count(progress):
    progress.line("device", "info app acknowledged 4")
    progress.restarted()
    progress.line("device", "info app start of demo-7 soft")
    progress.line("device", "info app acknowledged 2")
    assert progress.acked == 6 and progress.restarts == 1


def test_only_the_devices_own_words_count_as_acknowledgement(progress):
    progress.line("watcher", "devices/demo-7/telemetry 1 info app acknowledged 99")
    progress.line("device", "debug x info app acknowledged 99")
    progress.line("broker", "Sending PUBACK to demo-7 (m1, rc0)")
    assert progress.acked == 0 and progress.broker_acks == 1


def test_the_broker_is_up_and_watched(progress):
    assert progress.line("broker", "mosquitto version 2.0.11 starting") == ""
    assert not progress.broker_up
    assert progress.line("broker", "mosquitto version 2.0.11 running")
    progress.line("broker", "Sending SUBACK to watcher")
    assert progress.broker_up and progress.watching


@pytest.mark.parametrize("text", ["", "x", "{", "[1]", '{"kind":1}', "uart: /dev/pts/9", "{}"])
def test_no_line_can_break_it(progress, text):
    for source in ("device", "modem", "broker", "watcher", "operator", "anything"):
        progress.line(source, text)
    assert progress.stuck_at() == "power"
