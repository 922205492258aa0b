"""Configuration: what a file becomes, and what is said about one that is wrong."""

import os

from uplink import ConfigError, config, errors

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PLAIN = b'{"id":"7","broker":{"host":"h","tls":false}%s}'


def _folder():
    """A new folder with ca.crt, a.crt, a.key, empty.crt and large.crt in it."""
    number = os.urandom(6)
    path = "/tmp/uplink-" + "".join("%02x" % b for b in number)
    os.mkdir(path)
    for name, data in (
        ("ca.crt", PEM),
        ("a.crt", PEM),
        ("a.key", PEM),
        ("empty.crt", b""),
        ("large.crt", PEM + b"\n" * 10240),
    ):
        with open(path + "/" + name, "wb") as f:
            f.write(data)
    return path


def _remove(path):
    for name in os.listdir(path):
        os.remove(path + "/" + name)
    os.rmdir(path)


def _wrong(text, folder=""):
    """The message of the ConfigError for `text`."""
    if isinstance(text, str):
        text = text.encode()
    try:
        config.parse(text, "uplink.json", folder)
    except ConfigError as error:
        return str(error)
    raise AssertionError("accepted: " + repr(text))


def _plain(more=b""):
    return config.parse(PLAIN % more)


def _expect(more, *parts):
    message = _wrong(PLAIN % more)
    for part in parts:
        assert part in message, (part, message)


def _raw(*path):
    """The values of a small file, and the section of `path` in them."""
    raw = {"id": "7", "broker": {"host": "h", "tls": False}}
    at = raw
    for name in path:
        at = at.setdefault(name, {})
    return raw, at


def _checked(value, *path):
    """What `value` of the key becomes, or the text of the ValueError."""
    raw, at = _raw(*path[:-1])
    at[path[-1]] = value
    try:
        cfg = config.check(raw)
    except ValueError as error:
        assert error.args[0] == ".".join(path), error
        return error
    for name in path:
        cfg = cfg[name]
    return cfg


# Every whole number: (section, key, lowest, highest).
NUMBERS = """
. watchdog_s 0 8
. offline_restart_s 0 604800
uart id 0 3
uart rxbuf 256 32766
uart ring 256 16384
modem idle_sleep_s 1 3600
modem sleep_check_s 1 86400
modem sockets 1 8
modem register_s 30 3600
broker port 1 65535
broker keepalive_s 10 65535
broker answer_s 5 300
broker ack_s 10 3600
outbox messages 2 256
outbox bytes 512 65536
outbox inflight 1 64
outbox packet 128 32768
backoff first_s 1 3600
backoff max_s 1 86400
backoff stable_s 1 86400
telemetry interval_s 1 604800
telemetry qos 0 2
commands qos 0 2
"""
# Texts that reach a command line of the module or another narrow place.
NARROW = "sim.pin sim.apn sim.apn_user sim.apn_password broker.host tls.server_name tls.ca tls.key"


def test_defaults_are_filled_in_for_every_key():
    cfg = _plain()
    assert sorted(cfg) == sorted(
        "id log watchdog_s offline_restart_s uart pins modem sim broker tls outbox backoff "
        "telemetry commands".split()
    )
    for name, n in (("uart", 9), ("pins", 5), ("modem", 9), ("sim", 4), ("broker", 12)):
        assert len(cfg[name]) == n, name
    for name, n in (("tls", 8), ("outbox", 4), ("backoff", 3), ("telemetry", 3), ("commands", 3)):
        assert len(cfg[name]) == n, name
    assert cfg["uart"]["baud"] == 115200
    assert cfg["broker"]["will"] is None
    assert cfg["modem"]["type"] == b"auto" and cfg["modem"]["radio"] == b"lte-m"
    assert cfg["tls"]["verify"] == "ca" and cfg["tls"]["version"] == "1.2"
    assert cfg["tls"]["check_dates"] is True and cfg["tls"]["level"] == "compatible"
    assert cfg["broker"]["clean"] is False


