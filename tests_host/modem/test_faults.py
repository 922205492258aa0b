"""Each fault shown to happen; what was done is on record; the same seed does the same."""

import json

import pytest

from tests_host.modem.bench import MS, Bench, Echo, S, Sink
from tools.modem import FAULTS, ModemError, load_scenario, parse_fault

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
BOOT = b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n"


def _open(service=None, **options):
    b = Bench({(b"host", 7): service or Echo()}, **options).online()
    assert b.at('AT+CAOPEN=0,"host",7', S) == b"\r\n+CAOPEN: 0,0\r\n" + OK
    return b


# bytes


@pytest.mark.parametrize(("kind", "heard"), [("lose", 1), ("double", 1), ("garble", 1)])
def test_bytes_to_the_host(kind, heard):
    b = Bench().on()
    b.modem.fault(kind, rate=0.2, dir="out", count=heard)
    said = b"".join(b.at("AT") for _ in range(10))
    assert said != OK * 10
    (damage,) = b.modem.damage
    assert damage.kind == kind and damage.direction == "out" and damage.context == "final"
    size = {"lose": -1, "double": 1, "garble": 0}[kind]
    assert len(said) == 60 + size
    assert b.at("AT") == OK


def test_payload_byte_that_was_altered_is_on_record():
    sink = Sink()
    b = _open(sink)
    b.at("AT+CASEND=0,1000")
    b.modem.fault("garble", rate=0.01, dir="in", count=3)
    sent = bytes(i % 251 for i in range(1000))
    b.type(sent, S)
    wrong = [i for i in range(1000) if sent[i] != sink.got[i]]
    assert len(sink.got) == 1000 and len(wrong) == 3
    assert [d.context for d in b.modem.damage] == ["payload"] * 3
    assert [d.before[0] for d in b.modem.damage] == [sent[i] for i in wrong]
    b.modem.fault("garble", rate=1, dir="in", count=2)
    b.at("AT")
    assert [d.context for d in b.modem.damage][3:] == ["command"] * 2


def test_lost_payload_byte_leaves_the_modem_waiting():
    b = _open()
    b.at("AT+CASEND=0,5")
    b.modem.fault("lose", rate=1, dir="in", count=1)
    assert b.type(b"hello", 6 * S) == ERROR


def test_noise_and_single_urcs():
    b = Bench().on()
    b.modem.fault("noise", bytes=17)
    assert len(b.run(S)) == 17
    b.modem.fault("urc", text="+CMTI: 1")
    assert b.run(S) == b"\r\n+CMTI: 1\r\n"
    b.modem.fault("under_voltage")
    assert b.run(S) == b"\r\nUNDER_VOLTAGE WARNING\r\n"


def test_urc_storm():
    b = Bench().on()
    b.modem.fault("urc_storm", count=40, gap_ms=2)
    said = b.at("AT", S)
    assert OK in said and said.count(b"\r\n") == 2 * 40 + 2


def test_urcs_at_every_place_but_inside_a_payload():
    sink = Sink()
    b = _open(sink, seed=5)
    sink.conns[0].send(b"p" * 300)
    b.run(S)
    b.modem.settings.set("E", 1)
    b.modem.fault("urc_anywhere", rate=1)
    said = b.at("AT+CARECV=0,300")
    assert b"+CARECV: 300," + b"p" * 300 + b"\r\n" in said
    before, _, rest = said.partition(b"AT+CARECV=0,300\r")
    assert before.startswith(b"\r\n") and before.endswith(b"\r\n")  # before the echo
    between, _, after = rest.partition(b"\r\n+CARECV: 300,")
    assert len(between) > 4  # between echo and answer
    assert not after.startswith(b"p" * 300 + b"\r\n" + OK) and after.endswith(OK)
    b.at("AT+CASEND=0,2")
    said = b.type(b"hi")
    assert said.index(b"OK") > 4  # between the prompt and the confirmation


# answers


