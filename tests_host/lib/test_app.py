"""App: start-up, telemetry, supervision."""

import os

from fake_device import BIRTH, Reset, with_device

from uplink.app import safe


def test_telemetry_comes_at_its_interval_connected_or_not():
    def test(device):
        device.advance(10)
        assert len(device.telemetry_sent()) == 1
        device.advance(59_000)
        assert len(device.telemetry_sent()) == 1
        device.advance(2_000)
        sent = device.telemetry_sent()
        assert len(sent) == 2 and [m["n"] for m in sent] == [1, 2]
        assert sent[0]["rssi_dbm"] == -63
        assert sent[1]["up_s"] >= 59
        assert sent[1]["modem"] == {"power": 2} and sent[1]["mqtt"] == {}
        assert device.mqtt.sent[0][2] == 1

    with_device(test)


def test_telemetry_holds_the_users_values_and_survives_them():
    state = {"fail": False}

    def before(device):
        @device.telemetry
        def values(out):
            out.fixed(b"t", 215, 1)
            if state["fail"]:
                raise ValueError("sensor")

    def test(device):
        device.advance(1)
        assert device.telemetry_sent()[0]["t"] == 21.5
        state["fail"] = True
        device.advance(60_000)
        last = device.telemetry_sent()[-1]
        assert last["t"] == 21.5 and last["values_failed"] is True and last["failures"] == 1

    with_device(test, before=before)


def test_a_full_outbox_is_counted_and_told_later():
    def test(device):
        device.mqtt.room = 1
        device.advance(60_000 * 3 + 10)
        assert len(device.mqtt.sent) == 1 and device.mqtt.refused == 3
        device.mqtt.room = 10
        device.advance(60_000)
        last = device.telemetry_sent()[-1]
        assert last["n"] == 2 and last["mqtt"]["refused"] == 3

    with_device(test)


def test_no_topic_no_telemetry_and_no_commands():
    def test(device):
        device.advance(120_000)
        assert device.mqtt.sent == [] and device.mqtt.routes == []

    with_device(test, more=',"telemetry":{"topic":null},"commands":{"topic":null}')


def test_own_subscriptions_and_tasks():
    ran = []

    def before(device):
        @device.on("all/{id}/#", 0)
        def news(topic, payload):
            ran.append(bytes(payload))

        @device.task
        async def mine():
            ran.append("task")

    def test(device):
        device.advance(1)
        assert ran == ["task"]
        topic, qos, handler = device.mqtt.routes[1]
        assert (topic, qos) == (b"all/7/#", 0)
        handler(b"all/7/x", b"y")
        assert ran == ["task", b"y"]

    with_device(test, before=before)


def test_online_is_told_and_born_and_ends_the_count_of_starts():
    def before(device):
        safe.begin("power")

    def test(device):
        device.advance(2_000)
        assert "starts" in os.listdir(".")
        device.mqtt.connected = True
        device.mqtt.acked = 2
        device.advance(1_100)
        assert "starts" not in os.listdir(".")
        assert (b"s/7", b"on", 1, True) in device.mqtt.sent
        text = "\n".join(device.lines)
        assert "app online" in text and "app acknowledged 2" in text
        device.mqtt.connected = False
        device.advance(1_100)
        assert "app offline" in "\n".join(device.lines)

    with_device(test, broker=BIRTH, before=before)


def test_ten_minutes_without_the_broker_are_a_good_start_too():
    def before(device):
        safe.begin("power")

    def test(device):
        device.advance(600_000 - 5_000)
        assert "starts" in os.listdir(".")
        device.advance(10_000)
        assert "starts" not in os.listdir(".")

    with_device(test, before=before)


def test_the_board_restarts_after_so_long_offline():
    def test(device):
        try:
            device.advance(99_000)
            device.mqtt.connected = True
            device.advance(2_000)
            device.mqtt.connected = False
            device.advance(99_000)
        except Reset:
            raise AssertionError("too early")
        try:
            device.advance(3_000)
        except Reset:
            pass
        assert device.board.resets == 1

    with_device(test, more=',"offline_restart_s":100')
