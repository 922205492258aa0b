"""`tools.run --check`: what a PC says of a configuration before a board gets it."""

import pytest

from tools.run import check, override, table
from uplink import ConfigError, config

PLAIN = '{"id":"7","broker":{"host":"h","tls":false%s}%s}'
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n"


def wrong(broker="", more="", folder=""):
    """The message for a configuration with these additions."""
    with pytest.raises(ConfigError) as caught:
        check.parse((PLAIN % (broker, more)).encode(), "uplink.json", folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("broker", "more", "parts"),
    [
        ("", ',"outbox":{"mesages":4}', ["outbox.mesages", "mean outbox.messages?"]),
        ("", ',"telemetri":{"qos":1}', ["telemetri", "mean telemetry?"]),
        ("", ',"host":"x"', ["mean broker.host?"]),
        ("", ',"modem":{"apn":"x"}', ["mean sim.apn?"]),
        (',"will":{"topik":"x","topic":"y"}', "", ["mean broker.will.topic?"]),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest_one(broker, more, parts):
    message = wrong(broker, more)
    assert "a known key" in message and all(part in message for part in parts), message


def test_nothing_is_suggested_that_is_far_away():
    message = wrong(more=',"xyzzyplugh":1')
    assert "a known key" in message and "mean" not in message


def test_the_line_and_the_meaning_are_named():
    text = (
        '{\n "id": "7",\n "uart": {"id": 1},\n "broker": {"host": "h", "tls": false,\n"port": 0}}'
    )
    with pytest.raises(ConfigError) as caught:
        check.parse(text.encode())
    assert str(caught.value) == (
        "uplink.json: line 5: broker.port: expected a whole number from 1 to 65535, found 0 "
        "(null = 8883 with TLS, 1883 without)"
    )


def test_the_line_is_the_keys_also_where_its_name_stands_before():
    text = '{"uart": {"id": 0},\n"broker": {"host": "h", "tls": false},\n"id": "a b"}'
    with pytest.raises(ConfigError, match="line 3: id"):
        check.parse(text.encode())


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"id":"7","id":"8"}', "each key once"),
        ('{"id":"7" "log":"info"}', 'line 1: expected "," or "}"'),
        ('{"id":"7",}', "a key in double quotes"),
        ('{"id":"7"} {}', "end of the text"),
        ('{"id":"\\ud83d\\ude00"}', "the character itself"),
        ('\ufeff{"id":"7"}', "byte order mark"),
        ("[1]", "the file: expected a section"),
    ],
)
def test_only_strict_json(text, part):
    with pytest.raises(ConfigError) as caught:
        check.parse(text.encode())
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("broker", "more", "key"),
    [
        (',"password":"x"', "", "broker.user"),
        (',"client_id":""', "", "broker.client_id"),
        ("", ',"outbox":{"messages":3}', "outbox.inflight"),
        ("", ',"backoff":{"first_s":400}', "backoff.first_s"),
        ("", ',"modem":{"sleep":true}', "modem.sleep"),
        (f',"will":{{"topic":"x","payload":"{"y" * 500}"}}', ',"outbox":{"bytes":512}', "payload"),
        ("", ',"pins":{"dtr":{"pin":4}},"uart":{"tx":4}', "pins.dtr: expected another pin than"),
    ],
)
def test_what_no_key_can_say_alone(broker, more, key):
    assert key in wrong(broker, more)


def test_what_goes_together_is_let_pass():
    for broker, more in (
        (',"client_id":"","clean":true', ""),
        (',"user":"u","password":"p"', ""),
        ("", ',"modem":{"sleep":true},"pins":{"dtr":3}'),
        ("", ',"pins":{"dtr":{"pin":4}},"uart":{"tx":5}'),
    ):
        assert check.parse((PLAIN % (broker, more)).encode())["id"] == "7"


def test_a_level_that_the_module_cannot_meet():
    with pytest.raises(ValueError, match="m95") as caught:
        check._level(b"m95", "modern")
    assert caught.value.args[0] == "tls.level"
    assert caught.value.args[1].startswith("compatible or legacy: ")
    for module, level in (
        (b"m95", "compatible"),
        (b"sim7000", "modern"),
        (b"auto", "modern"),  # what it is comes out later
        (b"telit", "modern"),  # … and which platform
    ):
        check._level(module, level)


def test_a_module_that_nobody_knows():
    found = wrong(more=',"modem":{"type":"sim800"}')
    assert "modem.type" in found and '"m95"' in found and "Telit" in found


def test_certificate_files_are_looked_into(tmp_path):
    for name in ("ca.crt", "a.crt", "a.key"):
        (tmp_path / name).write_text(PEM)
    (tmp_path / "der.crt").write_bytes(b"0\x82\x01\x01")
    text = '{"id":"7","broker":{"host":"h","tls":%s},"tls":{"ca":"%s","cert":"a.crt","key":"%s"}}'
    for values, part in (
        (("true", "none.crt", "a.key"), "tls.ca: expected a file of 1 to 10240 bytes"),
        (("true", "der.crt", "a.key"), "tls.ca: expected a PEM file"),
        (("true", "ca.crt", "a.crt"), "tls.key: expected another file"),
        (("false", "ca.crt", "a.key"), "broker.tls: expected true"),
    ):
        with pytest.raises(ConfigError) as caught:
            check.parse((text % values).encode(), "u.json", f"{tmp_path}/")
        assert part in str(caught.value)
    good = check.parse((text % ("true", "ca.crt", "a.key")).encode(), "u.json", f"{tmp_path}/")
    assert good["tls"]["key"] == f"{tmp_path}/a.key"


def test_what_is_good_here_is_good_on_the_board():
    text = (PLAIN % ("", ',"log":"warn"')).encode()
    assert check.parse(text) == config.parse(text)


def test_every_default_is_accepted_by_its_own_row():
    for row in table.rows():
        if row.default not in (..., None):
            config.convert(row.flags, row.values, row.default, "7")


def test_every_key_has_its_meaning_and_no_other():
    assert [row.key for row in table.rows()] == list(table.MEANINGS)
    assert all(meaning for _, meaning in table.MEANINGS.values())


def test_values_are_put_in_place_of_the_files(tmp_path):
    (tmp_path / "u.json").write_text(PLAIN % ("", ""))
    values = {"uart.device": "/dev/x", "log": "warn"}
    path = str(tmp_path / "u.json")
    cfg = check.load(path, values)
    assert cfg["uart"]["device"] == "/dev/x" and cfg["log"] == "warn"


def test_the_firmware_gets_them_too(tmp_path, monkeypatch):
    (tmp_path / "u.json").write_text(PLAIN % ("", ""))
    monkeypatch.setattr(config, "load", config.load)
    monkeypatch.setattr(config, "check", config.check)
    values = {"uart.device": "/dev/x", "log": "warn"}
    exec(override.source(str(tmp_path / "u.json"), values), {})
    cfg = config.load("uplink.json")
    assert cfg["uart"]["device"] == "/dev/x" and cfg["log"] == "warn"


def test_the_size_is_limited():
    assert "at most 16384 bytes" in wrong(more=f',"#":"{"x" * 16384}"')


def test_a_secret_is_never_shown():
    for more in (',"sim":{"pin":"12\\r34"}', ',"sim":{"pin":98765}', ',"sim":{"pin":"9"}'):
        message = wrong(more=more)
        assert not any(secret in message for secret in ("34", "98765", '"9"')), message
