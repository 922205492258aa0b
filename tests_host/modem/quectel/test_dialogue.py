"""General commands, the stack and its errors, SIM, registration, clock."""

import pytest

from tests_host.modem.bench import MS, S
from tests_host.modem.quectel.bench import ERROR, MAKERS, OK, QuectelBench
from tools.modem import SimNetwork

CME = b"\r\n+CME ERROR: %d\r\n"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT", OK),
        ("AT+GMI", b"\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision: M95FAR02A08\r\n" + OK),
        ("AT+CGMI", b"\r\nQuectel_Ltd\r\n" + OK),
        ("AT+CGMM", b"\r\nQuectel_M95\r\n" + OK),
        ("AT+CGMR", b"\r\nRevision: M95FAR02A08\r\n" + OK),
        ("AT+GSN", b"\r\n869951037053562\r\n" + OK),
        ("AT+QCCID", b"\r\n8944501012345678901F\r\n" + OK),
        ("AT+CCID", b'\r\n+CCID: "8944501012345678901F"\r\n' + OK),
        ("AT+CIMI", b"\r\n901405101234567\r\n" + OK),
        ("AT+CSQ", b"\r\n+CSQ: 25,0\r\n" + OK),
        ("AT+CREG?", b"\r\n+CREG: 0,5\r\n" + OK),
        ("AT+CGREG?", b"\r\n+CGREG: 0,5\r\n" + OK),
        ("AT+CEREG?", ERROR),
        ("AT+COPS?", b'\r\n+COPS: 0,0,"AT&T FloLive"\r\n' + OK),
        ("AT+CGATT?", b"\r\n+CGATT: 1\r\n" + OK),
        ("AT+CMEE?", b"\r\n+CMEE: 1\r\n" + OK),
        ("AT+QSCLK=2", ERROR),
        ("AT+QSCLK=1", OK),
        ("AT+IPR=115200;&W", OK),
        ("AT+IPR=115201", ERROR),
        ('AT+IPR="115200"', ERROR),
        ("AT+IPR=?", b"\r\n+IPR: (4800,9600,19200,38400,57600,115200),"
         b"(0,75,150,300,600,1200,2400,4800,9600,19200,38400,57600,115200)\r\n" + OK),
        ("AT+QIACT", ERROR),
        ("AT+QILOCIP", ERROR),
        ("AT+QIDEACT", ERROR),
        ("AT+QISTAT", OK + b"\r\nSTATE: IP INITIAL\r\n"),
        ("AT+QIFGCNT?", b"\r\n+QIFGCNT: 0,0\r\n" + OK),
        ("AT+QIFGCNT=2", ERROR),
        ("AT+QIMUX?", b"\r\n+QIMUX: 0\r\n" + OK),
        ("AT+QIMUX=2", ERROR),
        ("AT+QINDI?", b"\r\n+QINDI: 0\r\n" + OK),
        ("AT+QIPROMPT?", b"\r\n+QIPROMPT: 1\r\n" + OK),
        ("AT+QIPROMPT=3", ERROR),
        ("AT+QIDNSIP?", b"\r\n+QIDNSIP: 0\r\n" + OK),
        ('AT+QICSGP=1,CMNET', ERROR),
        ('AT+QICSGP=1,"CMNET","u"', ERROR),
        ('AT+QICSGP=1,"CMNET","u","p"', OK),
        ("AT+QICSGP=0", CME % 4),
        ("AT+QLTS=?", OK),
        ('AT+QPING="host"', ERROR),
        ("AT+QHTTPGET=60", CME % 3808),
        ("AT+QHTTPREAD=60", CME % 3804),
        ("AT+QSSLSTATE?", OK),
        ("AT+QSSLSTATE=?", OK),
        ("AT+QSSLOPEN?", OK),
        ("AT+QSSLOPEN=?", b"\r\n+QSSLOPEN: <ssid>,<ctxindex>,<ipaddr/domainname>,<port>,"
         b"<connectmode>[,<timeout>]\r\n" + OK),
        ("AT+QSSLCLOSE=?", b"\r\n+QSSLCLOSE: (0-5)[,(0,1)]\r\n" + OK),
        ("AT+QSSLSEND=?", b"\r\n+QSSLSEND: (0-5)[,(1-1460)]\r\n" + OK),
        ("AT+QSSLRECV=?", b"\r\n+QSSLRECV: (0,1),(0-5),(1-1500)\r\n" + OK),
        ("AT+QSECWRITE=?", b"\r\n+QSECWRITE: <filename>,<filesize>[,(3-200)]\r\n" + OK),
        ("AT+QSECREAD=?", b"\r\n+QSECREAD: <filename>\r\n" + OK),
        ("AT+QSECDEL?", OK),
        ("ATO", b"\r\nNO CARRIER\r\n"),
        ("AT+NOSUCH", ERROR),
    ],
)  # fmt: skip
def test_answers(line, answer):
    b = QuectelBench().on()
    b.run(20 * S)
    assert b.at(line) == answer