def test_strings_for_a_wire_are_bytes():
    cfg = _plain(b',"sim":{"pin":"1234","apn":"a.b","apn_user":"u","apn_password":"p"}')
    sim = cfg["sim"]
    assert (sim["pin"], sim["apn"], sim["apn_user"], sim["apn_password"]) == (
        b"1234",
        b"a.b",
        b"u",
        b"p",
    )
    assert cfg["broker"]["host"] == b"h"
    assert cfg["telemetry"]["topic"] == b"devices/7/telemetry"
    assert isinstance(cfg["id"], str) and isinstance(cfg["log"], str)


def test_id_takes_its_place_in_texts_but_not_in_secrets():
    cfg = config.parse(
        b'{"id":"d-1","broker":{"host":"{id}.example.org","tls":false,"client_id":"c/{id}",'
        b'"user":"{id}","password":"{id}","will":{"topic":"x/{id}","payload":"{id} lost"}}}'
    )
    broker = cfg["broker"]
    assert broker["host"] == b"d-1.example.org" and broker["client_id"] == b"c/d-1"
    assert broker["user"] == b"d-1" and broker["password"] == b"{id}"
    assert broker["will"]["topic"] == b"x/d-1" and broker["will"]["payload"] == b"d-1 lost"
    assert broker["will"]["qos"] == 1 and broker["will"]["retain"] is False


def test_port_follows_tls():
    path = _folder()
    try:
        text = b'{"id":"7","broker":{"host":"h"},"tls":{"ca":"ca.crt"}}'
        cfg = config.parse(text, "uplink.json", path + "/")
        assert cfg["broker"]["port"] == 8883 and cfg["broker"]["tls"] is True
        assert cfg["tls"]["ca"] == path + "/ca.crt"
    finally:
        _remove(path)
    assert _plain()["broker"]["port"] == 1883
    cfg = config.parse(b'{"id":"7","broker":{"host":"h","tls":false,"port":9}}')
    assert cfg["broker"]["port"] == 9


def test_load_reads_files_beside_the_configuration():
    path = _folder()
    try:
        with open(path + "/u.json", "wb") as f:
            f.write(b'{"id":"7","broker":{"host":"h"},')
            f.write(b'"tls":{"ca":"ca.crt","cert":"a.crt","key":"%s/a.key"}}' % path.encode())
        cfg = config.load(path + "/u.json")
        assert cfg["tls"]["cert"] == path + "/a.crt" and cfg["tls"]["key"] == path + "/a.key"
    finally:
        _remove(path)


def test_load_says_which_file_is_missing():
    try:
        config.load("/tmp/uplink-there-is-no-such-file.json")
    except ConfigError as error:
        assert "there-is-no-such-file" in str(error) and "readable" in str(error)
    else:
        raise AssertionError("loaded")


def test_a_configuration_error_is_an_uplink_error_with_file_key_and_expectation():
    try:
        config.parse(b'{"id":"7"}', "f.json")
    except errors.UplinkError as error:
        assert error.file == "f.json" and error.key == "broker.host"
        assert "must be written" in error.expected
    else:
        raise AssertionError("accepted")


def test_unknown_keys_are_refused():
    _expect(b',"outbox":{"mesages":4}', "line 1: outbox.mesages", "a known key")
    _expect(b',"telemetri":{"qos":1}', "telemetri", "a known key")
    _expect(b',"host":"x"', "host", "a known key")
    _expect(b',"broker":{"host":"h","will":{"topic":"x","q":1}}', "broker.will.q", "a known key")


def test_keys_with_a_number_sign_are_comments():
    assert _plain(b',"#":"why","modem":{"# led":"off","led":false}')["modem"]["led"] is False


def test_the_line_of_the_mistake_is_named():
    text = '{\n "id": "7",\n "broker": {\n  "host": "h",\n  "tls": false,\n  "port": 70000\n }\n}'
    assert _wrong(text) == (
        "uplink.json: line 6: broker.port: expected a whole number from 1 to 65535, found 70000"
    )


