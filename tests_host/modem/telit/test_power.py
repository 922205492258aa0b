"""ON_OFF, HW_SHUTDOWN, PWRMON, AT#SHDN, AT#REBOOT, AT+CFUN=5, the line."""

import pytest

from tests_host.modem.bench import MS, S
from tests_host.modem.telit.bench import OK, TelitBench


def off(**options):
    return TelitBench(**options)


def test_five_seconds_switch_on_and_nothing_is_said():
    b = off()
    assert b.pulse("ON_OFF", 4900 * MS) == b"" and b.run(10 * S) == b"" and not b.modem.status
    b.pulse("ON_OFF", 5050 * MS)
    assert not b.modem.status
    assert b.run(1500 * MS) == b"" and b.modem.status  # 6.5 s after the pulse began
    assert b.run(30 * S) == b""  # no URC at all
    assert b.at("AT") == b"AT\r" + OK


def test_on_off_switches_off_after_two_and_a_half_seconds():
    b = off().on()
    assert b.pulse("ON_OFF", 2400 * MS) == b"" and b.run(20 * S) == b"" and b.modem.status
    assert b.pulse("ON_OFF", 2600 * MS) == b""
    assert b.at("AT") == b""
    assert b.modem.status and b.run(7 * S) == b"" and b.modem.status  # 10 to 15 s
    b.run(6 * S)
    assert not b.modem.status
    b.pulse("ON_OFF", 5050 * MS)
    b.run(3 * S)
    assert b.modem.status


def test_shdn_and_reboot():
    b = off().on()
    assert b.at("AT#SHDN") == OK
    assert b.at("AT") == b"" and b.modem.status
    b.run(16 * S)
    assert not b.modem.status
    b = off().on()
    assert b.at("AT#REBOOT") == OK
    b.run(9 * S)
    assert b.at("AT").endswith(OK) and "booting" in b.events("power")


def test_hw_shutdown_is_off_and_stays_off():
    b = off().on()
    b.pulse("HW_SHUTDOWN", 150 * MS)
    assert b.modem.status
    b.pulse("HW_SHUTDOWN", 250 * MS)
    assert not b.modem.status
    b.run(60 * S)
    assert not b.modem.status
    b.pulse("ON_OFF", 5050 * MS)
    b.run(3 * S)
    assert b.modem.status


def test_hw_shutdown_helps_a_wedged_module():
    b = off().on()
    b.modem.fault("wedged_until_reset")
    assert b.at("AT") == b""
    b.pulse("HW_SHUTDOWN", 250 * MS)
    b.run(3 * S)
    b.pulse("ON_OFF", 5050 * MS)
    b.run(3 * S)
    assert b.at("AT").endswith(OK)


def test_le910r1_taps_on_and_off_if_held():
    b = off(page="le910r1")
    b.pulse("ON_OFF", 100 * MS)
    b.run(4 * S)
    assert b.modem.status and b.at("AT").endswith(OK)
    b = off(page="le910r1")
    b.modem.pin("ON_OFF", True, b.now)
    b.run(5 * S)
    assert b.modem.status
    b.run(25 * S)
    assert not b.modem.status
    b.run(60 * S)
    assert not b.modem.status


def test_power_saving_follows_dtr():
    b = off().on()
    b.run(5 * S)
    assert not b.modem.asleep
    b.good("AT+CFUN=5")
    b.run(3 * S)
    assert b.modem.asleep and b.at("AT") == b""
    b.modem.pin("DTR", True, b.now)
    assert b.at("AT", 40 * MS) == b""  # too early
    b.run(20 * MS)
    assert b.at("AT") == OK
    b.run(30 * S)
    assert not b.modem.asleep
    b.at("AT#REBOOT")
    b.run(10 * S)
    assert b.at("AT+CFUN?").endswith(b"\r\n+CFUN: 1\r\n" + OK)  # not kept


def test_twenty_milliseconds_after_a_final_result_code():
    b = off().on()
    b.modem.receive(b"AT\r", b.now)
    while not (out := b.run(MS)):
        pass
    while not out.endswith(OK):
        out += b.run(MS)
    b.run(10 * MS)
    assert b.at("AT") == b""
    assert b.at("AT") == OK


def test_fixed_rate():
    b = off().on()
    b.modem.set_host_baud(9600)
    assert OK not in b.at("AT", S)
    b.modem.set_host_baud(115200)
    b.at("")
    b.good("AT+IPR=9600")
    b.modem.set_host_baud(9600)
    assert b.at("AT", S) == OK
    b.at("AT#REBOOT")
    b.run(10 * S)
    assert b.at("AT", S).endswith(OK)  # saved
    assert b"ERROR" in b.at("AT+IPR=0", S)


@pytest.mark.parametrize("size", [400, 401])
def test_longest_command_line(size):
    b = off().on()
    line = "AT+CGDCONT=1,IP," + "x" * (size - 16)
    answer = b.at(line)
    assert answer == (
        b"\r\nERROR\r\n" if size == 401 else b"\r\n+CME ERROR: operation not supported\r\n"
    )


def test_data_mode_ends_with_the_power():
    from tests_host.modem.bench import Sink

    sink = Sink()
    b = TelitBench({(b"plain.example", 80): sink}).online()
    assert b.at('AT#SD=1,0,80,"plain.example"', 2 * S) == b"\r\nCONNECT\r\n"
    b.pulse("ON_OFF", 2600 * MS)
    b.type(b"after the end", S)
    assert sink.got == b"" and sink.conns == []
    b.run(20 * S)
    b.pulse("ON_OFF", 5050 * MS)
    b.run(3 * S)
    assert b.at("AT").endswith(OK)