@pytest.mark.parametrize("module", MAKERS)
def test_each_module_tells_its_own_name(module):
    b = QuectelBench(module=module).on()
    b.run(10 * S)
    assert b.at("AT+GMM") == b"\r\nQuectel_%s\r\n" % module.upper().encode() + OK
    assert module.upper().encode() in b.at("AT+GMR")
    assert (OK in b.at('AT+QNTP="a.b"')) == (module != "m10")
    assert (OK in b.at("AT+CCID")) == (module != "m10")
    assert (OK in b.at("AT+CTZU=3")) == (module != "m10")
    assert (OK in b.at('AT+QHTTPCFG="responseheader",1')) == (module == "m66")


def test_echo_ends_in_cr_cr_lf():
    b = QuectelBench().on(echo=True)
    assert b.at("AT+CGMM") == b"AT+CGMM\r\r\nQuectel_M95\r\n" + OK


def test_next_command_too_soon_is_not_heard():
    b = QuectelBench().on()
    b.modem.receive(b"AT\r", b.now)
    out = b""
    while not out.endswith(OK):
        out += b.run(100)
    assert b.at("AT", 10 * MS) + b.run(S) == b""
    assert b.at("AT") == OK


def test_errors_are_bare_numbered_or_worded():
    b = QuectelBench(sim="absent").on()
    assert b.at("AT+CPIN?") == CME % 10
    assert b.at("AT+CMEE=2") == OK
    assert b.at("AT+CPIN?") == b"\r\n+CME ERROR: SIM not inserted\r\n"
    assert b.at("AT+QHTTPREAD=60") == b"\r\n+CME ERROR: HTTP get no request\r\n"
    assert b.at("AT+CMEE=0") == OK
    assert b.at("AT+CPIN?") == ERROR


