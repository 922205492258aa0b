"""The command engine, against byte-exact dialogues, whatever the pieces, URCs and losses."""

from uplink.at import Engine, codes
from uplink.port.ticks import ticks_add
from uplink.ring import Ring

try:
    import micropython
except ImportError:
    micropython = None


class Vendor:
    """A table made for these tests; functions are attributes, as in a module."""

    PAUSE_MS = 20
    FAST_MS = 5
    INPUT_MS = 6000
    PROBE = (b"AT+CMEE?", b"+CMEE: ")
    FINALS = ((b"SEND OK", codes.OK), (b"SEND FAIL", 20))
    COUNTED = ((b"+RECV: ", 1, "on_counted"), (b"SRING: ", 2, "on_counted_urc"))
    URCS = ((b"+IND: ", "on_ind"), (b"RDY", "on_ready"), (b"+CSQ: ", "on_csq_urc"))


def on_csq(user, c):
    first = c.int()
    if not c.more():
        return codes.NOT_MINE
    user.events.append(("csq", first))
    return None


def on_csq_urc(user, c):
    user.events.append(("csq urc", c.int()))


def on_ind(user, c):
    user.events.append(("ind", c.int()))


def on_ready(user, c):
    user.events.append(("ready",))
    user.engine.stop(codes.RESTARTED, user.now)


def on_counted(user, c):
    n = c.int()
    user.events.append(("counted", n))
    return n


def on_counted_urc(user, c):
    c.skip()
    n = c.int()
    user.events.append(("sring", n))
    return n


def on_length(user, c):
    user.engine.expect(c.int())


def on_text(user, c):
    c.rest()
    user.events.append(("text", bytes(c.buf[c.first : c.last])))


for f in (on_csq, on_csq_urc, on_ind, on_ready, on_counted, on_counted_urc, on_length, on_text):
    setattr(Vendor, f.__name__, staticmethod(f))


class User:
    """Owner of an engine: keeps events, answers what the host sends by a script."""

    def __init__(self):
        self.ring = Ring(1024, 64)
        self.engine = Engine(self.ring, Vendor, self)
        self.now = (1 << 30) - 50  # the clock wraps in every test
        self.events = []
        self.sent = b""
        self.payload_bytes = b""
        self.data_bytes = b""
        self.names = {1: b"value", 2: b'va"lue', 3: b"38"}

    def tick(self, ms):
        self.now = ticks_add(self.now, ms)

    def feed(self, data, piece=64):
        for i in range(0, len(data), piece):
            chunk = data[i : i + piece]
            self.ring.stage[: len(chunk)] = chunk
            self.ring.put(len(chunk))
            self.engine.heard(self.now)
            self.pump()

    def pump(self):
        e = self.engine
        while True:
            wait = e.poll(self.now)
            if e.out_pos == e.out_end:
                return wait
            self.sent += bytes(e.out[e.out_pos : e.out_end])
            e.out_pos = e.out_end

    def wait(self, ms):
        """Let time pass as the engine asks."""
        while ms > 0:
            step = min(max(self.pump(), 1), ms)
            self.tick(step)
            ms -= step
        self.pump()

    def take(self):
        sent = self.sent
        self.sent = b""
        return sent

    # the engine's user
    def when(self, condition):
        return condition == 1

    def put(self, variable, line):
        from uplink.at.line import put

        return put(line, self.names[variable])

    def payload(self, engine):
        if not self.payload_bytes:
            return False
        engine.out = self.payload_bytes
        engine.out_pos = 0
        engine.out_end = len(self.payload_bytes)
        self.payload_bytes = b""
        return True

    def data(self, buf, off, n, now):
        self.data_bytes += bytes(buf[off : off + n])

    def data_end(self, good, now):
        self.events.append(("payload", self.data_bytes, good))
        self.data_bytes = b""

    def finished(self, result, now):
        self.events.append(("finished", result))

    def silent(self, now):
        self.events.append(("silent",))

    def back_in_step(self, now):
        self.events.append(("in step",))

    def unasked(self, now):
        self.events.append(("unasked",))


CSQ = ((0, b"AT+CSQ", b"+CSQ: ", "on_csq", 1000, codes.NEED),)


def run(script, answers, piece=64):
    """Run a script; `answers` maps what is sent to what the module says. Returns the user."""
    u = User()
    u.engine.run(script, u.now)
    for _ in range(50):
        u.wait(30)
        sent = u.take()
        if sent:
            u.feed(answers[sent], piece)
        if u.events and u.events[-1][0] == "finished":
            break
    return u


def test_answer_with_echo_in_any_pieces():
    for piece in (1, 2, 7, 64):
        u = run(CSQ, {b"AT+CSQ\r": b"AT+CSQ\r\r\n+CSQ: 25,99\r\n\r\nOK\r\n"}, piece)
        assert u.events == [("csq", 25), ("finished", codes.OK)], u.events


