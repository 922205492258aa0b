"""Any bytes, in any pieces: the client never raises, never hangs, never grows."""

import mqtt_bench as t
from hypothesis import given, strategies as st

from uplink import log

TOPICS = st.sampled_from([b"a", b"a/b", b"cmd", b"x" * 300])
NUMBERS = st.integers(0, 12)
PACKETS = st.one_of(
    st.builds(t.publish, TOPICS, st.binary(max_size=900), st.integers(0, 2), NUMBERS),
    st.builds(t.ack, st.sampled_from([0x40, 0x50, 0x62, 0x70, 0xB0]), NUMBERS),
    st.builds(t.suback, NUMBERS, st.binary(max_size=3)),
    st.sampled_from([t.PINGRESP, t.CONNACK, t.RESUMED]),
)
ANYTHING = st.one_of(PACKETS, PACKETS, PACKETS, st.binary(max_size=40))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), ANYTHING, st.integers(0, 9)),
        st.tuples(st.just("publish"), st.integers(0, 2), st.integers(0, 700)),
        st.tuples(st.just("wait"), st.integers(0, 200_000)),
        st.tuples(st.just("lose"), st.integers(0, 9)),
        st.tuples(st.just("sent")),
        st.tuples(st.just("leave")),
    ),
    max_size=30,
)


def held(mqtt):
    """The messages whose room is not given back."""
    return mqtt._slots[: mqtt.waiting]


def used(mqtt):
    """Packet identifiers in flight."""
    return [m._id for m in held(mqtt) if m._id]


def sizes(mqtt):
    """What holds bytes, and must stay as large as it was made."""
    return (
        len(mqtt._ctl) <= 512,
        len(mqtt._decoder._topic) <= 258,
        len(mqtt._decoder._stage) <= 64,
        len(mqtt._arena) <= 2048,
        len(mqtt._slots) == 8 and 0 <= mqtt.waiting <= 8,
        0 <= mqtt._passed <= mqtt.waiting,
        mqtt._waste + sum(m._size for m in held(mqtt)) == len(mqtt._arena),
        mqtt._inflight == sum(m._step > 1 for m in mqtt._slots) <= 4,
        len(mqtt._received) == 32,
        len(used(mqtt)) == len(set(used(mqtt))),
    )


@given(STEPS, st.booleans())
def test_any_dialogue_is_survived(steps, auto):
    log.sink, sink = (lambda *a: None), log.sink
    try:
        bench = t.Bench(auto=auto)
        mqtt = bench.mqtt
        heard = t.Heard()
        mqtt.subscribe("a/#", heard, 2)
        mqtt.on_large("a", t.Sink())
        mqtt.connect()
        for step in steps:
            bench.poll()
            wire = bench.wire
            if wire.state == t.OPENING:
                wire.state = t.OPEN
                mqtt.opened(bench.now)
                if not auto:
                    mqtt.sent(bench.now)
                bench.say(t.CONNACK)
            kind, *values = step
            if kind == "say" and wire.state == t.OPEN:
                bench.say(*values)
            elif kind == "publish":
                mqtt.publish(b"t", bytes(values[1]), values[0])
            elif kind == "wait":
                bench.wait(values[0])
            elif kind == "lose" and wire.state != t.CLOSED:
                bench.lose(values[0])
            elif kind == "sent" and wire.state == t.OPEN:
                mqtt.sent(bench.now)
            elif kind == "leave":
                mqtt.disconnect()
                bench.poll()
                mqtt.connect()
            assert all(sizes(mqtt)), sizes(mqtt)
    finally:
        log.sink = sink


@given(st.lists(ANYTHING, max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_pieces_make_no_difference(packets, pieces):
    data = b"".join(packets)
    seen = []
    log.sink, sink = (lambda *a: None), log.sink
    try:
        for cut in (None, pieces):
            bench = t.Bench()
            heard = t.Heard()
            sink_ = t.Sink()
            bench.mqtt.subscribe("#", heard, 2)
            bench.mqtt.on_large("#", sink_)
            bench.up()
            at = k = 0
            while at < len(data) and bench.wire.state == t.OPEN:
                n = cut[k % len(cut)] if cut else len(data)
                bench.say(data[at : at + n])
                at += n
                k += 1
            counters = bench.mqtt.counters()
            events = [e for e in sink_.events if e[0] != "write"]
            out = b"".join(bench.wire.out)
            seen.append((heard.messages, events, sink_.payload(), counters, len(out)))
    finally:
        log.sink = sink
    assert seen[0] == seen[1]
