"""4,000 bytes through the virtual modem at 115200 baud: as fast as the line, nothing lost."""

import math

import pytest

from tests_host.sim.world import World, configuration
from uplink import log

SIZE = 4000
DATA = bytes(i * 7 % 256 for i in range(SIZE))
BYTE_MS = 10_000 / 115_200


class Answers:
    """A server that answers any request with DATA and closes 0.5 s after."""

    def __init__(self, close_after_us):
        self.close_after_us = close_after_us
        self.close_at = None
        self.conn = None

    def connected(self, conn):
        self.conn = conn

    def received(self, conn, data, now_us):
        conn.send(DATA)
        if self.close_after_us:
            self.close_at = now_us + self.close_after_us

    def closed(self, conn):
        pass

    def poll(self, now_us):
        if self.close_at is not None and now_us >= self.close_at:
            self.close_at = None
            self.conn.close()
        return self.close_at


class Listener:
    def __init__(self):
        self.data = bytearray()
        self.reason = None

    def opened(self, now):
        pass

    def received(self, buf, off, n, now):
        self.data += buf[off : off + n]

    def sent(self, now):
        pass

    def closed(self, reason, now):
        self.reason = reason


# modem.type: what announces data, what reads it, bytes a read; how often a read finds nothing
# more (a Quectel must be asked until it says so), and the pauses that it wants between commands.
MODULES = {
    "sim7000": (b"+CADATAIND", "CARECV", 1460, 0, 0),
    "m95": (b"+QIRDI", "QIRD", 1500, 1, 2 * 22),
    "he910": (b"SRING", "#SRECV", 1000, 1, 4 * 22),
}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("close_after_us", [0, 500_000], ids=["stays", "closes"])
@pytest.mark.parametrize("max_read", [None, 1, 7])
def test_answer_arrives_at_the_pace_of_the_line(monkeypatch, module, close_after_us, max_read):
    monkeypatch.setattr(log, "sink", lambda *line: None)
    announces, command, read_max, more, pauses_ms = MODULES[module]
    service = Answers(close_after_us)
    world = World(
        configuration(modem={"type": module, "sockets": 2}),
        services={(b"big", 7): service},
        max_read=max_read,
    )
    assert world.run(100, lambda: world.modem.online)
    world.mqtt.disconnect()
    world.run(5)
    socket = world.modem.socket()
    socket.listener = listener = Listener()
    socket.open(b"big", 7, False)
    assert world.run(60, lambda: socket.state == 2)
    world.run(2)
    reads_before = world.vm.counters[command]
    heard_before = len(world.vm.log)
    assert socket.send(b"give", 0, 4)
    assert world.run(10, lambda: len(listener.data) >= SIZE)
    end_us = world.board.now_us
    assert bytes(listener.data) == DATA

    dialogue = [e for e in list(world.vm.log)[heard_before:] if e[1] in "<>"]
    announced = next(i for i, e in enumerate(dialogue) if announces in e[2])
    start_us = dialogue[announced][0]
    # the line carries what the module says and, while it waits for it, what we ask
    on_the_line = sum(len(e[2]) for e in dialogue[announced + 1 :])
    needed_ms = on_the_line * BYTE_MS + pauses_ms
    took_ms = (end_us - start_us) / 1000
    ratio = took_ms / needed_ms
    reads = world.vm.counters[command] - reads_before
    print(f"took {took_ms:.1f} ms, the line needs {needed_ms:.1f} ms: {ratio:.3f}; {reads} reads")
    assert ratio <= 1.15
    assert reads <= math.ceil(SIZE / read_max) + more
    asked = [e[2] for e in world.vm.log if e[1] == "<"]
    assert b"AT+CARECV?\r" not in asked
    if close_after_us:
        assert world.run(5, lambda: listener.reason is not None)
