"""PWRKEY and its upper bound, EMERG_OFF, AT+QPOWD, the baud rate, sleep."""

import pytest

from tests_host.modem.bench import MS, S
from tests_host.modem.quectel.bench import BOOT, MAKERS, OK, QuectelBench


@pytest.mark.parametrize("module", MAKERS)
def test_pwrkey_low_for_a_second_switches_on(module):
    b = QuectelBench(module=module)
    b.pulse("PWRKEY", 1 * S)
    assert b.modem.status  # it rises while the key is low
    assert b.run(10 * S) == BOOT


def test_status_rises_between_800_and_1000_ms():
    seen = set()
    for seed in range(20):
        b = QuectelBench(seed=seed)
        b.modem.pin("PWRKEY", True, 0)
        while not b.modem.status:
            b.run(MS)
        seen.add(b.now // MS)
        assert 800 <= b.now // MS <= 1000
        b.modem.pin("PWRKEY", False, b.now)  # as soon as STATUS is seen
        assert b.run(10 * S) == BOOT
    assert max(seen) - min(seen) > 50


@pytest.mark.parametrize("ms", [100, 500, 790])
def test_short_pulse_does_not_switch_on(ms):
    b = QuectelBench()
    b.pulse("PWRKEY", ms * MS)
    assert b.run(20 * S) == b"" and not b.modem.status


@pytest.mark.parametrize(
    ("module", "least"), [("m10", 600), ("m66", 700), ("m85", 700), ("m95", 600)]
)
def test_switching_off_has_a_least_and_a_most(module, least):
    b = QuectelBench(module=module).on()
    b.pulse("PWRKEY", (least - 10) * MS)
    assert b.run(15 * S) == b"" and b.modem.status
    assert b.pulse("PWRKEY", (least + 10) * MS) == b"\r\nNORMAL POWER DOWN\r\n"
    assert b.run(15 * S) == b"" and not b.modem.status
    b = QuectelBench(module=module).on()
    b.modem.settings.store()
    assert b.pulse("PWRKEY", 1200 * MS) == b"\r\nNORMAL POWER DOWN\r\n"
    assert b.run(30 * S) == BOOT  # held too long: it is on again
    assert b.modem.status


def test_down_takes_2_to_12_s_and_then_half_a_second():
    for seed in range(5):
        b = QuectelBench(seed=seed).on()
        began = b.now
        b.pulse("PWRKEY", 800 * MS)
        while b.modem.status:
            b.run(10 * MS)
        assert 2 * S <= b.now - began <= 12 * S
        b.pulse("PWRKEY", 490 * MS)
        b.modem.pin("PWRKEY", True, b.now - 0)
        b.modem.pin("PWRKEY", False, b.now)
        b.run(100 * MS)
        assert b.pulse("PWRKEY", 1 * S) + b.run(10 * S) == BOOT


def test_pulse_before_the_pause_is_over_is_not_seen():
    b = QuectelBench().on()
    b.pulse("PWRKEY", 800 * MS)
    while b.modem.status:
        b.run(10 * MS)
    b.run(400 * MS)
    b.pulse("PWRKEY", 1100 * MS)
    assert b.run(10 * S) == b"" and not b.modem.status


def test_qpowd_announces_or_not():
    b = QuectelBench().on()
    assert b.at("AT+QPOWD=1", 13 * S) == b"\r\nNORMAL POWER DOWN\r\n" and not b.modem.status
    b = QuectelBench().on()
    assert b.at("AT+QPOWD=0", 13 * S) == b"" and not b.modem.status
    b = QuectelBench().on()
    assert b.at("AT+QPOWD=2") == b.at("AT+QPOWD") == b"\r\nERROR\r\n"


def test_emerg_off_cuts_and_nothing_boots_by_itself():
    b = QuectelBench().on()
    b.pulse("EMERG_OFF", 20 * MS)
    assert b.at("AT") == OK  # over 20 ms are needed
    b.pulse("EMERG_OFF", 30 * MS)
    assert not b.modem.status and b.run(20 * S) == b""
    assert b.pulse("PWRKEY", 1 * S) + b.run(10 * S) == BOOT


def test_after_emerg_off_two_seconds_pass():
    b = QuectelBench().on()
    b.pulse("EMERG_OFF", 30 * MS)
    b.run(1900 * MS)
    b.pulse("PWRKEY", 1100 * MS)
    assert b.run(10 * S) == b"" and not b.modem.status
    b.pulse("PWRKEY", 1100 * MS)
    b.run(10 * S)
    b.modem.pin("EMERG_OFF", True, b.now)
    b.run(10 * S)
    b.pulse("PWRKEY", 1100 * MS)
    assert b.run(10 * S) == b"" and not b.modem.status  # held low


def test_emerg_off_while_it_writes_spoils_the_file():
    for wait_s, good in ((1, 0), (6, 1)):
        b = QuectelBench().on()
        b.upload("NVRAM:CA0", b"0123456789" * 50)
        b.run(wait_s * S)
        b.pulse("EMERG_OFF", 30 * MS)
        b.run(3 * S)
        b.pulse("PWRKEY", 1 * S)
        b.run(10 * S)
        b.at("ATE0")
        assert b"+QSECREAD: %d," % good in b.at('AT+QSECREAD="NVRAM:CA0"')


def test_supply_that_fails_while_it_writes_spoils_the_file():
    b = QuectelBench().on()
    b.upload("NVRAM:CC0", b"0123456789" * 50)
    b.modem.fault("brown_out", for_s=1)
    b.run(2 * S)
    b.pulse("PWRKEY", 1 * S)
    b.run(10 * S)
    b.at("ATE0")
    assert b"+QSECREAD: 0," in b.at('AT+QSECREAD="NVRAM:CC0"')


def test_emerg_off_ends_a_power_down_that_hangs():
    b = QuectelBench().on()
    b.at("AT+QPOWD=1", 500 * MS)
    b.pulse("EMERG_OFF", 30 * MS)
    assert not b.modem.status


def test_restart_by_cfun():
    b = QuectelBench().on()
    b.modem.settings.store()
    assert b.at("AT+CFUN=1,1", 10 * S) == OK + BOOT


def test_baud_rate_is_looked_for_after_2_to_3_s_and_by_two_lines():
    b = QuectelBench(baud=0)
    b.pulse("PWRKEY", 1 * S)
    b.run(2 * S)  # the UART is there
    for _ in range(4):
        assert b.at("AT", 400 * MS) == b""  # too soon
    b.run(2 * S)
    assert b.at("AT") == b"" and b.at("AT") == b""
    assert b.at("AT") == b"AT\r" + OK
    assert b.run(10 * S) == b""  # RDY and what else belongs to it has passed


def test_normal_power_down_is_not_told_before_the_rate_is_found():
    b = QuectelBench(baud=0)
    b.pulse("PWRKEY", 1 * S)
    b.run(10 * S)
    assert b.pulse("PWRKEY", 800 * MS) + b.run(13 * S) == b"" and not b.modem.status


def test_fixed_rate_must_be_stored():
    for line, told in (("AT+IPR=115200", b""), ("AT+IPR=115200;&W", BOOT)):
        b = QuectelBench(baud=0)
        b.pulse("PWRKEY", 1 * S)
        b.run(6 * S)
        for _ in range(3):
            b.at("AT")
        assert b.at(line).endswith(OK)
        b.modem.fault("reboot")
        assert b.run(10 * S) == told


def test_sleep_by_dtr_is_not_saved():
    b = QuectelBench().on()
    b.modem.pin("DTR", True, b.now)
    assert b.at("AT+QSCLK=1") == OK
    b.run(30 * S)
    assert b.at("AT") == OK  # DTR low: awake
    b.modem.pin("DTR", False, b.now)
    b.run(3 * S)
    assert b.events("power")[-1] == "asleep" and b.at("AT") == b""
    b.modem.pin("DTR", True, b.now)
    assert b.at("AT", 15 * MS) == b""
    b.run(10 * MS)
    assert b.at("AT") == OK
    b.modem.fault("reboot")
    b.run(10 * S)
    assert b.at("AT+QSCLK?").endswith(b"\r\n+QSCLK: 0\r\n" + OK)


def test_supply_warnings():
    b = QuectelBench().on()
    b.modem.fault("under_voltage")
    b.modem.fault("over_voltage")
    assert b.run(S) == b"\r\nUNDER_VOLTAGE WARNING\r\n\r\nOVER_VOLTAGE WARNING\r\n"


def test_minimum_functionality():
    b = QuectelBench().on()
    b.run(20 * S)
    assert b.at("AT+CFUN=0", 3 * S) == b"\r\n+CPIN: NOT READY\r\n" + OK
    assert b.at("AT+CFUN?") == b"\r\n+CFUN: 0\r\n" + OK
    again = b.at("AT+CFUN=1", 20 * S)
    assert again.startswith(OK) and b"+CPIN: READY" in again and b"Call Ready" in again
