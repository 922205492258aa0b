"""Commands: what is obeyed, what is refused, and the reboot."""

import json

from fake_device import Reset, with_device

from uplink import log


def test_commands_that_are_built_in():
    def test(device):
        device.advance(1)
        assert device.mqtt.routes[0][:2] == (b"devices/7/cmd", 1)
        assert device.obey('{"id":3,"ping":"x"}') == {"id": 3, "ping": "x"}
        assert device.obey('{"interval_s":5}') == {"interval_s": 5}
        n = len(device.telemetry_sent())
        device.advance(20_000)
        assert len(device.telemetry_sent()) - n >= 4
        n = len(device.telemetry_sent())
        assert device.obey('{"telemetry":true}') == {"telemetry": True}
        assert len(device.telemetry_sent()) == n + 1
        assert device.obey('{"log":"warn"}') == {"log": "warn"} and log.threshold == log.WARN

    with_device(test)


def test_commands_that_are_refused():
    def test(device):
        for text, part in (
            ("{}", None),
            ("[1]", "one object"),
            ("{", "JSON"),
            ("", "JSON"),
            (b"\xff\xfe", "UTF-8"),
            (b'{"ping":"\xff"}', "UTF-8"),
            ('{"ping":1} x', "JSON"),
            ('{"nothing":1}', "nothing: unknown command"),
            ('{"nothing\\"x":1}', "unknown command"),
            ('{"interval_s":0}', "1 to 604800"),
            ('{"interval_s":true}', "1 to 604800"),
            ('{"interval_s":"5"}', "1 to 604800"),
            ('{"log":"loud"}', "debug"),
            ('{"reboot":1}', "expected true"),
            ("[" * 500, "JSON"),
        ):
            reply = device.obey(text)
            if part is None:
                assert reply == {}, reply
            else:
                assert part in reply["error"], (text, reply)
        assert device.obey('{"ping":"%s"}' % ("x" * 2000)) is None
        assert device.refused == 15
        assert device.obey('{"ping":1}') == {"ping": 1}

    with_device(test)


def test_handlers_of_the_user():
    seen = []

    def before(device):
        @device.command("led")
        def led(value):
            seen.append(value)
            return "on" if value else "off"

        @device.command("slow")
        async def slow(value):
            await device.loop.sleep_ms(value)
            return {"slept": value}

        @device.command("bad")
        def bad(value):
            raise OSError(5)

    def test(device):
        device.advance(1)
        assert device.obey('{"led":true}') == {"led": "on"} and seen == [True]
        assert device.obey('{"slow":500}') is None
        n = len(device.mqtt.sent)
        device.advance(600)
        assert json.loads(device.mqtt.sent[n][1]) == {"slow": {"slept": 500}}
        reply = device.obey('{"id":9,"bad":1,"led":false}')
        assert reply["id"] == 9 and "bad: failed" in reply["error"] and reply["led"] == "off"
        assert device.failures == 1
        device.obey('{"slow":90000}')
        n = len(device.mqtt.sent)
        device.advance(61_000)
        replies = [json.loads(m[1]) for m in device.mqtt.sent[n:] if m[0] == b"devices/7/reply"]
        assert replies == [{"error": "slow: took too long"}]

    with_device(test, before=before)


def test_what_a_handler_may_return():
    given = {
        "true": True,
        "int": -3,
        "text": 'a "quoted"\ngr\u00fc\u00df',
        "dict": {"a": 1, "b": {"c": False}},
        "list": [1, "two", None],
        "real": 0.5,
        "null": None,
    }

    def before(device):
        @device.command("get")
        def get(name):
            if name == "bytes":
                return b"y"
            if name == "array":
                return bytearray(b"z")
            return "x" * name if isinstance(name, int) else given[name]

    def test(device):
        device.advance(1)
        for name in given:
            assert device.obey(json.dumps({"get": name})) == {"get": given[name]}
        assert device.obey('{"get":"bytes"}') == {"get": "y"}
        assert device.obey('{"get":"array"}') == {"get": "z"}
        assert len(device.obey('{"get":900}')["get"]) == 900
        reply = device.obey('{"id":5,"get":5000}')
        assert reply == {"id": 5, "error": "answer too large"}
        assert device.refused == 1

    with_device(test, before=before)


def test_more_commands_than_can_wait_are_dropped_and_counted():
    def test(device):
        device.advance(1)
        handler = device.mqtt.routes[0][2]
        for i in range(10):
            handler(b"t", b'{"ping":%d}' % i)
        device.advance(10)
        replies = [json.loads(m[1]) for m in device.mqtt.sent if m[0] == b"devices/7/reply"]
        assert replies == [{"ping": i} for i in range(len(replies))] and 4 <= len(replies) < 10
        assert device.refused == 10 - len(replies)

    with_device(test)


def test_reboot_waits_for_the_acknowledgement_of_its_answer():
    def test(device):
        device.advance(1)
        assert device.obey('{"reboot":true}') == {"reboot": True}
        device.advance(3_000)
        assert device.board.resets == 0
        device.mqtt.receipts[-1].event.set()
        try:
            device.advance(10)
        except Reset:
            pass
        assert device.board.resets == 1

    with_device(test)


def test_reboot_does_not_wait_for_ever():
    def test(device):
        device.advance(1)
        device.obey('{"reboot":true}')
        try:
            device.advance(11_000)
        except Reset:
            pass
        assert device.board.resets == 1

    with_device(test)
