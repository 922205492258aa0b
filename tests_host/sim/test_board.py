"""The simulated board: time, bytes, pins, watchdog."""

import pytest

from tests_host.sim.board import NEAR_WRAP, SimBoard, SimReset, Spinning, WatchdogBite
from uplink.loop import Loop
from uplink.port.ticks import ticks_diff

PINS = {"pwrkey": 1, "dtr": None, "status": 2, "reset": 3}
CFG = {"uart": {"baud": 115200}, "pins": PINS}


class Peer:
    """Says what it is told to say, when it is told to."""

    def __init__(self, *says):
        self.says = list(says)  # (us, bytes), in order
        self.heard = []
        self.pins = []
        self.status = False
        self.status_at = None
        self.baud = None
        self.polls = 0

    def receive(self, data, now_us):
        self.heard.append((now_us, data))

    def set_host_baud(self, baud):
        self.baud = baud

    def pin(self, name, low, now_us):
        self.pins.append((name, low, now_us))

    def poll(self, now_us):
        self.polls += 1
        if self.status_at is not None and now_us >= self.status_at:
            self.status = True
            self.status_at = None
        times = [at for at, _ in self.says if at > now_us]
        if self.status_at is not None:
            times.append(self.status_at)
        return min(times, default=None)

    def take(self, now_us):
        taken = b""
        while self.says and self.says[0][0] <= now_us:
            taken += self.says.pop(0)[1]
        return taken


def test_idle_ends_with_the_first_byte_at_its_own_time():
    board = SimBoard(Peer((1234, b"a"), (1300, b"b"), (9000, b"c")))
    uart = board.uart(CFG)
    board.idle(100)
    assert board.now_us == 1234 and uart.any() == 1
    buf = bytearray(8)
    assert uart.readinto(buf) == 1 and buf[0] == ord("a")
    assert uart.readinto(buf) == 0
    board.idle(5)
    assert board.now_us == 1300


def test_idle_goes_on_to_the_tick_it_was_asked_for():
    board = SimBoard(Peer((1700, b"x")), start_ms=NEAR_WRAP)
    start = board.ticks_ms()
    board.idle(2)
    assert board.now_us == 1700
    board.rx.clear()
    board.idle(2)  # from tick 1 to tick 3
    assert board.now_us == 3000
    assert ticks_diff(board.ticks_ms(), start) == 3


def test_without_data_idle_sleeps_through_bytes():
    board = SimBoard(Peer((1000, b"x")))
    board.idle(50, False)
    assert board.now_us == 50_000 and board.any() == 1


def test_idle_returns_when_status_changes():
    peer = Peer()
    peer.status_at = 7000
    board = SimBoard(peer)
    status = board.input(CFG, "status")
    assert status.wired and not status.get()
    board.idle(1000)
    assert board.now_us == 7000 and status.get()


def test_ticks_wrap():
    board = SimBoard(Peer(), start_ms=NEAR_WRAP)
    before = board.ticks_ms()
    board.idle(6000)
    assert board.ticks_ms() == 1000 and ticks_diff(board.ticks_ms(), before) == 6000


@pytest.mark.parametrize("max_read", [1, 2, 7, None])
def test_reads_come_in_pieces_of_at_most_max_read(max_read):
    board = SimBoard(Peer((0, bytes(range(20)))), max_read=max_read)
    uart = board.uart(CFG)
    board.idle(1)
    got = bytearray()
    buf = bytearray(16)
    while n := uart.readinto(buf):
        assert n <= (max_read or 16)
        got += buf[:n]
    assert got == bytes(range(20))


def test_what_does_not_fit_is_lost_and_counted():
    board = SimBoard(Peer((0, b"0123456789")), rxbuf=8)
    uart = board.uart(CFG)
    board.idle(1)
    buf = bytearray(16)
    assert uart.readinto(buf) == 8 and buf[:8] == b"01234567"
    assert board.overruns == 2


