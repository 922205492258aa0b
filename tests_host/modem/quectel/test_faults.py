"""Each fault of the list on these modules, and those that only they have."""

import pytest

from tests_host.modem.bench import MS, Echo, S, Sink
from tests_host.modem.quectel.bench import BOOT, CIPHERS, ERROR, OK, QuectelBench
from tests_host.modem.quectel.pki import HOST, SERVER
from tools.modem import TLSService

SEND_OK = b"\r\nSEND OK\r\n"


def _tls(service=None, **options):
    server = TLSService(service or Echo(), *SERVER, ciphers=CIPHERS)
    b = QuectelBench({(HOST.encode(), 8883): server, (b"host", 7): Echo()}, **options).online()
    b.at('AT+QSSLCFG="sslversion",0,3')
    assert _open(b).endswith(b"\r\n+QSSLOPEN: 1,0\r\n")
    return b


def _open(b, cid=1, us=5 * S):
    return b.at(f'AT+QSSLOPEN={cid},0,"{HOST}",8883,0', us)


def _on_again(b):
    """Off by AT+QPOWD, on by PWRKEY."""
    b.at("AT+QPOWD=1", 14 * S)
    b.run(S)
    b.pulse("PWRKEY", S)
    assert b.run(10 * S).startswith(b"\r\nRDY")


# Quectel's own


def test_send_fails_for_a_while_and_the_socket_lives():
    sink = Sink()
    b = _tls(sink)
    b.modem.fault("send_blocked", for_s=10)
    assert b.send("AT+QSSLSEND=1,2", b"hi") == b"\r\nSEND FAIL\r\n"
    assert b.send("AT+QSSLSEND=1,2", b"hi") == b"\r\nSEND FAIL\r\n" and sink.got == b""
    b.run(10 * S)
    assert b.send("AT+QSSLSEND=1,2", b"hi") == SEND_OK and sink.got == b"hi"


def test_opening_that_is_never_told():
    b = _tls()
    b.modem.fault("open_silent")
    assert _open(b, 2, 300 * S) == OK
    assert _open(b, 2) == OK + b"\r\n+QSSLOPEN: 2,-2\r\n"  # it is open
    assert b.at("AT+QSSLCLOSE=2", S) == b"\r\n2, CLOSE OK\r\n"
    assert _open(b, 2) == OK + b"\r\n+QSSLOPEN: 2,0\r\n"


def test_sockets_leak_until_a_power_cycle():
    b = _tls()
    b.at("AT+QSSLCLOSE=1", S)
    b.modem.fault("socket_leak", opens=3)

    def count():
        for n in range(6):
            if not _open(b).endswith(b",0\r\n"):
                return n
            b.at("AT+QSSLCLOSE=1", S)

    assert count() == 3
    assert b.at("AT+QILOCIP") == b"\r\n100.64.132.137\r\n"  # the IP is up
    assert b.at('AT+QIOPEN=2,"TCP","host",7', 2 * S) == OK + b"\r\n2, CONNECT FAIL\r\n"
    b.at("AT+QIDEACT", 3 * S)
    b.at("AT+QIREGAPP")
    b.at("AT+QIACT", 5 * S)
    assert count() == 0
    b.at("AT+CFUN=1,1", 10 * S)  # a restart is no power cycle
    b.at("ATE0")
    b.connect()
    b.at('AT+QSSLCFG="sslversion",0,3')
    assert count() == 0
    _on_again(b)
    b.at("ATE0")
    b.connect()
    b.at('AT+QSSLCFG="sslversion",0,3')
    assert count() == 3


def test_prompt_is_off_after_the_next_restart():
    b = _tls()
    b.modem.fault("prompt_off")
    assert b.at("AT+QIPROMPT?") == b"\r\n+QIPROMPT: 1\r\n" + OK
    b.modem.fault("reboot")
    b.run(10 * S)
    b.at("ATE0")
    assert b.at("AT+QIPROMPT?") == b"\r\n+QIPROMPT: 2\r\n" + OK
    assert b.at("AT+QIPROMPT=1") == OK


# the general ones


def test_missing_announcement():
    sink = Sink()
    b = _tls(sink)
    b.modem.fault("missing_dataind")
    sink.conns[0].send(b"one")
    assert b.run(S) == b""
    assert b"TCP,3\r\none" in b.at("AT+QSSLRECV=0,1,9")
    sink.conns[0].send(b"two")
    assert b.run(S) == b'\r\n+QSSLURC: "recv",0,1\r\n'


def test_refused_sends():
    b = _tls(Sink())
    b.modem.fault("send_refused")
    assert b.send("AT+QSSLSEND=1,2", b"hi") == ERROR
    b.modem.fault("send_refused", stage="prompt")
    assert b.at("AT+QSSLSEND=1,2") == ERROR


