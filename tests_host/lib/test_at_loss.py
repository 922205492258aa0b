"""The command engine when bytes, answers or the module itself are lost: back in step."""

from at_user import CSQ, READ, SEND, User, run

from uplink.at import codes


def probe(u, before=b"", after=b"\r\n+CMEE: 2\r\n\r\nOK\r\n"):
    """Play the module's part in getting back in step."""
    u.wait(150)
    assert u.take() == b"AT+CMEE?\r", u.sent
    u.feed(before + after)
    u.wait(150)


def test_late_answer_is_not_the_next_commands():
    u = User()
    u.engine.run(CSQ, u.now)
    u.wait(30)
    assert u.take() == b"AT+CSQ\r"
    u.wait(1000)
    assert u.events == [("finished", codes.TIMEOUT)]
    assert not u.engine.idle and not u.engine.in_step
    probe(u, b"\r\n+CSQ: 9,9\r\n\r\nOK\r\n")
    assert u.events[-1] == ("in step",), u.events
    assert u.engine.idle and u.engine.late == 1
    u.engine.run(CSQ, u.now)
    u.wait(30)
    u.feed(b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n")
    assert u.events[-2:] == [("csq", 25), ("finished", codes.OK)]


def test_late_result_behind_the_probes_answer_starts_again():
    u = User()
    u.engine.run(CSQ, u.now)
    u.wait(1050)
    u.take()
    u.wait(150)
    assert u.take() == b"AT+CMEE?\r"
    u.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n\r\nOK\r\n")
    assert ("in step",) not in u.events
    probe(u)
    assert u.events[-1] == ("in step",)


def test_late_answer_to_an_earlier_probe_is_nobodys():
    u = User()
    u.engine.run(CSQ, u.now)
    u.wait(1050)
    u.take()
    u.wait(150)
    assert u.take() == b"AT+CMEE?\r"
    u.wait(1200)  # not answered in time: another one is sent
    assert u.take() == b"AT+CMEE?\r"
    u.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n")
    u.wait(150)
    assert u.events[-1] == ("in step",), u.events
    u.engine.run(CSQ, u.now)
    u.wait(30)
    assert u.take() == b"AT+CSQ\r"
    u.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n")  # the first probe's, at last
    assert u.events[-1] == ("in step",)
    u.feed(b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n")
    assert u.events[-2:] == [("csq", 25), ("finished", codes.OK)], u.events


def test_silence_after_many_probes():
    u = User()
    u.engine.run(CSQ, u.now)
    u.wait(1100)
    u.wait(20000)
    assert u.events[-1] == ("silent",), u.events
    assert u.engine.idle


def test_late_prompt_is_given_time_to_go_away():
    u = User()
    u.payload_bytes = b"1234"
    u.engine.run(SEND, u.now)
    u.wait(1100)
    assert u.events == [("finished", codes.TIMEOUT)]
    u.wait(120)
    u.take()
    u.feed(b"\r\n> ")
    u.wait(5000)
    assert u.take() == b"", "bytes would have become payload"
    u.feed(b"\r\nERROR\r\n")
    u.wait(1200)
    assert u.take() == b"AT+CMEE?\r"


def test_lost_byte_in_payload_is_noticed():
    u = run(READ, {b"AT+RECV\r": b"\r\n+RECV: 10,012345678\r\n\r\nOK\r\n"})
    assert u.events[0] == ("counted", 10)
    assert u.events[1] == ("payload", b"012345678\r", False), u.events
    assert u.events[2] == ("finished", codes.DAMAGED)
    probe(u)
    assert u.events[-1] == ("in step",)


def test_doubled_byte_in_payload_is_noticed():
    u = run(READ, {b"AT+RECV\r": b"\r\n+RECV: 4,01123\r\nOK\r\n"})
    assert u.events[1:] == [("payload", b"0112", False), ("finished", codes.DAMAGED)]


def test_payload_that_stops_has_a_limit():
    u = User()
    u.engine.run(READ, u.now)
    u.wait(30)
    u.feed(b"\r\n+RECV: 10,0123")
    u.wait(600)
    assert u.events[1:] == [("payload", b"0123", False), ("finished", codes.DAMAGED)]


def test_restart_ends_the_command_at_once():
    u = run(CSQ, {b"AT+CSQ\r": b"\r\nRDY\r\n"})
    assert u.events == [("ready",), ("finished", codes.RESTARTED)]
    assert u.engine.idle


def test_answer_after_ok_is_waited_for():
    script = ((0, b"AT+CSQ", b"+CSQ: ", "on_csq", 1000, codes.LATER),)
    u = run(script, {b"AT+CSQ\r": b"\r\nOK\r\n\r\n+IND: 1\r\n\r\n+CSQ: 5,5\r\n"})
    assert u.events == [("ind", 1), ("csq", 5), ("finished", codes.OK)]
    u = run(script, {b"AT+CSQ\r": b"\r\n+CSQ: 5,5\r\n\r\nOK\r\n"})
    assert u.events == [("csq", 5), ("finished", codes.OK)]


def test_pause_after_a_final_result_code():
    u = User()
    u.engine.run(CSQ, u.now)
    u.pump()
    u.take()
    u.feed(b"\r\n+CSQ: 1,1\r\n\r\nOK\r\n")
    u.engine.run(CSQ, u.now)
    u.pump()
    u.tick(19)
    u.pump()
    assert u.take() == b""
    u.tick(1)
    u.pump()
    assert u.take() == b"AT+CSQ\r"


def test_random_streams_never_raise_and_the_engine_comes_back():
    import random

    seed = 20260101
    print("seed", seed)
    random.seed(seed)
    good = [
        b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n",
        b"\r\n+RECV: 12,hello world!\r\nOK\r\n",
        b"\r\nSRING: 1,5,hello\r\n",
        b"\r\n+IND: 3\r\n",
        b"\r\n> ",
        b"AT+CSQ\r\r\n",
        b"\r\n+CME ERROR: 10\r\n",
        b"RDY\r\n",
    ]
    u = User()
    scripts = (CSQ, READ, SEND)
    for turn in range(400):
        if u.engine.idle:
            u.payload_bytes = b"1234"
            u.engine.run(scripts[turn % 3], u.now)
        data = bytearray()
        for _ in range(random.getrandbits(2) + 1):
            data.extend(good[random.getrandbits(3)])
        for _ in range(random.getrandbits(3)):
            at = random.getrandbits(16) % (len(data) + 1)
            kind = random.getrandbits(2)
            if kind == 0 and at < len(data):
                data[at] = random.getrandbits(8)
            elif kind == 1:
                data = data[:at] + data[at + 1 :]
            elif kind == 2:
                data = data[:at] + bytes([random.getrandbits(8)]) + data[at:]
        u.feed(bytes(data), 1 + random.getrandbits(5))
        u.wait(20 * random.getrandbits(4))
        u.sent = b""
        u.events = u.events[-4:]
    # whatever it was, now the module behaves: within one command all is well
    u.sent = b""
    for _ in range(400):
        u.wait(50)
        sent = u.take()
        if sent == b"AT+CMEE?\r":
            u.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n")
        elif sent:
            u.feed(b"\r\nOK\r\n")
        if u.engine.idle:
            break
    assert u.engine.idle
    u.events = []
    u.engine.run(CSQ, u.now)
    u.wait(30)
    u.feed(b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n")
    assert u.events == [("csq", 25), ("finished", codes.OK)], u.events