def test_writes_and_pins_reach_the_peer_with_their_time():
    peer = Peer()
    board = SimBoard(peer)
    uart = board.uart(CFG)
    assert peer.baud == 115200
    pwrkey = board.output(CFG, "pwrkey")
    assert pwrkey.wired and peer.pins == [("PWRKEY", False, 0)]
    board.advance(3)
    pwrkey.set(True)
    pwrkey.set(True)
    assert uart.write(b"xATy", 1, 2) == 2
    uart.set_baud(9600)
    assert peer.pins[1:] == [("PWRKEY", True, 3000)]
    assert peer.heard == [(3000, b"AT")] and peer.baud == 9600
    dtr = board.output(CFG, "dtr")
    dtr.set(True)
    assert not dtr.wired and len(peer.pins) == 2


def test_a_peer_that_asks_for_the_past_does_not_stop_the_clock():
    peer = Peer()
    peer.poll = lambda now_us: 0
    board = SimBoard(peer)
    board.idle(1)
    assert board.now_us == 1000


def test_watchdog_bites_when_starved():
    board = SimBoard(Peer())
    dog = board.watchdog(100)
    board.idle(60)
    dog.feed()
    board.idle(60)
    assert dog.feeds == [60] and not dog.bitten
    with pytest.raises(WatchdogBite):
        board.idle(60)
    assert dog.bitten


def test_a_loop_keeps_the_watchdog_fed_and_a_stuck_task_does_not():
    board = SimBoard(Peer())
    loop = Loop(board)
    lively = True

    async def task():
        while lively:
            await loop.sleep_ms(50)
        await loop.sleep_ms(10_000_000)

    loop.spawn(task(), within_ms=200)
    loop.watch(1000)
    assert not board.run_until(loop, lambda: False, 60)
    lively = False
    with pytest.raises(WatchdogBite):
        board.run_until(loop, lambda: False, 60)
    assert 61_000 <= board.now_us // 1000 <= 61_500


def test_run_until_gives_up_at_its_limit_and_lets_time_pass_for_a_busy_loop():
    board = SimBoard(Peer())
    board.PASSES = 1000
    loop = Loop(board)

    async def busy():
        while True:
            await loop.sleep_ms(0)

    loop.spawn(busy())
    assert not board.run_until(loop, lambda: False, 0.05)
    assert board.now_us == 50_000
    assert board.run_until(loop, lambda: board.now_us > 60_000, 1)


def test_a_loop_that_never_rests_is_told_unless_bytes_move():
    peer = Peer()
    board = SimBoard(peer)
    loop = Loop(board)
    talks = True
    uart = board.uart(CFG)

    async def busy():
        while True:
            if talks:
                uart.write(b"x", 0, 1)
            await loop.sleep_ms(1)

    loop.spawn(busy())
    assert not board.run_until(loop, lambda: False, 2)
    talks = False
    with pytest.raises(Spinning, match="501 passes"):
        board.run_until(loop, lambda: False, 2)


def test_clock_random_and_reset():
    board = SimBoard(Peer(), seed=7, cause="watchdog")
    assert board.clock() == 0 and board.reset_cause() == "watchdog"
    board.set_clock(1_800_000_000)
    board.advance(2500)
    assert board.clock() == 1_800_000_002
    same = SimBoard(Peer(), seed=7)
    assert [board.rand(1000) for _ in range(5)] == [same.rand(1000) for _ in range(5)]
    with pytest.raises(SimReset):
        board.reset()


def test_a_week_takes_little():
    says = [(minute * 60_000_000 + 137, b"+CREG: 1\r\n") for minute in range(7 * 24 * 60)]

    class Cheap(Peer):
        """A peer that knows its next time without a search."""

        def __init__(self):
            super().__init__()
            self.index = 0

        def poll(self, now_us):
            return says[self.index][0] if self.index < len(says) else None

        def take(self, now_us):
            if self.index < len(says) and says[self.index][0] <= now_us:
                self.index += 1
                return says[self.index - 1][1]
            return b""

    board = SimBoard(Cheap())
    uart = board.uart(CFG)
    loop = Loop(board)
    heard = 0

    async def link():
        nonlocal heard
        buf = bytearray(64)
        while True:
            if await loop.data(30_000):
                heard += uart.readinto(buf)

    loop.spawn(link(), first=True)
    assert not board.run_until(loop, lambda: False, 7 * 86400)
    assert heard == 10 * len(says)
    # One idle for each message and each timeout between, and no more.
    assert board.idles <= 3 * len(says) + 2