def test_late_answer_comes_inside_another_ones():
    b = Bench().on()
    b.run(20 * S)
    b.modem.fault("late", s=5, command="CSQ")
    assert b.at("AT+CSQ", 4 * S) == b""
    assert b.at("AT+CGATT?") == b"\r\n+CGATT: 1\r\n" + OK
    assert b.run(2 * S) == b"\r\n+CSQ: 25,99\r\n" + OK
    b.modem.fault("late", s=5, busy=1)
    assert b.at("AT+CSQ", 4 * S) == b""
    assert b.at("AT+CGATT?") == b""
    assert b.run(2 * S) == b"\r\n+CSQ: 25,99\r\n" + OK


def test_no_answer_unheard_and_refused():
    b = Bench().on()
    b.modem.fault("no_answer", command="CNMP")
    assert b.at("AT+CNMP=38") == b""
    assert b"+CNMP: 38" in b.at("AT+CNMP?")
    b.modem.fault("unheard", count=2)
    assert b.at("AT+CNMP=2") + b.at("AT") == b""
    assert b"+CNMP: 38" in b.at("AT+CNMP?")
    b.modem.fault("error", count=1)
    assert b.at("AT") == ERROR
    b.at("AT+CMEE=2")
    b.modem.fault("error", command="CSQ", cme=30)
    assert b.at("AT") == OK
    assert b.at("AT+CSQ") == b"\r\n+CME ERROR: no network service\r\n"


def test_forms_and_latency():
    b = Bench().on()
    b.modem.fault("form", caopen="long", ok_first=1, casend_line=0, prompt="> ", echo=1)
    options = b.modem.options
    assert (options.caopen, options.caopen_ok_first, options.casend_line) == ("long", True, False)
    assert options.prompt == b"> " and b.at("AT") == b"AT\r" + OK
    b.modem.fault("latency", ms=500)
    assert b.at("AT", 400 * MS) == b"AT\r"
    assert b.run(200 * MS) == OK


def test_missing_announcement():
    sink = Sink()
    b = _open(sink)
    b.modem.fault("missing_dataind")
    sink.conns[0].send(b"one")
    assert b.run(S) == b""
    assert b"3,one" in b.at("AT+CARECV=0,9")
    sink.conns[0].send(b"two")
    assert b.run(S) == b"\r\n+CADATAIND: 0\r\n"


def test_refused_sends():
    sink = Sink()
    b = _open(sink)
    b.modem.fault("send_refused")
    assert b.at("AT+CASEND=0,2") == b"\r\n>"
    assert b.type(b"hi") == ERROR and sink.got == b""
    b.modem.fault("send_refused", stage="prompt")
    assert b.at("AT+CASEND=0,2") == ERROR


def test_short_reads():
    sink = Sink()
    b = _open(sink, short_reads=True)
    sink.conns[0].send(b"x" * 1024)
    b.run(S)
    said = b.at("AT+CARECV=0,1024")
    assert b"+CARECV: 1024," in said and said.count(b"x") == 768


# the module


def test_reboots():
    b = Bench().on()
    b.modem.fault("reboot")
    assert b.run(8 * S) == BOOT
    b.modem.fault("reboot_in_command", command="GMR")
    said = b.at("AT+GMR", 9 * S)
    assert said.startswith(b"AT+GMR\r\r\nRevision:") and b"OK" not in said
    assert said.endswith(BOOT)


def test_wedged_until_reset():
    b = Bench().on()
    b.modem.fault("wedged_until_reset")
    assert b.at("AT", 60 * S) == b"" and b.modem.status
    b.pulse("RESET", 300 * MS)
    assert b.run(10 * S) == BOOT
    b.modem.fault("wedged_until_reset")
    b.pulse("PWRKEY", 1300 * MS)
    assert b.run(10 * S) == b"" and not b.modem.status
    b.pulse("PWRKEY", 1300 * MS)
    assert b.run(10 * S) == BOOT


def test_wedged_until_power_cycle():
    b = Bench().on()
    b.modem.fault("wedged_until_power_cycle")
    b.pulse("RESET", 300 * MS)
    assert b.at("AT", 20 * S) == b""
    b.pulse("PWRKEY", 1300 * MS)
    assert b.run(10 * S) == b"" and not b.modem.status
    b.pulse("PWRKEY", 1300 * MS)
    assert b.run(10 * S) == BOOT