def test_urc_at_every_boundary_gives_the_same_answer():
    parts = [b"AT+CSQ\r\r\n", b"\r\n+CSQ: 25,99\r\n", b"\r\n", b"OK\r\n"]
    for at in range(len(parts) + 1):
        data = b"".join(parts[:at]) + b"\r\n+IND: 3\r\n" + b"".join(parts[at:])
        for piece in (1, 7, 64):
            u = run(CSQ, {b"AT+CSQ\r": data}, piece)
            assert sorted(u.events[:2], key=str) == [("csq", 25), ("ind", 3)] or u.events == [
                ("csq", 25),
                ("finished", 0),
                ("ind", 3),
            ], (at, u.events)
            assert ("finished", codes.OK) in u.events


def test_urc_with_the_prefix_of_the_answer():
    u = run(CSQ, {b"AT+CSQ\r": b"\r\n+CSQ: 7\r\n\r\n+CSQ: 25,99\r\n\r\nOK\r\n"})
    assert u.events == [("csq urc", 7), ("csq", 25), ("finished", codes.OK)]


def test_ok_without_the_needed_answer_is_a_failure():
    u = run(CSQ, {b"AT+CSQ\r": b"\r\nOK\r\n"})
    assert u.events == [("finished", codes.NO_ANSWER)]


def test_errors_numeric_verbose_and_bare():
    for text, number in (
        (b"+CME ERROR: 10", 10),
        (b"+CME ERROR: SIM not inserted", 10),
        (b"+CME ERROR: sim NOT inserted", 10),
        (b"+CME ERROR: nobody knows", -1),
    ):
        u = run(CSQ, {b"AT+CSQ\r": b"\r\n" + text + b"\r\n"})
        assert u.events == [("finished", codes.CME)]
        assert u.engine.cme == number, (text, u.engine.cme)
    u = run(CSQ, {b"AT+CSQ\r": b"\r\n+CMS ERROR: 500\r\n"})
    assert u.events == [("finished", codes.CMS)] and u.engine.cme == 500
    assert run(CSQ, {b"AT+CSQ\r": b"\r\nERROR\r\n"}).events == [("finished", codes.ERROR)]
    assert run(CSQ, {b"AT+CSQ\r": b"\r\nNO CARRIER\r\n"}).events == [
        ("finished", codes.NO_CARRIER)
    ]
    assert run(CSQ, {b"AT+CSQ\r": b"\r\nSEND FAIL\r\n"}).events == [("finished", 20)]


def test_steps_conditions_and_failures_that_may_be():
    script = (
        (2, b"AT+NEVER", None, None, 1000, 0),
        (1, b"AT+A", None, None, 1000, codes.MAY_FAIL),
        (0, (b'AT+B="', 1, b'",7'), None, None, 1000, 0),
        (0, b"AT+GMM", b"", "on_text", 1000, 0),
    )
    u = run(
        script,
        {
            b"AT+A\r": b"\r\nERROR\r\n",
            b'AT+B="value",7\r': b"\r\nOK\r\n",
            b"AT+GMM\r": b"\r\nSIMCOM_SIM7000G\r\n\r\nOK\r\n",
        },
    )
    assert u.events == [("text", b"SIMCOM_SIM7000G"), ("finished", codes.OK)], u.events


def test_no_user_string_becomes_a_command():
    for bad in (b'a"b', b"a\rb", b"a\nb", b"a\x1ab", b"a\x1bb", b"a\x00b"):
        u = User()
        u.names[1] = bad
        u.engine.run(((0, (b'AT+B="', 1, b'"'), None, None, 1000, 0),), u.now)
        u.wait(100)
        assert u.events == [("finished", codes.BAD_ARGUMENT)]
        assert u.sent == b""
        assert u.engine.idle


def test_setting_is_written_only_when_it_differs():
    script = ((0, (b"AT+CNMP", 3), b"+CNMP: ", None, 1000, codes.SETTING),)
    u = run(script, {b"AT+CNMP?\r": b"\r\n+CNMP: 38\r\n\r\nOK\r\n"})
    assert u.events == [("finished", codes.OK)]
    u = run(
        script,
        {b"AT+CNMP?\r": b"\r\n+CNMP: 2\r\n\r\nOK\r\n", b"AT+CNMP=38\r": b"\r\nOK\r\n"},
    )
    assert u.events == [("finished", codes.OK)]
    u = run(script, {b"AT+CNMP?\r": b"\r\n+CNMP: 2\r\n\r\nOK\r\n", b"AT+CNMP=38\r": b"ERROR\r\n"})
    assert u.events == [("finished", codes.ERROR)]


SEND = ((0, b"AT+SEND=4", b">", None, 1000, codes.PAYLOAD),)


def test_prompt_payload_and_urc_behind_the_prompt():
    for prompt in (b"\r\n>", b"\r\n> ", b">", b"AT+SEND=4\r\r\n> "):
        for piece in (1, 64):
            u = User()
            u.payload_bytes = b"\r>OK"
            u.engine.run(SEND, u.now)
            u.wait(30)
            assert u.take() == b"AT+SEND=4\r"
            u.feed(prompt, piece)
            assert u.take() == b"\r>OK"
            u.feed(b"\r\n+IND: 1\r\n\r\nOK\r\n", piece)
            assert u.events == [("ind", 1), ("finished", codes.OK)], u.events


