"""Each vendor's tables on a hostile line: any split of the module's bytes and a URC at each place
where one can stand give the same events; random and mutated streams are survived, and it is back
in step within one command.

The bytes are those that the virtual modem says in a connection over TLS with hostile payloads.
`UPLINK_STREAMS=100000` for each vendor, `UPLINK_CAMPAIGN=all` for the URCs at all places of all
modules; `UPLINK_SEED`.
"""

import os
import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings, strategies as st
from talk import ONLINE, Talk, opened

from tests_host.at.test_streams import GOOD, mutate
from tests_host.sim.cases import MODULES, ONE
from tests_host.sim.test_life import said
from tests_host.sim.test_vendors import PKI, TELIT_2G
from tests_host.sim.world import COMMANDS, TOPIC, World, configuration
from uplink import log, modems
from uplink.at import codes

STREAMS = int(os.environ.get("UPLINK_STREAMS", "100000"))
SEED = int(os.environ.get("UPLINK_SEED", "1"))
CAMPAIGN = bool(os.environ.get("UPLINK_CAMPAIGN"))
HOSTILE = (
    b"\r\nOK\r\n> \r\nERROR\r\nRDY\r\n+CSQ: 1,1\r\nNO CARRIER\r\nSSLSRING: 1\r\n<<<\x1a\x00\xff"
)
# Heard and of no consequence, with the vendors' own beginnings.
URCS = {
    "sim7000": (
        "+CSQN: 20,99",
        "DST: 0",
        '*PSUTTZ: 24/06/13,22:40:35","-16",1',
        "OVER-VOLTAGE WARNNING",
    ),
    "quectel": ("Call Ready", '+QNITZ: "24/06/13,22:40:35-16,1"', "SMS Ready", "3, CLOSED"),
    "telit": ("#NITZ: 24/06/13,22:40:35-16,1", "#QSS: 1", "TIMEOUT", "+CREG: 1"),
}


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


@pytest.fixture(scope="session")
def pkis(tmp_path_factory):
    return [PKI(tmp_path_factory.mktemp("t"), client) for client in (False, True)]


def name(module):
    """The vendor's file."""
    return modems.load(module.encode()).__name__.rpartition(".")[2]


def life(module, pkis, max_read=None, prepare=None):
    """Connected, three messages each way; (the world, what the host said and who got what)."""
    if pkis is None:
        world = World(configuration(modem={"type": module}), max_read=max_read)
    else:
        world = pkis[module not in TELIT_2G].world(module, max_read=max_read)
    if prepare is not None:
        prepare(world)
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    assert world.run(10, lambda: world.broker.subscriptions(b"dev7"))
    for qos in range(3):
        assert world.mqtt.publish(TOPIC, HOSTILE * (qos + 1), qos)
        world.run(3)
        world.broker.publish(COMMANDS, HOSTILE * (qos + 1), qos, now_us=world.board.now_us)
        world.run(3)
    facts = world.modem.facts
    known = [bytes(getattr(facts, name)) for name in ("imei", "iccid", "model", "ip")]
    told = (said(world), world.arrived(), world.commands, known)
    assert told[1] == [HOSTILE, HOSTILE * 2, HOSTILE * 3] and world.mqtt.connects == 1
    assert [payload for _, payload in told[2]] == told[1] and not world.broker.violations
    return world, told


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("module", MODULES)
def test_any_split_of_a_whole_connection(module, tls, pkis):
    found = pkis if tls else None
    _, whole = life(module, found)
    rng = random.Random(SEED)
    for pieces in (1, 2, 7, lambda: rng.choice((1, 2, 7, 64))):
        assert life(module, found, pieces)[1] == whole, pieces


class At:
    """In place of the virtual modem's urc_anywhere: one URC, at one place, counted."""

    def __init__(self, place, text):
        self.place = place
        self.text = text
        self.count = 0
        self.inside = False

    def __call__(self, world):
        self.world = world
        world.vm.faults.boundary = self.boundary

    def boundary(self, kind):
        if self.inside:
            return
        self.count += 1
        if self.count == self.place or self.place < 0:
            self.inside = True
            self.world.vm.urc(self.text)
            self.inside = False