def test_brown_out():
    b = Bench().on()
    b.modem.fault("brown_out", for_s=5)
    assert b.run(10 * MS) == b"" and not b.modem.status
    b.pulse("PWRKEY", 1300 * MS)  # no supply yet
    assert b.run(8 * S) == b""
    b.pulse("PWRKEY", 1300 * MS)
    assert b.run(8 * S) == BOOT


# SIM and network


def test_sim_removed_and_back():
    b = Bench().on()
    b.run(20 * S)
    b.modem.fault("sim_removed", for_s=10)
    assert b.run(S) == b"\r\n+CPIN: NOT INSERTED\r\n"
    b.at("AT+CMEE=1")
    assert b.at("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert b.at("AT+CEREG?") == b"\r\n+CEREG: 0,0\r\n" + OK
    assert b.run(30 * S) == b"\r\n+CPIN: READY\r\n"
    assert b.at("AT+CEREG?") == b"\r\n+CEREG: 0,5\r\n" + OK
    b.modem.fault("sim_removed")
    b.run(100 * S)
    b.modem.fault("sim_back")
    assert b"+CPIN: READY" in b.run(5 * S)


def test_registration_denied_must_be_asked_for_again():
    b = _open()
    b.at("AT+CEREG=1")
    b.modem.fault("registration_denied", for_s=60)
    told = b.run(S)
    assert b"+CASTATE: 0,0" in told and b"+APP PDP: DEACTIVE" in told and b"+CEREG: 3" in told
    b.at("AT+COPS=2", 3 * S)
    b.at("AT+COPS=0", 3 * S)
    assert b"+CEREG: 3" in b.run(20 * S)
    assert b.run(60 * S) == b""
    b.at("AT+COPS=2", 3 * S)
    b.at("AT+COPS=0", 3 * S)
    assert b"+CEREG: 5" in b.run(20 * S)


def test_registration_lost_comes_back_by_itself_or_is_given_up():
    b = _open(give_up_ms=100_000.0)
    b.at("AT+CEREG=1")
    b.modem.fault("registration_lost", for_s=30)
    told = b.run(S)
    assert b"+APP PDP: DEACTIVE" in told and b"+CEREG: 2" in told
    assert b"+CEREG: 5" in b.run(60 * S)
    b.modem.fault("registration_lost", for_s=300)
    assert b.run(200 * S).endswith(b"\r\n+CEREG: 0\r\n")
    assert b.run(300 * S) == b""  # it gave up: nobody searches any more
    b.at("AT+COPS=0", 3 * S)
    assert b"+CEREG: 5" in b.run(20 * S)
    b.modem.fault("registration_lost", for_s=0.1)
    b.modem.fault("registration_back")
    assert b"+CEREG: 5" in b.run(20 * S)


def test_packet_data_dropped():
    b = _open()
    b.modem.fault("pdp_dropped", for_s=20)
    assert b.run(S) == b"\r\n+CASTATE: 0,0\r\n\r\n+APP PDP: DEACTIVE\r\n"
    assert b.at("AT+CNACT=1", 3 * S) == OK + b"\r\n+APP PDP: DEACTIVE\r\n"
    b.run(20 * S)
    assert b.at("AT+CNACT=1", 3 * S) == OK + b"\r\n+APP PDP: ACTIVE\r\n"


def test_socket_closed_and_network_faults():
    echo = Echo()
    b = _open(echo)
    b.modem.fault("socket_closed")
    assert b.run(S) == b"\r\n+CASTATE: 0,0\r\n" and echo.closed_conns == 1
    for fault, result in (("refused", 23), ("dns", 20)):
        b.modem.fault(fault, for_s=10)
        answer = b.at('AT+CAOPEN=0,"host",7', 2 * S)
        assert answer == b"\r\n+CAOPEN: 0,%d\r\n" % result + OK
        b.run(10 * S)
    b.at('AT+CAOPEN=0,"host",7', 2 * S)
    b.modem.fault("network_stall", for_s=10)
    b.at("AT+CASEND=0,2")
    assert b"CADATAIND" not in b.type(b"hi", 9 * S)
    assert b"+CADATAIND: 0" in b.run(3 * S)
    b.modem.fault("network_dead")
    b.at("AT+CASEND=0,2")
    assert b"+CASEND: 0,0,2" in b.type(b"hi", 60 * S)  # queued, and never delivered
    assert echo.got == b"hi"


# planning


def test_every_fault_happens_by_itself_and_the_modem_lives_on():
    for name in FAULTS:
        b = _open(seed=3)
        b.modem.fault(name)
        for _ in range(20):
            b.at("AT+CSQ", S)
        b.modem.fault("none")
        b.pulse("RESET", 300 * MS)
        b.run(10 * S)
        if not b.modem.status or b.at("AT") == b"":
            b.pulse("PWRKEY", 1300 * MS)
            b.run(10 * S)
        if not b.modem.status:
            b.pulse("PWRKEY", 1300 * MS)
            b.run(10 * S)
        b.modem.fault("none")
        assert b.at("AT").endswith(OK), name


def test_planned_faults(tmp_path):
    b = Bench().on()
    faults = b.modem.faults
    start = b.now / S
    faults.plan("urc", {"text": "+A"}, at_s=start + 5)
    faults.plan("urc", {"text": "+B"}, every_s=2)
    faults.plan("urc", {"text": "+C"}, after_command="AT+GSN", nth=2)
    said = b.run(7 * S)
    assert said.count(b"+A") == 1 and said.count(b"+B") == 3
    assert b"+C" not in b.at("AT+GSN", 10 * MS)
    assert b"+C" in b.at("AT+GSN")
    entries = [
        {"at_s": 1, "fault": "urc"},
        {"every_s": 9.5, "fault": "lose", "args": {"rate": 0.5}},
    ]
    path = tmp_path / "s.json"
    path.write_text(json.dumps(entries))
    as_json = load_scenario(path)
    path = tmp_path / "s.toml"
    path.write_text(
        '[[fault]]\nat_s = 1\nfault = "urc"\n\n[[fault]]\nevery_s = 9.5\nfault = "lose"\n'
    )
    as_toml = load_scenario(path)
    assert as_json[0] == as_toml[0] == ("urc", {"text": "+CSQ: 20,99"}, {"at_s": 1})
    assert as_json[1][1] == {"rate": 0.5, "dir": "both", "count": None}
    assert as_toml[1][2] == {"every_s": 9.5}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("reboot", ("reboot", {}, {})),
        ("reboot@12.5", ("reboot", {}, {"at_s": 12.5})),
        ("brown_out=3@every:60", ("brown_out", {"for_s": 3.0}, {"every_s": 60.0})),
        ("noise=bytes:7@after:CSQ#2", ("noise", {"bytes": 7}, {"after_command": "CSQ", "nth": 2})),
    ],
)
def test_faults_as_text(text, found):
    assert parse_fault(text) == found