def test_pin_tries_puk():
    b = QuectelBench(sim="pin").on()
    assert b.at("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n" + OK
    for left in (2, 1, 0):
        assert b.at('AT+CPIN="0000"') == CME % 16
        assert b.at("AT+QTRPIN").startswith(b"\r\n+QTRPIN: %d," % left)
    assert b.at("AT+CPIN?") == b"\r\n+CPIN: SIM PUK\r\n" + OK
    assert b"+CPIN: READY" in b.at('AT+CPIN="12345678","4321"')
    assert not any("4321" in text for text in b.events("command"))


def test_registration_is_told_without_a_technology():
    b = QuectelBench().on()
    b.at("AT+CREG=2")
    b.at("AT+CGREG=1")
    b.at("AT+COPS=2", 3 * S)
    told = b.at("AT+COPS=0", 20 * S)
    assert b'\r\n+CREG: 5,"2F3B","D003"\r\n' in told and b"\r\n+CGREG: 5\r\n" in told
    assert b.at("AT+CREG?") == b'\r\n+CREG: 2,5,"2F3B","D003"\r\n' + OK


# the stack


def test_the_stack_goes_through_its_states():
    b = QuectelBench().on()
    b.run(20 * S)

    def state():
        return b.at("AT+QISTAT").removeprefix(OK + b"\r\nSTATE: ").removesuffix(b"\r\n")

    assert b.at("AT+QIREGAPP") == OK and state() == b"IP START"
    assert b.at("AT+QIREGAPP") == ERROR
    assert b.at("AT+QIFGCNT=1") == ERROR
    assert b.at('AT+QICSGP=1,"x"') == ERROR
    assert b.at("AT+QIACT", 5 * S) == OK and state() == b"IP GPRSACT"
    assert b.at("AT+QIACT") == ERROR
    assert b.at("AT+QILOCIP") == b"\r\n100.64.132.137\r\n" and state() == b"IP STATUS"
    assert b.at("AT+QIDEACT", 3 * S) == b"\r\nDEACT OK\r\n" and state() == b"IP INITIAL"
    assert b.at('AT+QIREGAPP="a","b","c"') == OK
    assert b.at("AT+QIREGAPP?") == b'\r\n+QIREGAPP: "a","b",""\r\n' + OK


def test_the_other_context_is_told_in_its_urcs():
    b = QuectelBench().on()
    b.run(20 * S)
    for line in ("AT+QIFGCNT=1", 'AT+QICSGP=1,"x"', "AT+QIREGAPP"):
        assert b.at(line) == OK
    assert b.at("AT+QIACT", 5 * S) == OK
    assert b.at("AT+QIFGCNT?") == b"\r\n+QIFGCNT: 1,1\r\n" + OK


def test_wrong_apn_is_refused_and_needs_qideact():
    b = QuectelBench(apn="right").on()
    b.run(20 * S)
    for apn, answer in (("wrong", ERROR), ("right", OK)):
        assert b.at(f'AT+QICSGP=1,"{apn}"') == OK
        assert b.at("AT+QIREGAPP") == OK
        assert b.at("AT+QIACT", 10 * S) == answer
        if answer == ERROR:
            assert b.at("AT+QIREGAPP") == b.at("AT+QIACT") == ERROR
            assert b.at("AT+QISTAT") == OK + b"\r\nSTATE: PDP DEACT\r\n"
            assert b.at("AT+QIDEACT", 3 * S) == b"\r\nDEACT OK\r\n"


def test_activation_takes_up_to_150_s():
    b = QuectelBench().on()
    b.run(20 * S)
    b.modem.fault("pdp_dropped", for_s=100)
    b.at("AT+QIREGAPP")
    assert b.at("AT+QIACT", 95 * S) == b""
    assert b.run(10 * S) == OK
    b.at("AT+QIDEACT", 3 * S)
    b.modem.fault("pdp_dropped", for_s=500)
    b.at("AT+QIREGAPP")
    assert b.at("AT+QIACT", 149 * S) == b""
    assert b.run(2 * S) == ERROR


def test_network_that_goes_away_while_it_is_asked():
    b = QuectelBench().on()
    b.run(20 * S)
    b.at("AT+QIREGAPP")
    assert b.at("AT+QIACT", 300 * MS) == b""
    b.modem.fault("registration_lost", for_s=20)
    assert b.run(10 * S) == b""
    assert b.run(40 * S) == OK


def test_ping():
    b = QuectelBench().online()
    answer = b.at('AT+QPING="1.2.3.4",1,3', 6 * S)
    assert answer.startswith(OK + b"\r\n+QPING: 0,1.2.3.4,32,")
    assert answer.count(b"+QPING: 0,") == 3 and b"\r\n+QPING: 2,3,3,0," in answer
    b.modem.network.unreachable = True
    answer = b.at('AT+QPING="1.2.3.4",1,2', 6 * S)
    assert answer.endswith(b"\r\n+QPING: 1\r\n\r\n+QPING: 2,2,0,2,0,0,0\r\n")
    assert b.at('AT+QPING="nowhere"', 6 * S) == OK + b"\r\n+QPING: 3\r\n"


def test_names():
    b = QuectelBench(network=SimNetwork({(b"host", 7): object()})).online()
    assert b.at('AT+QIDNSGIP="host"', S) == OK + b"\r\n203.0.113.193\r\n"
    assert b.at('AT+QIDNSGIP="nowhere"', S) == OK + b"\r\nERROR: 8\r\n"


# the clock


def test_clock_begins_in_2004_and_is_set_by_hand():
    b = QuectelBench().on()
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "04/01/01,00:00:')
    assert b.at('AT+CCLK="26/01/02,03:04:05+04"') == OK
    assert b.at("AT+CCLK?") == b'\r\n+CCLK: "26/01/02,03:04:05+04"\r\n' + OK
    for wrong in ('"26/13/02,03:04:05"', "26/01/02", '""'):
        assert b.at("AT+CCLK=" + wrong) == ERROR


def test_network_time_sets_the_clock_only_with_ctzu():
    b = QuectelBench(sim_ready_ms=20_000.0).on()
    assert b.at("AT+QLTS") == b'\r\n+QLTS: ""\r\n' + OK
    b.run(30 * S)
    for update in (0, 1):
        b.at(f"AT+CTZU={update}")
        b.at("AT+QNITZ=1")
        b.at("AT+COPS=2", 3 * S)
        told = b.at("AT+COPS=0", 10 * S)
        assert b'\r\n+QNITZ: "24/06/13,18:4' in told and b'-16,1"\r\n' in told
        found = b.at("AT+CCLK?")
        assert found.startswith(b'\r\n+CCLK: "24/06/13,18:4' if update else b'\r\n+CCLK: "04/')
    assert b.at("AT+QLTS").startswith(b'\r\n+QLTS: "24/06/13,18:4')


def test_time_by_ntp():
    b = QuectelBench().online()
    assert b.at('AT+QNTP="pool.ntp.org",123', 5 * S) == OK + b"\r\n+QNTP: 0\r\n"
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "24/06/13,22:4')
    assert b.at("AT+QNTP?") == b'\r\n+QNTP: "pool.ntp.org",123\r\n' + OK
    b.modem.fault("dns", for_s=60)
    assert b.at("AT+QNTP", 5 * S) == OK + b"\r\n+QNTP: 5\r\n"
    b.at("AT+QIDEACT", 3 * S)
    assert b.at("AT+QNTP", 5 * S) == OK + b"\r\n+QNTP: 3\r\n"


# what is saved


def test_profile_keeps_little_and_the_stack_nothing():
    b = QuectelBench().on()
    for line in ("AT+CMEE=2", "AT+CREG=2", "AT+QIPROMPT=2", "AT+QIMUX=1", "AT+QSCLK=1", "AT&W"):
        b.modem.pin("DTR", True, b.now)
        assert b.at(line) == OK
    b.at("AT+CMEE=0")
    b.modem.fault("reboot")
    b.run(10 * S)
    for name, value in (("CMEE", 2), ("CREG", 2), ("QIPROMPT", 1), ("QIMUX", 0), ("QSCLK", 0)):
        assert b"+%s: %d" % (name.encode(), value) in b.at(f"AT+{name}?")


# the rest of each command's errors


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ('AT+QIREGAPP="a","b"', ERROR),
        ("AT+QIREGAPP=a,b,c", ERROR),
        ("AT+QIFGCNT", ERROR),
        ('AT+QIFGCNT="0"', ERROR),
        ("AT+QICSGP=2", ERROR),
        ('AT+QICSGP=1,"' + "a" * 64 + '"', ERROR),
        ("AT+QIACT?", ERROR),
        ("AT+QILOCIP?", ERROR),
        ("AT+QIMUX", ERROR),
        ("AT+QIMODE=2", ERROR),
        ("AT+QINDI=3", ERROR),
        ("AT+QIHEAD=2", ERROR),
        ("AT+QIDNSIP=2", ERROR),
        ("AT+QISACK", ERROR),
        ("AT+QISTAT?", ERROR),
        ("AT+QSSLSTATE=1", ERROR),
        ("AT+QSSLOPEN", ERROR),
        ("AT+QSSLRECV", ERROR),
        ("AT+QSECWRITE", ERROR),
        ("AT+QSECREAD", ERROR),
        ("AT+QPOWD?", ERROR),
        ("AT+CFUN=2", ERROR),
        ("AT+CFUN=0,1", CME % 4),
        ("AT+CFUN", ERROR),
        ("AT+CPIN", ERROR),
        ('AT+CPIN="1234"', CME % 3),
        ("AT+CIMI?", ERROR),
        ("AT+QCCID?", ERROR),
        ("AT+CREG=3", ERROR),
        ("AT+CREG=1,1", ERROR),
        ("AT+CGATT=2", ERROR),
        ("AT+CGATT", ERROR),
        ("AT+COPS=5", ERROR),
        ("AT+CMEE=3", ERROR),
        ("AT+QNITZ=2", ERROR),
        ("AT+CTZU=4", ERROR),
        ("AT+QNTP", ERROR),
        ("AT+QNTP=pool", ERROR),
        ("AT+QLTS?", ERROR),
        ("AT+IFC=1,1", ERROR),
        ("AT+IPR=300", ERROR),
        ("AT&D3", ERROR),
        ("ATE2", ERROR),
        ('AT+QIDNSGIP="x"', ERROR),
        ('AT+QPING="x",0', ERROR),
        ("AT+QHTTPCFG=?", ERROR),
        ('AT+QSSLCFG="sslversion,0,3', ERROR),
        ("AT" + "X" * 600, ERROR),
    ],
)
def test_what_is_refused(line, answer):
    b = QuectelBench().on()
    b.run(20 * S)
    assert b.at(line) == answer
    assert b.at("AT") == OK


def test_detaching_ends_packet_data():
    b = QuectelBench().online()
    assert b.at("AT+CGATT=0", 2 * S) == b"\r\n+PDP DEACT\r\n" + OK
    assert b.at("AT+CGATT?") == b"\r\n+CGATT: 0\r\n" + OK
    assert b.at("AT+CGATT=1", 2 * S) == OK
    b.modem.fault("registration_lost", for_s=100)
    b.run(S)
    assert b.at("AT+CGATT=1", 20 * S) == CME % 30


def test_search_for_operators_can_be_ended():
    b = QuectelBench().on()
    b.run(20 * S)
    told = b.at("AT+COPS=?", 40 * S)
    assert told.startswith(b'\r\n+COPS: (2,"AT&T FloLive","AT&T Flo","310410"),,')
    assert b.at("AT+COPS=?", 5 * S) == b""
    assert b.type(b"x", 100 * MS) == ERROR
    assert b.at("AT") == OK