def test_forms():
    b = _tls()
    b.modem.fault("form", prompt=">", bare_close=1, sec_size="less", echo=1)
    assert b.at("AT+QSSLCLOSE=1", S) == b"AT+QSSLCLOSE=1\r\r\nCLOSE OK\r\n"
    assert b.modem.options.sec_size == "less"
    b.modem.fault("form", prompt="? ", echo=0)
    _open(b)
    assert b.at("AT+QSSLSEND=1,2") == b"\r\n? "


def test_urcs_at_every_place_but_inside_a_payload():
    sink = Sink()
    b = _tls(sink, seed=5)
    sink.conns[0].send(b"p" * 300)
    b.run(S)
    b.modem.settings.set("E", 1)
    b.modem.fault("urc_anywhere", rate=1)
    said = b.at("AT+QSSLRECV=0,1,300")
    assert b",TCP,300\r\n" + b"p" * 300 in said
    before, _, rest = said.partition(b"AT+QSSLRECV=0,1,300\r")
    assert before.startswith(b"\r\n") and before.endswith(b"\r\n")
    assert not rest.startswith(b"\r\n+QSSLRECV") and rest.endswith(OK)
    b.at("AT+QSSLSEND=1,2")
    assert b.type(b"hi").index(b"SEND OK") > 4  # between the prompt and the confirmation


def test_late_answer_and_reboot_in_command():
    b = QuectelBench().on()
    b.run(20 * S)
    b.modem.fault("late", s=5, command="CSQ")
    assert b.at("AT+CSQ", 4 * S) == b""
    assert b.at("AT+CGATT?") == b"\r\n+CGATT: 1\r\n" + OK
    assert b.run(2 * S) == b"\r\n+CSQ: 25,0\r\n" + OK
    b.modem.fault("reboot_in_command", command="GMI")
    said = b.at("AT+GMI", 12 * S)
    assert said.startswith(b"\r\nQuectel_Ltd\r\n") and OK not in said and said.endswith(BOOT)


@pytest.mark.parametrize("until", ["reset", "power_cycle"])
def test_wedged(until):
    b = QuectelBench().on()
    b.modem.fault("wedged_until_" + until)
    assert b.at("AT", 60 * S) == b"" and b.modem.status
    b.pulse("EMERG_OFF", 100 * MS)
    if until == "power_cycle":
        assert b.modem.status and b.at("AT") == b""
        assert b.pulse("PWRKEY", 800 * MS) + b.run(15 * S) == b""  # off without a word
    assert not b.modem.status
    b.run(3 * S)
    assert b.pulse("PWRKEY", S) + b.run(10 * S) == BOOT


def test_brown_out():
    b = QuectelBench().on()
    b.modem.fault("brown_out", for_s=5)
    assert b.run(10 * MS) == b"" and not b.modem.status
    assert b.pulse("PWRKEY", 1100 * MS) + b.run(8 * S) == b""
    assert b.pulse("PWRKEY", S) + b.run(8 * S) == BOOT


def test_sim_removed_and_back():
    b = QuectelBench().on()
    b.run(20 * S)
    b.modem.fault("sim_removed", for_s=10)
    assert b.run(S) == b"\r\n+CPIN: NOT INSERTED\r\n"
    assert b.at("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert b.at("AT+CREG?") == b"\r\n+CREG: 0,0\r\n" + OK
    assert b.run(30 * S) == b"\r\n+CPIN: READY\r\n"
    assert b.at("AT+CREG?") == b"\r\n+CREG: 0,5\r\n" + OK


def test_registration_denied_and_lost():
    b = _tls()
    b.at("AT+CGREG=1")
    b.modem.fault("registration_denied", for_s=60)
    told = b.run(S)
    assert told == b'\r\n+QSSLURC: "closed",1\r\n\r\n+PDP DEACT\r\n\r\n+CGREG: 3\r\n'
    b.run(60 * S)
    b.at("AT+COPS=2", 3 * S)
    assert b"+CGREG: 5" in b.at("AT+COPS=0", 20 * S)
    b.modem.fault("registration_lost", for_s=30)
    assert b"+CGREG: 2" in b.run(S)
    assert b"+CGREG: 5" in b.run(60 * S)


def test_faults_of_the_network():
    echo = Echo()
    b = _tls(echo)
    for fault in ("refused", "dns"):
        b.modem.fault(fault, for_s=10)
        assert _open(b, 2) == OK + b"\r\n+QSSLOPEN: 2,-1\r\n"
        b.run(10 * S)
    b.modem.fault("network_stall", for_s=10)
    assert b.send("AT+QSSLSEND=1,2", b"hi") == SEND_OK
    assert b.run(8 * S) == b""
    assert b.run(4 * S) == b'\r\n+QSSLURC: "recv",0,1\r\n'
    b.modem.fault("network_dead")
    assert b.send("AT+QSSLSEND=1,2", b"hi") == SEND_OK  # queued, and never delivered
    assert b.run(60 * S) == b"" and echo.got == b"hi"
    b.modem.fault("socket_closed")
    assert b.run(S) == b'\r\n+QSSLURC: "closed",1\r\n'
