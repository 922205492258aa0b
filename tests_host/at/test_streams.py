"""100,000 random and mutated streams into the command engine: never an exception, never a hang,
back in step within one command. And any split of the bytes gives the same events (hypothesis)."""

import os
import random

from at_user import CSQ, READ, SEND, User
from hypothesis import given, settings, strategies as st

from uplink import log
from uplink.at import codes

STREAMS = int(os.environ.get("UPLINK_STREAMS", "100000"))
GOOD = [
    b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n",
    b"\r\n+RECV: 12,hello world!\r\nOK\r\n",
    b"\r\n+RECV: 0\r\n\r\nOK\r\n",
    b"\r\nSRING: 1,5,hello\r\n",
    b"\r\n+IND: 3\r\n",
    b"\r\n> ",
    b"AT+CSQ\r\r\n",
    b"\r\n+CME ERROR: SIM busy\r\n",
    b"\r\nRDY\r\n",
    b"\r\nNO CARRIER\r\n",
    b'*PSUTTZ: 24/06/13,22:40:35","-16",1\r\n',
    b"\x00\xff\xfe\x00",
    b"x" * 400,
]


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 1 and at < len(data):
            del data[at]
        elif kind == 2:
            data.insert(at, rng.randrange(256))
        else:
            data[at:at] = data[max(0, at - 9) : at]
    return bytes(data)


def come_back(user):
    """The module behaves from here on: the engine must be usable within one command."""
    for _ in range(60):
        wait = user.pump()
        sent = user.take()
        if user.engine.idle and not user.engine.left:
            break
        if sent == b"AT+CMEE?\r":
            user.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n")
        user.tick(max(1, min(wait, 7000)))
    assert user.engine.idle, user.engine.state
    user.events = []
    user.engine.run(CSQ, user.now)
    user.wait(30)
    user.take()
    user.feed(b"\r\n\r\n+CSQ: 25,99\r\n\r\nOK\r\n")
    if user.events != [("csq", 25), ("finished", codes.OK)]:
        # what was left in the buffer may cost this one command, not the next
        for _ in range(60):
            if user.engine.idle:
                break
            wait = user.pump()
            if user.take() == b"AT+CMEE?\r":
                user.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n")
            user.tick(max(1, min(wait, 7000)))
        user.events = []
        user.engine.run(CSQ, user.now)
        user.wait(30)
        user.take()
        user.feed(b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n")
    assert user.events == [("csq", 25), ("finished", codes.OK)], user.events


def test_streams(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)
    seed = int(os.environ.get("UPLINK_SEED", "1"))
    print("seed", seed, "streams", STREAMS)
    rng = random.Random(seed)
    scripts = (CSQ, READ, SEND)
    user = User()
    for number in range(STREAMS):
        if user.engine.idle:
            user.payload_bytes = b"1234"
            user.engine.run(scripts[number % 3], user.now)
            user.pump()
        if rng.random() < 0.2:
            data = rng.randbytes(rng.randrange(40))
        else:
            data = mutate(rng, rng.choice(GOOD) + rng.choice(GOOD))
        user.feed(data, rng.choice((1, 7, 64)) if len(data) < 100 else 64)
        user.tick(rng.choice((0, 0, 5, 30, 700)))
        user.pump()
        user.sent = b""
        user.events.clear()
        if number % 5 == 4:
            come_back(user)
    assert user.ring.at[1] <= len(user.ring.buf)


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(st.sampled_from(GOOD[:8]), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
def test_any_split_gives_the_same_events(parts, cuts):
    data = b"".join(parts)

    def events(pieces):
        user = User()
        user.payload_bytes = b"1234"
        user.engine.run(CSQ, user.now)
        user.pump()
        for piece in pieces:
            if piece:
                user.feed(piece)
        at = user.ring.at
        return user.events, at[1] - at[0], user.engine.state

    edges = sorted({0, len(data), *(c for c in cuts if c < len(data))})
    split = [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    sink, log.sink = log.sink, lambda *line: None
    try:
        assert events(split) == events([data]) == events([bytes([b]) for b in data])
    finally:
        log.sink = sink


def test_a_urc_at_every_byte_boundary_between_lines():
    """The answer of each kind of step with a URC at each place where one can stand."""
    cases = (
        (CSQ, [b"AT+CSQ\r\r\n", b"\r\n+CSQ: 25,99\r\n", b"\r\nOK\r\n"], ("csq", 25)),
        (READ, [b"\r\n+RECV: 5,ab\r\nc\r\n", b"OK\r\n"], ("payload", b"ab\r\nc", True)),
        (SEND, [b"\r\n> ", b"\r\nOK\r\n"], None),
    )
    for script, parts, expected in cases:
        for at in range(len(parts) + 1):
            for piece in (1, 2, 7, 64):
                user = User()
                user.payload_bytes = b"1234"
                user.engine.run(script, user.now)
                user.pump()
                for i in range(len(parts) + 1):
                    if i == at:
                        user.feed(b"\r\n+IND: 3\r\n", piece)
                    if i < len(parts):
                        user.feed(parts[i], piece)
                assert ("ind", 3) in user.events, (at, piece, user.events)
                assert ("finished", codes.OK) in user.events, (at, piece, user.events)
                if expected:
                    assert expected in user.events
