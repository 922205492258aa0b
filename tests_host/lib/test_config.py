"""Configuration: what a file becomes, and what is said about one that is wrong."""

import os

from uplink import ConfigError, config, errors
from uplink.app import keys, values

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PLAIN = b'{"id":"7","broker":{"host":"h","tls":false}%s}'


def _folder():
    """A new folder with ca.crt, a.crt, a.key, empty.crt, large.crt and der.crt in it."""
    number = os.urandom(6)
    path = "/tmp/uplink-" + "".join("%02x" % b for b in number)
    os.mkdir(path)
    for name, data in (
        ("ca.crt", PEM),
        ("a.crt", PEM),
        ("a.key", PEM),
        ("empty.crt", b""),
        ("large.crt", PEM + b"\n" * 10240),
        ("der.crt", b"0\x82\x01\x01"),
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


def test_defaults_are_filled_in_for_every_key():
    cfg = _plain()
    for row in keys.KEYS:
        at = cfg
        for name in row[0].split("."):
            if at is None:
                break
            assert name in at, row[0]
            at = at[name]
    assert cfg["uart"]["baud"] == 115200
    assert cfg["broker"]["will"] is None
    assert cfg["modem"]["type"] == b"auto" and cfg["modem"]["radio"] == b"lte-m"
    assert cfg["tls"]["verify"] == "ca" and cfg["tls"]["version"] == "1.2"
    assert cfg["tls"]["check_dates"] is True
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


def test_unknown_keys_are_refused_with_the_nearest_one():
    _expect(b',"outbox":{"mesages":4}', "line 1: outbox.mesages", "mean outbox.messages?")
    _expect(b',"telemetri":{"qos":1}', "telemetri", "mean telemetry?")
    _expect(b',"host":"x"', "mean broker.host?")
    _expect(b',"modem":{"apn":"x"}', "mean sim.apn?")
    message = _wrong(PLAIN % b',"xyzzyplugh":1')
    assert "a known key" in message and "mean" not in message


def test_keys_with_a_number_sign_are_comments():
    assert _plain(b',"#":"why","modem":{"# led":"off","led":false}')["modem"]["led"] is False


def test_the_line_of_the_mistake_is_named():
    text = '{\n "id": "7",\n "broker": {\n  "host": "h",\n  "tls": false,\n  "port": 70000\n }\n}'
    assert _wrong(text) == (
        "uplink.json: line 6: broker.port: expected a whole number from 1 to 65535, found 70000"
    )


def test_types():
    for more, part in (
        (b',"watchdog_s":"8"', 'whole number from 0 to 8 (s), found "8"'),
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
        (b',"uart":{"tx":-1}', "a pin number"),
        (b',"uart":{"tx":true}', "a pin number"),
        (b',"telemetry":{"topic":7}', "a text in double quotes, found 7"),
        (b',"telemetry":{"topic":{}}', "found a section"),
    ):
        _expect(more, part)


def test_bounds_of_every_number():
    for row in keys.KEYS:
        if row[1] & keys.KIND != keys.INT:
            continue
        for n, good in ((row[3] - 1, False), (row[3], True), (row[4], True), (row[4] + 1, False)):
            value, expected = values.convert(row, n, "7", "")
            assert (expected == "") == good, (row[0], n)
            assert not good or value == n


def test_every_default_is_accepted_by_its_own_row():
    for row in keys.KEYS:
        if row[2] is ... or row[2] is None:
            continue
        value, expected = values.convert(row, row[2], "7", "")
        assert expected == "", row[0]


def test_nothing_that_ends_a_command_line_is_let_through():
    for c in ('"', "\r", "\n", "\x1a", "\x1b", "\0", "\x08", "\x7f", "\\", "é"):
        for row in keys.KEYS:
            kind = row[1] & keys.KIND
            if kind not in (keys.AT, keys.HOST, keys.DIGITS, keys.PATH, keys.ID):
                continue
            for text in (c + "1234", "12" + c + "34", "1234" + c):
                value, expected = values.convert(row, text, "7", "")
                assert expected and value is None, (row[0], c)


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
    _expect(b',"pins":{"dtr":{"active":"low"}}', '"pin"')
    _expect(b',"pins":{"dtr":{"pin":5,"active":"on"}}', '"active"')
    _expect(b',"pins":{"dtr":{"pin":5,"polarity":"low"}}', 'only "pin" and "active"')
    _expect(b',"pins":{"dtr":99}', "pin number")
    _expect(b',"pins":{"dtr":{"pin":4}},"uart":{"tx":4}', "pins.dtr", "another pin than uart.tx")


def test_what_no_key_can_say_alone():
    for text, part in (
        (b'{"id":"7","broker":{"host":"h"}}', "tls.ca"),
        (b'{"id":"7","broker":{"host":"h","tls":false,"password":"x"}}', "broker.user"),
        (b'{"id":"7","broker":{"host":"h","tls":false,"client_id":""}}', "broker.client_id"),
        (PLAIN % b',"outbox":{"messages":3}', "outbox.inflight"),
        (PLAIN % b',"backoff":{"first_s":400}', "backoff.first_s"),
        (PLAIN % b',"modem":{"sleep":true}', "modem.sleep"),
    ):
        assert part in _wrong(text)
    _plain(b',"modem":{"sleep":true},"pins":{"dtr":3}')
    config.parse(b'{"id":"7","broker":{"host":"h","tls":false,"client_id":"","clean":true}}')


def test_verification_is_only_off_where_it_is_written():
    text = b'{"id":"7","broker":{"host":"h"},"tls":{"verify":"none"}}'
    assert config.parse(text)["tls"]["verify"] == "none"
    _wrong(b'{"id":"7","broker":{"host":"h"},"tls":{"verify":"NONE"}}')
    _wrong(b'{"id":"7","broker":{"host":"h"},"tls":{"verify":false}}')


def test_certificate_files_are_looked_at():
    path = _folder()
    try:
        for name, part in (
            ("none.crt", "a file that is there"),
            ("empty.crt", "10240 bytes"),
            ("large.crt", "10240 bytes"),
            ("der.crt", "PEM"),
        ):
            text = '{"id":"7","broker":{"host":"h"},"tls":{"ca":"%s"}}' % name
            message = _wrong(text, path + "/")
            assert "tls.ca" in message and part in message, message
        text = '{"id":"7","broker":{"host":"h"},"tls":{"ca":"ca.crt","cert":"a.crt"}}'
        assert "tls.key" in _wrong(text, path + "/")
        text = text.replace('"a.crt"', '"a.crt","key":"a.crt"')
        assert "tls.key" in _wrong(text, path + "/")
    finally:
        _remove(path)


def test_override_names_another_file_and_puts_keys_in():
    path = _folder()
    try:
        with open(path + "/u.json", "wb") as f:
            f.write(PLAIN % b"")
        config.override(path + "/u.json", {"uart.device": "/dev/x", "log": "warn"})
        cfg = config.load("uplink.json")
        assert cfg["uart"]["device"] == "/dev/x" and cfg["log"] == "warn"
    finally:
        config.override(None, {})
        _remove(path)


def test_the_size_of_a_file_is_limited():
    assert "at most" in _wrong(b" " * 20000)
    assert "one object" in _wrong("[1]")


def test_the_table_is_in_order():
    names = [row[0] for row in keys.KEYS]
    assert len(set(names)) == len(names)
    for row in keys.KEYS:
        assert len(row) == 7 and row[6] and isinstance(row[6], str), row[0]
