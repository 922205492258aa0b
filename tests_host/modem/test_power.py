"""Power, pins, baud rates and sleep."""

import pytest

from tests_host.modem.bench import MS, Bench, S

BOOT = b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n"


def test_pulse_of_a_second_switches_on_after_four_and_a_half():
    b = Bench()
    assert b.pulse("PWRKEY", 1 * S) == b""
    assert b.at("AT", 3490 * MS) == b"" and not b.modem.status
    b.run(10 * MS)
    assert b.modem.status
    assert b.run(5 * S) == BOOT


@pytest.mark.parametrize("ms", [30, 500, 990])
def test_short_pulse_does_nothing(ms):
    b = Bench()
    b.pulse("PWRKEY", ms * MS)
    assert b.run(20 * S) == b"" and not b.modem.status
    b.on()
    b.pulse("PWRKEY", ms * MS)
    assert b.run(20 * S) == b"" and b.modem.status
    assert b.at("AT") == b"\r\nOK\r\n"


def test_the_same_pulse_switches_off_and_needs_a_pause():
    b = Bench().on()
    began = b.now
    assert b.pulse("PWRKEY", 1300 * MS) == b"\r\nNORMAL POWER DOWN\r\n"
    assert b.at("AT", 100 * MS) == b""
    while b.modem.status:
        b.run(10 * MS)
    assert 1800 * MS <= b.now - began <= 6910 * MS
    b.pulse("PWRKEY", 1500 * MS)  # within the 2 s pause: not seen
    b.run(10 * S)
    assert not b.modem.status
    b.pulse("PWRKEY", 1500 * MS)
    assert b.run(10 * S) == BOOT


def test_holding_the_key_is_one_pulse():
    b = Bench()
    b.modem.pin("PWRKEY", True, b.now)
    assert b.run(60 * S) == BOOT and b.modem.status


def test_reset_needs_its_length():
    b = Bench().on()
    b.pulse("RESET", 251 * MS)
    assert b.at("AT") == b"\r\nOK\r\n"
    b.pulse("RESET", 252 * MS)
    assert b.at("AT", 4 * S) == b""
    assert b.run(5 * S) == BOOT


def test_cpowd_and_cfun_restart():
    b = Bench().on()
    assert b.at("AT+CFUN=1,1", 20 * S) == b"\r\nOK\r\n" + BOOT
    b.at("ATE0")
    assert b.at("AT+CPOWD=1", 8 * S) == b"\r\nNORMAL POWER DOWN\r\n"
    assert not b.modem.status and b.at("AT", 5 * S) == b""


def test_minimum_functionality():
    b = Bench().on()
    b.run(20 * S)
    assert b.at("AT+CFUN=0", 2 * S) == b"\r\n+CPIN: NOT READY\r\n\r\nOK\r\n"
    assert b.at("AT+CEREG?") == b"\r\n+CEREG: 0,0\r\n\r\nOK\r\n"
    assert b.at("AT+CFUN?") == b"\r\n+CFUN: 0\r\n\r\nOK\r\n"
    again = b.at("AT+CFUN=1", 30 * S)
    assert again.startswith(b"\r\nOK\r\n") and b"+CPIN: READY" in again
    assert b.at("AT+CEREG?") == b"\r\n+CEREG: 0,5\r\n\r\nOK\r\n"


def test_no_rdy_before_the_baud_rate_is_found():
    b = Bench(baud=0)
    b.pulse("PWRKEY", 1 * S)
    assert b.run(10 * S) == b"" and b.modem.status
    assert b.at("AT") == b""  # the one that the rate is found by
    assert b.at("AT") == b"AT\r\r\nOK\r\n"
    assert b.at("AT+IPR=115200") == b"AT+IPR=115200\r\r\nOK\r\n"
    b.modem.fault("reboot")
    assert b.run(10 * S) == BOOT


def test_rate_that_is_not_known_is_never_found():
    b = Bench(baud=0)
    b.modem.set_host_baud(230400)
    b.modem.switch_on()
    for _ in range(10):
        assert b.at("AT") == b""
    b.modem.set_host_baud(9600)
    b.at("AT")
    assert b"OK" in b.at("AT")


def test_wrong_rate_is_noise_both_ways():
    b = Bench().on()
    b.modem.set_host_baud(9600)
    assert b.at("AT") == b""
    b.modem.urc("+CSQN: 1,99")
    heard = b.run(1 * S)
    assert heard and b"CSQN" not in heard
    b.modem.set_host_baud(115200)
    assert b.at("AT") == b"\r\nOK\r\n"


def test_ipr_is_answered_at_the_old_rate_and_then_in_force():
    b = Bench().on()
    assert b.at("AT+IPR=9600") == b"\r\nOK\r\n"
    b.modem.set_host_baud(9600)
    assert b.at("AT") == b"\r\nOK\r\n"


def test_dtr_sleep():
    b = Bench().on()
    b.modem.pin("DTR", True, b.now)
    assert b.at("AT+CSCLK=1") == b"\r\nOK\r\n"
    b.run(60 * S)
    assert b.at("AT") == b"\r\nOK\r\n"  # DTR low: awake
    b.modem.pin("DTR", False, b.now)
    b.run(2 * S)
    assert b.events("power")[-1] == "asleep"
    assert b.at("AT") == b""
    b.modem.pin("DTR", True, b.now)
    assert b.at("AT", 40 * MS) == b""
    b.run(10 * MS)
    assert b.at("AT") == b"\r\nOK\r\n"


def test_urcs_while_asleep_are_lost_or_kept():
    for how, heard in (("lost", b""), ("kept", b"\r\n+CASTATE: 0,0\r\n")):
        b = Bench(sleep_urcs=how).on()
        b.at("AT+CSCLK=1")
        b.run(3 * S)
        b.modem.urc("+CASTATE: 0,0")
        b.modem.pin("DTR", True, b.now)
        assert b.run(1 * S) == heard


def test_power_saving_mode_takes_effect_after_a_restart():
    b = Bench(settings={"CNMP": 38}).on()
    assert b.at('AT+CPSMS=1,,,"00100001","00000101"') == b"\r\nOK\r\n"
    b.run(60 * S)
    assert b.modem.status
    b.at("AT+CFUN=1,1", 10 * S)
    b.run(40 * S)
    assert not b.modem.status and b.at("AT", 1 * S) == b""
    assert b"RDY" in b.run(3620 * S)  # T3412: one hour
    b.run(60 * S)
    assert not b.modem.status
    b.pulse("PWRKEY", 1100 * MS)
    assert b"RDY" in b.run(5 * S)


def test_scale_shortens_the_modules_times_only():
    b = Bench(scale=0.1)
    b.pulse("PWRKEY", 100 * MS)
    b.run(349 * MS)
    assert not b.modem.status
    b.run(2 * MS)
    assert b.modem.status


def test_unknown_pin_is_refused():
    with pytest.raises(ValueError, match="PWRKEY"):
        Bench().modem.pin("POWER", True, 0)