def test_types():
    for more, part in (
        (b',"watchdog_s":"8"', 'whole number from 0 to 8, found "8"'),
        (b',"watchdog_s":1.5', "whole number"),
        (b',"watchdog_s":true', "found true"),
        (b',"watchdog_s":null', "found null"),
        (b',"log":5', "one of "),
        (b',"log":"verbose"', '"debug", "info", "warn", "error", found "verbose"'),
        (b',"modem":{"led":1}', "true or false, found 1"),
        (b',"modem":{"led":"yes"}', "true or false"),
        (b',"modem":[]', "a section: {…}"),
        (b',"modem":null', "a section: {…}"),
        (b',"modem":{"radio":"5g"}', '"lte-m", "nb-iot", "both"'),
        (b',"uart":{"baud":115201}', "one of 9600, "),
        (b',"uart":{"tx":-1}', "number of a pin"),
        (b',"uart":{"tx":true}', "number of a pin"),
        (b',"telemetry":{"topic":7}', "a text in double quotes"),
        (b',"telemetry":{"topic":{}}', "found {}"),
    ):
        _expect(more, part)


def test_bounds_of_every_number():
    for line in NUMBERS.strip().split("\n"):
        section, name, low, high = line.split(" ")
        path = (name,) if section == "." else (section, name)
        for n in (int(low), int(high)):
            assert _checked(n, *path) == n, line
        for n in (int(low) - 1, int(high) + 1, float(high), high, True):
            assert isinstance(_checked(n, *path), ValueError), line


def test_nothing_that_ends_a_command_line_is_let_through():
    for c in ('"', "\r", "\n", "\x1a", "\x1b", "\0", "\x08", "\x7f", "\\", "\u00e9"):
        for key in NARROW.split(" "):
            for text in (c + "1234", "12" + c + "34", "1234" + c):
                assert isinstance(_checked(text, *key.split(".")), ValueError), (key, c)
        assert isinstance(_checked("a" + c, "id"), ValueError), c
        assert isinstance(_checked("a" + c, "pins", "dtr"), ValueError), c


def test_hosts():
    for host in ("h", "mqtt.example.org", "10.0.0.1", "a-b.c", "2001:db8::1"):
        config.parse(PLAIN.replace(b'"h"', b'"%s"' % host.encode()) % b"")
    for host in ("", "mqtt://h", "h/x", "a b", "-h", ".h", "h" * 254):
        _wrong(PLAIN.replace(b'"h"', b'"%s"' % host.encode()) % b"")


def test_topics_and_filters():
    good = (b"a", b"/", b"a/+/b", b"+", b"#", b"a/#", b"+/+/#", "gr\u00fc\u00df/#".encode())
    for filter in good:
        cfg = _plain(b',"commands":{"topic":"%s"}' % filter)
        assert cfg["commands"]["topic"] == filter
    for filter in (b"", b"a+", b"a/b+/c", b"#/a", b"a#", b"a/#/b", b"a\\u0000", b"a" * 257):
        _expect(b',"commands":{"topic":"%s"}' % filter, "commands.topic")
    for topic in (b"a/+", b"#", b""):
        _expect(b',"telemetry":{"topic":"%s"}' % topic, "telemetry.topic")
    assert _plain(b',"telemetry":{"topic":null}')["telemetry"]["topic"] is None


def test_secrets_are_never_shown():
    for more in (
        b',"sim":{"pin":"12\\r34"}',
        b',"sim":{"pin":"9"}',
        b',"sim":{"pin":98765}',
        b',"sim":{"apn_password":"hunter2\\""}',
    ):
        message = _wrong(PLAIN % more)
        for secret in ("34", "98765", "hunter2", '"9"'):
            assert secret not in message, message


def test_a_shown_value_is_short_and_on_one_line():
    message = _wrong(PLAIN % (b',"log":"a\\n\\u001b[31m' + b"x" * 200 + b'"'))
    assert "\n" not in message and "\x1b" not in message and len(message) < 200


def test_pins():
    cfg = _plain(b',"pins":{"pwrkey":{"pin":5,"active":"high"},"dtr":6,"status":"GP7"}')
    assert cfg["pins"]["pwrkey"] == {"pin": 5, "active": "high"}
    assert cfg["pins"]["dtr"] == 6 and cfg["pins"]["status"] == "GP7"
    _expect(b',"pins":{"dtr":{"active":"low"}}', "pins.dtr.pin", "must be written")
    _expect(b',"pins":{"dtr":{"pin":5,"active":"on"}}', "pins.dtr.active", '"high", "low"')
    _expect(b',"pins":{"dtr":{"pin":5,"polarity":"low"}}', "pins.dtr.polarity", "a known key")
    _expect(b',"pins":{"dtr":99}', "number of a pin")


