"""`Modem`: the core on a real UART, real pins and a task of the loop."""

from uplink import log
from uplink.at import cme, codes
from uplink.errors import (
    CLOSED_CERTIFICATE,
    CLOSED_TLS,
    ATError,
    LinkDown,
    TLSError,
    closed_text,
)
from uplink.loop import Event
from uplink.modem.clock import EPOCH_2000
from uplink.modem.core import Core
from uplink.modem.states import STATES
from uplink.modems import load
from uplink.port.ticks import ticks_diff
from uplink.ring import Ring

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_CLOCK_EACH_MS = const(43_200_000)  # the board's clock is set again after half a day
_STATUS_MS = const(100)
_STATUS_UP_MS = const(5_000)


class Modem:
    """Brings the modem online and keeps it there; `socket()` gives its connections.

    `cfg` is what `app.config.load` returns (sections uart, pins, modem, sim, tls, broker).
    Spawns the link's task on `loop`. Opening UART and pins raises ConfigError, or what the board
    raises for one that it does not have (ValueError, TypeError, OSError).
    """

    def __init__(self, loop, cfg):
        board = loop.board
        self.loop = loop
        self.board = board
        self.uart = board.uart(cfg)
        self.ring = Ring(cfg["uart"]["ring"])
        self.core = Core(cfg, load(cfg["modem"]["type"]), self.ring, self)
        self.facts = self.core.facts
        self.baud = cfg["uart"]["baud"]
        self.ready = Event(loop)  # set while online
        self._kick = False
        self._clock_set = False
        self._clock_at = 0
        self._taken = 0
        self._pwrkey = board.output(cfg, "pwrkey")
        self._dtr = board.output(cfg, "dtr")
        self._reset = board.output(cfg, "reset")
        self._status = board.input(cfg, "status")
        core = self.core
        core.has_pwrkey = self._pwrkey.wired
        core.has_dtr = self._dtr.wired
        core.has_reset = self._reset.wired
        core.has_status = self._status.wired
        self._pins = -1
        self.task = loop.spawn(self._run(), name="link", first=True)

    # ---- for the application --------------------------------------------------------------

    def socket(self):
        """The next connection of the module that nobody has; each is reused for every open."""
        sockets = self.core.sockets
        if self._taken >= len(sockets):
            raise ValueError("modem: no more sockets, raise modem.sockets")
        self._taken += 1
        return sockets[self._taken - 1]

    @property
    def state(self):
        """Name of the state of the power machine, `"online"` when sockets work."""
        return STATES[self.core.state]

    @property
    def online(self):
        """True while sockets work (also asleep between messages)."""
        return self.core.online

    def start(self):
        """Switch the modem on and keep it online (done at start)."""
        self.core.start(self.loop.now())
        self.changed()

    def stop(self):
        """Switch the modem off."""
        self.core.stop(self.loop.now())
        self.changed()

    def ping(self, host):
        """Ping `host` (bytes) through the module; `facts.ping_ms` is the answer, -1 none."""
        self.core.ping(host)

    def error(self):
        """Why there is no connection, as an exception to look at or raise; None when all is well.

        `TLSError` and `LinkDown` for the last open that failed, `ATError` for the command that
        keeps the modem from coming online (allocates).
        """
        core = self.core
        engine = core.engine
        refused = core.refused
        if refused == CLOSED_CERTIFICATE or refused == CLOSED_TLS:
            return TLSError(closed_text(refused))
        if refused >= 0:
            return LinkDown(closed_text(refused))
        if core.online:
            return None
        if engine.failed_result == codes.OK:
            return LinkDown("modem: " + self.state)
        text = cme.text(engine.failed_cme) if engine.failed_result == codes.CME else b""
        return ATError(
            engine.failed_command.decode(),
            engine.failed_cme,
            text.decode() or codes.name(engine.failed_result),
        )

    def counters(self):
        """The recovery counters and what went wrong on the line, as a dict (allocates)."""
        core = self.core
        engine = core.engine
        used = core.ladder.used
        return {
            "retry": used[0],
            "reopen": used[1],
            "data": used[2],
            "register": used[3],
            "radio": used[4],
            "reset": used[5],
            "power": used[6],
            "wait": used[7],
            "restarts": core.restarts,
            "downs": core.downs,
            "timeouts": engine.timeouts,
            "resyncs": engine.resyncs,
            "late": engine.late,
            "damaged": engine.damaged,
            "unknown": engine.unknown,
            "overlong": self.ring.overlong,
            "uploads": core.files.uploaded,
        }

    # ---- for core ---------------------------------------------------------------------------

    def now(self):
        """The loop's clock."""
        return self.loop.now()

    def changed(self):
        """The core has something to do before the time it named."""
        self._kick = True
        if self.core.online != self.ready.is_set():
            if self.core.online:
                self.ready.set()
            else:
                self.ready.clear()
        self.loop.kick()

    def clock_known(self):
        """The network told the time: into the board's clock."""
        now = self.loop.now()
        if self._clock_set and 0 <= ticks_diff(now, self._clock_at) < _CLOCK_EACH_MS:
            return
        try:
            # seconds since 1970 are no small integer on 32 bit: the only heap in this task
            unix_s = EPOCH_2000 + self.facts.clock_s
            if abs(self.board.clock() - unix_s) > 2:
                self.board.set_clock(unix_s)
                log.info("modem", "clock set from the network")
        except MemoryError:
            log.warn("modem", "no memory to set the clock")
            return
        self._clock_set = True
        self._clock_at = now

    # ---- the link's task ----------------------------------------------------------------------

    async def _run(self):
        loop = self.loop
        core = self.core
        self.core.start(loop.now())
        while True:
            self._kick = False
            self._receive()
            core.status = self._status.get() if core.has_status else False
            wait = core.poll(loop.now())
            self._apply()
            if self._transmit():
                continue
            if core.engine.out_pos < core.engine.out_end:
                wait = 1  # the UART is full
            elif core.has_status:
                # STATUS has no event of its own
                look = _STATUS_UP_MS if core.online and core.status else _STATUS_MS
                wait = look if wait > look else wait
            if not self._kick:
                await loop.data(wait)
            else:
                await loop.sleep_ms(0)

    def _receive(self):
        """Everything that the UART holds, through the ring."""
        uart = self.uart
        ring = self.ring
        core = self.core
        stage = ring.stage
        turns = 0
        while turns < 32:
            n = uart.readinto(stage)
            if not n:
                return
            ring.put(n)
            core.heard(self.loop.now())
            turns += 1

    def _transmit(self):
        """Hand what the engine wants sent to the UART; True when all of it went."""
        engine = self.core.engine
        left = engine.out_end - engine.out_pos
        if left <= 0:
            return False
        engine.out_pos += self.uart.write(engine.out, engine.out_pos, left)
        return engine.out_pos == engine.out_end

    def _apply(self):
        """Pins and baud rate as the core wants them."""
        core = self.core
        pins = core.pwrkey | core.dtr << 1 | core.reset << 2
        if pins != self._pins:
            self._pins = pins
            self._pwrkey.set(core.pwrkey)
            self._dtr.set(core.dtr)
            self._reset.set(core.reset)
        if core.baud != self.baud:
            self.baud = core.baud
            self.uart.set_baud(core.baud)