@pytest.mark.parametrize("text", ["nothing", "reboot@soon", "noise=many", "noise=1,2", "lose=x:1"])
def test_wrong_faults_are_refused_with_a_reason(text):
    with pytest.raises(ModemError, match=r"fault"):
        parse_fault(text)


@pytest.mark.parametrize(
    "text", ["{", '{"a": 1}', '[{"fault": "reboot", "when": 3}]', '[{"at_s": 1}]']
)
def test_wrong_scenarios_are_refused_with_a_reason(text, tmp_path):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(ModemError, match=r"s\.json"):
        load_scenario(path)


def _noisy_run(seed):
    b = Bench({(b"host", 7): Echo()}, seed=seed, latency_jitter_ms=20.0, register_jitter_ms=900.0)
    b.online()
    for kind in ("lose", "double", "garble"):
        b.modem.fault(kind, rate=0.02)
    b.modem.fault("urc_anywhere", rate=0.2)
    said = b.at('AT+CAOPEN=0,"host",7', S)
    for _ in range(30):
        said += b.at("AT+CASEND=0,9") + b.type(b"payload 9") + b.at("AT+CARECV=0,50")
    return said, list(b.modem.log), [repr(d) for d in b.modem.damage]


def test_the_same_seed_does_the_same():
    assert _noisy_run(1) == _noisy_run(1)
    assert _noisy_run(1)[0] != _noisy_run(2)[0]