@pytest.mark.parametrize("module", MODULES)
def test_a_urc_at_each_place(module, pkis):
    """One after the other, and at all of them at once; read in pieces of 1, 2, 7 and all."""
    _, whole = life(module, pkis)
    texts = URCS[name(module)]
    counts = At(0, "")
    life(module, pkis, prepare=counts)
    assert counts.count > 50
    for text, pieces in zip(texts, (1, 2, 7, None), strict=True):
        told = life(module, pkis, pieces, At(-1, text))[1]
        assert told[1:] == whole[1:], (text, pieces)
    step = 1 if CAMPAIGN else 23 if module in ONE else 97
    for place in range(1 + MODULES.index(module) % step, counts.count + 1, step):
        text = texts[place // step % len(texts)]
        pieces = (1, 2, 7, None)[place // step % 4]
        told = life(module, pkis, pieces, At(place, text))[1]
        assert told == whole, (place, text, pieces)


# ---- streams


class User(Talk):
    """A core whose engine is run by hand; `results` are those of its scripts."""

    def __init__(self, module):
        table = modems.load(module.encode())
        vendor = SimpleNamespace(**vars(table))
        vendor.SCRIPTS = table.SCRIPTS + b"~\n  1AT+CSQ|q\n#"  # (it ends with `#`)
        super().__init__(vendor)
        self.results = []
        self.out = b""
        self.letters = [c for c in self._letters() if c != ord("~")]
        if name(module) == "telit":
            self.security.suites = vendor.SUITES.find(b":") + 8

    def _letters(self):
        text = self.vendor.SCRIPTS
        return [text[i + 2] for i in range(len(text) - 2) if text[i : i + 2] == b"\n#"]

    def finished(self, result, now):
        self.results.append(result)
        super().finished(result, now)

    def begin(self, number):
        """A script: now and then that of a packet."""
        self.phase = ONLINE
        self.doing = 0
        if number % 3:
            s = opened(self, number % 2, number % 4 < 2)
            s.waiting = number % 3 == 1
            if not s.waiting:
                s.out, s.out_off, s.out_left = b"1234", 0, 4
            self.serve(s, 3 if s.waiting else 2, self.clock)
        else:
            self.active = opened(self, 0, True)
            self.run(self.letters[number // 3 % len(self.letters)], 0, self.clock)

    def listen(self, data, piece=64):
        ring = self.engine.ring
        self.now = self.clock
        for i in range(0, len(data), piece):
            part = data[i : i + piece]
            ring.stage[: len(part)] = part
            ring.put(len(part))
            self.engine.heard(self.clock)
            self.engine_turn()

    def engine_turn(self):
        """The engine's turn; ms until the next."""
        engine = self.engine
        self.now = self.clock
        while True:
            wait = engine.poll(self.clock)
            if engine.out_pos == engine.out_end:
                return wait
            self.out += bytes(engine.out[engine.out_pos : engine.out_end])
            engine.out_pos = engine.out_end

    def pass_by(self, ms):
        while ms > 0:
            step = min(max(self.engine_turn(), 1), ms)
            self.clock += step
            ms -= step
        self.engine_turn()

    def settle(self):
        """The module behaves: until the engine is idle and in step."""
        for _ in range(400):
            wait = self.engine_turn()
            said, self.out = self.out, b""
            engine = self.engine
            if engine.idle and engine.in_step and engine.left <= 0:
                return
            if b"AT+CMEE?\r" in said:
                self.listen(b"\r\n+CMEE: 2\r\n\r\nOK\r\n")
            self.clock += max(1, min(wait, 7000))
        raise AssertionError((engine.state, engine.left))

    def asks(self):
        """One command, and the right answer to it; True where that was understood."""
        self.phase = ONLINE
        self.results.clear()
        self.rssi = 0
        self.run(ord("~"), 0, self.clock)
        self.pass_by(30)
        self.out = b""
        self.listen(b"\r\n\r\n+CSQ: 25,99\r\n\r\nOK\r\n")
        return self.results == [codes.OK] and self.rssi == 25


def recorded(module, pkis):
    """What the virtual modem said in a life, each kind of it once."""
    world, _ = life(module, pkis)
    return list(dict.fromkeys(said(world, ">"))) + GOOD


@pytest.mark.parametrize("module", ONE)
def test_streams(module, pkis):
    print("seed", SEED, "streams", STREAMS)
    good = recorded(module, pkis)
    assert len(good) > 60
    rng = random.Random(SEED)
    user = User(module)
    again = 0
    for number in range(STREAMS):
        if user.engine.idle:
            user.begin(rng.randrange(1000))
            user.engine_turn()
        if rng.random() < 0.2:
            data = rng.randbytes(rng.randrange(40))
        else:
            data = mutate(rng, rng.choice(good) + rng.choice(good))
        user.listen(data, rng.choice((1, 7, 64)) if len(data) < 100 else 64)
        user.clock += rng.choice((0, 0, 5, 30, 700))
        user.engine_turn()
        user.out = b""
        user.results.clear()
        user.log.clear()
        user.data_in.clear()
        if number % 5 == 4:
            user.settle()
            if not user.asks():
                # what was left of a line may cost this one command, not the next
                again += 1
                user.settle()
                assert user.asks(), (number, user.results, user.rssi)
    print(f"back in step with the first command {STREAMS // 5 - again} times of {STREAMS // 5}")
    assert user.engine.ring.at[1] <= len(user.engine.ring.buf)


def snapshot(user):
    """All that is plain about the core, its engine and its sockets; not whether payload had gone
    out before the module refused it.
    """
    sent = ("piece", "out", "out_pos", "out_end", "tx", "want")

    def plain(thing):
        simple = (int, bool, bytes, type(None))
        found = {k: v for k, v in vars(thing).items() if isinstance(v, simple) and k not in sent}
        found.update(
            (k, bytes(v)) for k, v in vars(thing).items() if type(v) is bytearray and k not in sent
        )
        return found

    ring = user.engine.ring.at
    held = user.engine.ring
    left = bytes(held.buf[ring[0] : ring[1]])
    return (
        plain(user),
        plain(user.engine),
        [plain(s) for s in user.sockets],
        (user.results, user.log, bytes(user.data_in), left),
    )


@pytest.mark.parametrize("module", ONE)
def test_any_split_of_any_bytes(module, pkis):
    good = recorded(module, pkis)

    @settings(max_examples=300, deadline=None)
    @given(
        parts=st.lists(st.sampled_from(good), min_size=1, max_size=6),
        script=st.integers(0, 200),
        cuts=st.lists(st.integers(0, 900), max_size=12),
    )
    def check(parts, script, cuts):
        # behind a prompt nothing comes before the host has sent its payload
        ends = [i for i, part in enumerate(parts) if part.endswith((b">", b"> "))]
        data = b"".join(parts[: ends[0] + 1] if ends else parts)

        def events(pieces):
            user = User(module)
            user.begin(script)
            user.pass_by(30)
            for piece in pieces:
                user.listen(piece)
            return snapshot(user)

        edges = sorted({0, len(data), *(c for c in cuts if c < len(data))})
        split = [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]
        whole = events([data])
        assert events(split) == whole
        for n in (1, 2, 7):
            assert events([data[i : i + n] for i in range(0, len(data), n)]) == whole

    check()