def test_error_instead_of_the_prompt_and_ok_without_it():
    u = run(SEND, {b"AT+SEND=4\r": b"\r\nERROR\r\n"})
    assert u.events == [("finished", codes.ERROR)]
    u = run(SEND, {b"AT+SEND=4\r": b"\r\nOK\r\n"})
    assert u.events == [("finished", codes.NO_ANSWER)]


def test_download_line_instead_of_the_prompt():
    script = ((0, b"AT+WRITE", b"DOWNLOAD", None, 1000, codes.PAYLOAD),)
    u = User()
    u.payload_bytes = b"12345"
    u.engine.run(script, u.now)
    u.wait(30)
    u.take()
    u.feed(b"\r\nDOWNLOAD\r\n")
    assert u.take() == b"12345"
    u.feed(b"\r\nOK\r\n")
    assert u.events == [("finished", codes.OK)]


READ = ((0, b"AT+RECV", b"+RECV: ", None, 1000, 0),)
NASTY = b"\r\nOK\r\n>\r\nERROR\r\n+IND: 9\r\nRDY\r\n\x00"


def test_counted_payload_is_counted_never_searched():
    n = str(len(NASTY)).encode()
    for piece in (1, 2, 7, 64):
        u = run(READ, {b"AT+RECV\r": b"\r\n+RECV: " + n + b"," + NASTY + b"\r\nOK\r\n"}, piece)
        assert u.events == [
            ("counted", len(NASTY)),
            ("payload", NASTY, True),
            ("finished", codes.OK),
        ], (piece, u.events)


def test_counted_header_without_payload_is_a_line():
    for piece in (1, 7, 64):
        u = run(READ, {b"AT+RECV\r": b"\r\n+RECV: 0\r\n\r\nOK\r\n"}, piece)
        assert u.events == [("finished", codes.OK)], u.events


def test_payload_on_the_line_behind_its_header():
    script = ((0, b"AT+READ", b"+READ: ", "on_length", 1000, codes.NEED),)
    for piece in (1, 3, 64):
        data = b"\r\n+READ: %d\r\n" % len(NASTY) + NASTY + b"\r\n\r\nOK\r\n"
        u = run(script, {b"AT+READ\r": data}, piece)
        assert u.events == [("payload", NASTY, True), ("finished", codes.OK)], u.events


def test_counted_payload_inside_a_urc():
    for piece in (1, 2, 64):
        u = User()
        u.feed(b"\r\nSRING: 1,5,OK\r\nA\r\n\r\n+IND: 2\r\n", piece)
        assert u.events == [("sring", 5), ("payload", b"OK\r\nA", True), ("ind", 2)], u.events


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


class Quiet:
    """A user that takes no heap."""

    def __init__(self):
        self.n = 0
        self.results = 0
        self.bytes = 0

    def when(self, condition):
        return True

    def put(self, variable, line):
        return True

    def payload(self, engine):
        return False

    def data(self, buf, off, n, now):
        self.bytes += n

    def data_end(self, good, now):
        self.n += 1

    def finished(self, result, now):
        self.results += 1

    def silent(self, now):
        self.n += 1

    def back_in_step(self, now):
        self.n += 1

    def unasked(self, now):
        self.n += 1


class QuietVendor:
    """Handlers that take no heap."""

    PAUSE_MS = 0
    FAST_MS = 0
    INPUT_MS = 0
    PROBE = (b"AT+CMEE?", b"+CMEE: ")
    FINALS = ()
    COUNTED = ((b"+RECV: ", 1, "on_counted"),)
    URCS = ((b"+IND: ", "on_ind"),)


def quiet_csq(user, c):
    user.n += c.int()


def quiet_ind(user, c):
    user.n += 1


def quiet_counted(user, c):
    return c.int()


def test_no_heap_for_urcs_answers_and_payload():
    vendor = QuietVendor()
    vendor.on_csq = quiet_csq
    vendor.on_ind = quiet_ind
    vendor.on_counted = quiet_counted
    user = Quiet()
    ring = Ring(512, 64)
    engine = Engine(ring, vendor, user)
    answer = b"\r\n+IND: 1\r\n+CSQ: 25,99\r\n\r\nOK\r\n"
    read = b"\r\n+RECV: 12,hello world!\r\nOK\r\n"
    stage = ring.stage
    if micropython is not None:
        micropython.heap_lock()
    try:
        now = 0
        for i in range(1000):
            now += 100
            engine.run(CSQ if i & 1 else READ, now)
            engine.poll(now)
            engine.out_pos = engine.out_end
            k = 0
            for b in answer if i & 1 else read:
                stage[k] = b
                k += 1
            ring.put(k)
            engine.heard(now)
            engine.poll(now)
    finally:
        if micropython is not None:
            micropython.heap_unlock()
    assert user.results == 1000
    assert user.n == 500 * (25 + 1) + 500
    assert user.bytes == 500 * 12
