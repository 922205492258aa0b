"""`Modem`: the core on a real UART, real pins and a task of the loop."""

from uplink import log
from uplink.at import cme, codes
from uplink.errors import ATError, ConfigError, LinkDown, TLSError, closed_text
from uplink.loop import Event
from uplink.modem.core import Core
from uplink.modem.states import RUNGS, const
from uplink.modems import load
from uplink.port.ticks import ticks_diff
from uplink.ring import Ring

_START = const(1)  # of states
_STOP = const(2)
_WAKE = const(16)
_ASLEEP = const(14)
_TLS = const(6)  # of errors.CLOSED_
_CERTIFICATE = const(7)
_UNOPENED = const(10)  # (those above it are of services, which would not open it either)
_CME = const(2)  # of at.codes

_CLOCK_EACH_MS = const(43_200_000)  # the board's clock is set again after half a day
_STATUS_MS = const(250)
_LOOK_MS = const(5_000)
_CALM = const(192)  # bytes of payload that may come before they are looked at
_FEW = const(24)  # so few that are still to come,
_SOME = const(96)  # or that are there already, are not waited for


class Modem(Core):
    """Brings the modem online and keeps it there; `socket()` gives its connections.

    `cfg` is what `app.config.load` returns (sections uart, pins, modem, sim, tls, broker).
    Spawns the link's task on `loop`. Opening UART and pins raises ConfigError, or what the board
    raises for one that it does not have (ValueError, TypeError, OSError).
    """

    def __init__(self, loop, cfg):
        board = loop.board
        # MicroPython looks for methods in the object's own dict first, and that takes long where
        # it is full: at 73 attributes, or 97. Keep some room.
        self.loop = loop
        self.board = board
        # What a turn may leave waiting, and what comes while a file is read from flash, must find
        # room: with less a certificate that is read back would never arrive whole.
        uart = cfg["uart"]
        uart["rxbuf"] = max(uart.get("rxbuf") or 0, uart["baud"] // 450, 2 * _CALM)
        self.uart = board.uart(cfg)
        self.ready = Event(loop)  # set while online
        vendor = load(cfg["modem"]["type"])
        if vendor is None:
            raise ConfigError("uplink.json", "modem.type", "a module that this image knows")
        super().__init__(cfg, vendor, Ring(cfg["uart"]["ring"]))
        self.kick = False
        self._clock_at = -1  # when the board's clock was set
        self.taken = 0
        self._pins = pins = []
        for name in ("pwrkey", "dtr", "reset"):
            pin = board.output(cfg, name)
            self.wired |= pin.wired << len(pins)
            pins.append(pin)
        pins.append(board.input(cfg, "status"))
        self.task = loop.spawn(self._run(), name="link", first=True)

    # ---- for the application (`state`, `online`, `ping`, the facts are the core's) --------------

    def socket(self):
        """The next connection of the module that nobody has; each is reused for every open."""
        n = self.taken
        if n >= len(self.sockets):
            raise ValueError("no socket left: raise modem.sockets")
        self.taken = n + 1
        return self.sockets[n]

    def start(self):
        """Switch the modem on and keep it online (done at start)."""
        self.time()
        self.wanted = True
        self.event(_START)

    def stop(self):
        """Switch the modem off."""
        self.time()
        self.wanted = False
        self.event(_STOP)

    def error(self):
        """Why there is no connection, as an exception to look at or raise; None when all is well.

        `TLSError` and `LinkDown` for the last open that failed, `ATError` for the command that
        keeps the modem from coming online (allocates).
        """
        engine = self.engine
        refused = self.refused
        if refused == _CERTIFICATE or refused == _TLS or refused >= _UNOPENED:
            return TLSError(closed_text(refused))
        if refused >= 0:
            return LinkDown(closed_text(refused))
        if self.online:
            return None
        result = engine.failed_result
        if not result:
            return LinkDown("modem: " + self.state)
        n = -1  # (else that of a command before, which might fail)
        text = ""
        if result == _CME:
            n = engine.failed_cme
            text = cme.text(n).decode()
        return ATError(self.failed.decode(), n, text or codes.name(result))

    def counters(self):
        """The recovery counters and what went wrong on the line, as a dict (allocates)."""
        engine = self.engine
        found = {
            "restarts": self.restarts,
            "downs": self.downs,
            "overlong": engine.ring.overlong,
            "uploads": self.files.uploaded,
        }
        for name in ("timeouts", "resyncs", "late", "damaged", "unknown"):
            found[name] = getattr(engine, name)
        for i in range(8):
            found[RUNGS[i]] = self.used[i]
        return found

    # ---- what the core asks -------------------------------------------------------------------

    def time(self):
        """The loop's clock."""
        self.now = self.loop.now()
        return self.now

    def wake(self):
        """There is something to do before the time that `poll` named: a socket has work."""
        if self.phase == _ASLEEP:
            self.time()
            self.event(_WAKE)
        self.kick = True
        self.loop.kick()

    def go(self):
        """The engine has work: what it says goes out now, where that is not the link's turn.

        That saves a turn of the loop. The task looks at the answer's limit when it wakes next.
        """
        loop = self.loop
        if loop.current is not self.task:
            engine = self.engine
            now = loop.now()
            engine.poll(now)
            if not engine.pump(self.uart, now, 0):
                return
        self.wake()

    def changed(self):
        """The state has changed."""
        self.kick = True
        online = self.online
        if online != self.ready.is_set():
            if online:
                self.ready.set()
            else:
                self.ready.clear()
        self.loop.kick()

    def network_time(self, year, month, day, hour, minute, second, quarters):
        """Local time and its offset in quarters of an hour; years since 2000."""
        # a module without a time says 1980 (80) or 2070 and later
        if not 24 <= year < 70 or not 1 <= month <= 12 or day < 1:
            return
        # seconds since 2000 fit into a small integer until 2034
        days = year * 365 + (year + 3) // 4 + day - 1
        days += (367 * month - 362) // 12  # the months before it, as if February had 30 days
        if month > 2:
            days -= 1 if year % 4 == 0 else 2
        self.clock_s = ((days * 24 + hour) * 60 + minute - quarters * 15) * 60 + second
        now = self.time()
        board = self.board
        if self._clock_at >= 0 and 0 <= ticks_diff(now, self._clock_at) < _CLOCK_EACH_MS:
            return
        try:
            # seconds since 1970 are no small integer on 32 bit: the only heap in this task
            unix_s = 946_684_800 + self.clock_s
            if abs(board.clock() - unix_s) > 2:
                board.set_clock(unix_s)
                log.info("modem", "clock set")
        except MemoryError:
            log.warn("modem", "no memory")
            return
        self._clock_at = now

    # ---- the link's task ----------------------------------------------------------------------

    async def _run(self):
        loop = self.loop
        uart = self.uart
        engine = self.engine
        status = self._pins[3]
        wired = status.wired
        set_pins = -1
        set_baud = self.baud
        self.start()
        while True:
            # everything that the UART holds, through the ring
            now = self.now = loop.now()
            wait = engine.read(uart, now, _LOOK_MS)
            if wait > 0 and self.status and self.rung < 0:
                # a socket's bytes are out: nothing else is due before their result
                await loop.data(wait)
                continue
            if wired:
                self.status = status.get()
            self.kick = False  # what was asked for until now is looked at by
            now = loop.now()
            wait = self.poll(now)
            # pins and baud rate as the core wants them
            if self.pins != set_pins:
                set_pins = self.pins
                for i in range(3):
                    self._pins[i].set(self.pins >> i & 1 != 0)
            if self.baud != set_baud:
                set_baud = self.baud
                uart.set_baud(self.baud)
            out = engine.pump(uart, now, wait)
            if out >= 0:
                # (payload that ended a script leaves the core with work)
                wait = out if self.doing else self.poll(now)
            # STATUS has no event of its own, and `go` tells us nothing
            look = _LOOK_MS if self.online and self.status else _STATUS_MS if wired else wait
            if wait > look:
                wait = look
            if self.kick:
                wait = 0
            left = engine.left
            if left > _FEW:
                have = uart.any()
                left = left - have if have < _SOME else 0
            if left > _FEW:
                # inside payload: not for each byte of it, but for as many as come meanwhile
                await loop.sleep_ms(min(left, _CALM) * 10_000 // self.baud)
            else:
                await loop.data(wait) if wait else await loop.sleep_ms(0)
