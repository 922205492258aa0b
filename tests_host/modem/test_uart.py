"""The wire's arithmetic: pacing, and damage that is accounted for."""

import random

from tests_host.modem.bench import MS, Bench, S
from tools.modem.timers import Timers
from tools.modem.uart import Damager, Wire


def _wire():
    return Wire(random.Random(1), "out")


def test_byte_arrives_when_its_ten_bits_are_through():
    wire = _wire()
    wire.send(b"ab", 1000, 9600, "answer")
    assert wire.take(1000 + 1041 - 1) == b""
    assert wire.take(1000 + 1041) == b"a"
    assert wire.take(1000 + 2082) == b""
    assert wire.take(1000 + 2083) == b"b"


def test_bytes_queue_behind_each_other_and_never_bunch():
    wire = _wire()
    wire.send(b"x" * 100, 0, 115200, "answer")
    wire.send(b"y" * 100, 10, 115200, "answer")
    end = 200 * 10_000_000 // 115200
    assert wire.busy_until == end
    got = [len(wire.take(t)) for t in range(0, end + 1, 100)]
    assert sum(got) in (199, 200) and max(got) == 2  # 100 us: 1.152 bytes


def test_any_polling_gives_the_same_bytes():
    for step in (1, 7, 86, 87, 1000, 10**6):
        wire = _wire()
        data = bytes(range(256)) * 4
        wire.send(data[:500], 0, 115200, "answer")
        wire.send(data[500:], 0, 115200, "answer")
        got = b"".join(wire.take(t) for t in range(0, 100_000, step)) + wire.take(10**9)
        assert got == data


def test_take_line_waits_for_the_stop_or_the_end():
    wire = _wire()
    wire.send(b"AT\rAT", 0, 10_000_000, "")  # a byte a microsecond
    assert wire.take_line(b"\r", 2) is None
    assert wire.take_line(b"\r", 3) == (1, b"AT\r")
    assert wire.take_line(b"\r", 4) is None
    assert wire.take_line(b"\r", 5) == (4, b"AT")
    assert wire.arrival(b"\r") is None


def test_answer_starts_after_command_and_latency():
    b = Bench(latency_ms=5.0).on()
    b.modem.receive(b"AT\r", b.now)
    command = 3 * 10_000_000 // 115200
    answer = 6 * 10_000_000 // 115200
    assert b.run(command + 5 * MS + answer - 2) == b"\r\nOK\r"
    assert b.run(3) == b"\n"


def test_echo_follows_the_typist():
    b = Bench().on(echo=True)
    assert b.type(b"A", 200 * MS) == b"A"
    assert b.type(b"TX", 200 * MS) == b"TX"
    assert b.type(b"\x08\r", 200 * MS) == b"\x08\r\r\nOK\r\n"


def test_damage_adds_up():
    rng = random.Random(7)
    for seed in range(30):
        damager = Damager(random.Random(seed))
        kind = ("lose", "double", "garble")[seed % 3]
        damager.set(kind, 0.05)
        lost = 0
        total = 0
        for _ in range(50):
            data = rng.randbytes(rng.randrange(1, 90))
            out, done = damager.apply(data)
            rebuilt = bytearray(out)
            for _, offset, before, after in reversed(done):
                assert rebuilt[offset : offset + len(after)] == after
                rebuilt[offset : offset + len(after)] = before
            assert bytes(rebuilt) == data, f"seed {seed}"
            lost += len(done)
            total += len(data)
        assert 0.02 < lost / total < 0.1


def test_hardware_flow_control_holds_the_answer():
    b = Bench().on()
    b.modem.pin("RTS", True, b.now)
    assert b.at("AT+IFC=2,2") == b"\r\nOK\r\n"
    b.modem.receive(b"AT+GMR\r", b.now)
    first = b.run(7 * MS)
    b.modem.pin("RTS", False, b.now)
    first += b.run(MS)  # the byte that was on its way
    assert 0 < len(first) < 35 and b.run(S) == b""
    b.modem.pin("RTS", True, b.now)
    assert first + b.run(S) == b"\r\nRevision:1529B10SIM7000G\r\n\r\nOK\r\n"


def test_timers_keep_order_and_can_be_cancelled():
    timers, done = Timers(), []
    for when, what in ((5, "b"), (1, "a"), (5, "c"), (9, "d")):
        handle = timers.at(when, done.append, what)
    timers.cancel(handle)
    while timers.run(10):
        pass
    assert done == ["a", "b", "c"] and timers.next() is None


def test_log_is_bounded():
    b = Bench(log_limit=100).on()
    for _ in range(200):
        b.at("AT", 20 * MS)
    assert len(b.modem.log) == 100 and b.modem.counters["AT"] == 200


def test_what_is_cancelled_long_before_its_time_is_not_kept():
    timers, done = Timers(), []
    timers.at(5, done.append, "early")
    for _ in range(10_000):
        timers.cancel(timers.at(10**13, done.append, "late"))
    timers.at(7, done.append, "then")
    assert len(timers._heap) < 200
    while timers.run(10):
        pass
    assert done == ["early", "then"] and timers.next() is None