def test_what_no_key_can_say_alone():
    assert "tls.ca" in _wrong(b'{"id":"7","broker":{"host":"h"}}')
    assert "modem.sleep" in _wrong(PLAIN % b',"modem":{"sleep":true}')
    _plain(b',"modem":{"sleep":true},"pins":{"dtr":3}')


def test_verification_is_only_off_where_it_is_written():
    text = b'{"id":"7","broker":{"host":"h"},"tls":{"verify":"none"}}'
    assert config.parse(text)["tls"]["verify"] == "none"
    _wrong(b'{"id":"7","broker":{"host":"h"},"tls":{"verify":"NONE"}}')
    _wrong(b'{"id":"7","broker":{"host":"h"},"tls":{"verify":false}}')


def test_one_level_comes_of_level_and_version():
    level = lambda more: _plain(b',"tls":{%s}' % more)["tls"]["level"]  # noqa: E731
    assert level(b"") == level(b'"version":"1.2"') == level(b'"level":null') == "compatible"
    assert level(b'"version":"1.1"') == level(b'"version":"1.0"') == "legacy"
    assert level(b'"level":"modern"') == "modern"
    assert level(b'"level":"legacy"') == level(b'"level":"legacy","version":"1.0"') == "legacy"
    # version stays what is written, also where the level would allow less
    assert _plain(b',"tls":{"level":"legacy"}')["tls"]["version"] == "1.2"
    for word in (b"modern", b"compatible"):
        _expect(b',"tls":{"level":"%s","version":"1.1"}' % word, "tls.version", "legacy")
    _expect(b',"tls":{"level":"strict"}', "tls.level", '"modern", "compatible", "legacy"')


def test_the_strictest_level_verifies():
    _expect(b',"tls":{"level":"modern","verify":"none"}', "tls.verify", "compatible")
    assert _plain(b',"tls":{"level":"compatible","verify":"none"}')["tls"]["verify"] == "none"


def test_certificate_files_are_looked_at():
    path = _folder()
    try:
        for name, part in (
            ("none.crt", "a file of"),
            ("empty.crt", "10240 bytes"),
            ("large.crt", "10240 bytes"),
        ):
            text = '{"id":"7","broker":{"host":"h"},"tls":{"ca":"%s"}}' % name
            message = _wrong(text, path + "/")
            assert "tls.ca" in message and part in message, message
        text = '{"id":"7","broker":{"host":"h"},"tls":{"ca":"ca.crt","cert":"a.crt"}}'
        assert "tls.key" in _wrong(text, path + "/")
    finally:
        _remove(path)


def test_the_size_of_a_file_is_limited():
    path = _folder()
    try:
        with open(path + "/u.json", "wb") as f:
            f.write(PLAIN % (b',"#":"' + b"x" * 16384 + b'"'))
        config.load(path + "/u.json")
    except ConfigError as error:
        assert "cut off" in str(error) or "JSON" in str(error)
    else:
        raise AssertionError("loaded")
    finally:
        _remove(path)


def test_a_file_is_one_section():
    assert "the file: expected a section" in _wrong("[1]")


def test_text_that_is_no_json_is_told_with_its_line():
    for text, line in (("{", 1), ('{"id":"7",\n\n x}', 3), ('{"a":1}\n]', 2), ("", 1)):
        assert _wrong(text).startswith("uplink.json: line %d: expected JSON" % line), text
    assert "JSON" in _wrong(b'{"id":"\xff"}')


def test_a_file_that_is_cut_off_is_refused():
    text = b'{"id":"7","broker":{"host":"h","tls":false},"outbox":{"messages":10}}'
    config.parse(text)
    for n in range(len(text)):
        assert "JSON" in _wrong(text[:n])


def test_the_line_of_a_key_that_is_missing_is_not_made_up():
    text = '{\n"id":"7",\n"broker":{"tls":false},\n"telemetry":{"host":1}}'
    assert "line" not in _wrong(text.replace(',\n"telemetry":{"host":1}', ""))
    text = '{\n"id":"7",\n"broker":{"host":"h","will":{}},\n"commands":{"topic":"x"}}'
    assert _wrong(text).startswith("uplink.json: broker.will.topic: expected a value")
