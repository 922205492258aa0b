"""The virtual modem: bytes, pins and the time in, bytes and the time of the next thing out.

Vendor-neutral: what a module says to which command is its page's (`pages/`).
"""

import random
from collections import Counter, deque

from .faults import Faults
from .files import Files
from .line import Line
from .options import Options
from .power import Power
from .radio import Radio
from .settings import Settings
from .sockets import Sockets
from .timers import Timers

_LOOK_BYTES = 1024
_PINS = {"ON_OFF": "PWRKEY", "HW_SHUTDOWN": "RESET"}


class VirtualModem:
    """A module on a UART. Times are integer microseconds and never go back.

    `modem.log` holds (us, direction, what): "<" bytes heard, ">" bytes said, "!" bytes that came
    in vain, "*" events as "kind: text". `modem.counters` counts commands by name,
    `modem.settings.flash_writes` the settings that saved themselves, `modem.damage` lists what was
    done to which bytes on the wire. `modem.listener(us, kind, text)` is told of every event.
    """

    def __init__(self, page, network, *, seed=0, now_us=0, options=None):
        self.page = page
        self.network = network
        self.seed = seed
        self.now = now_us
        self.options = options or Options()
        self.rng = self.rng_for("modem")
        self.timers = Timers()
        self.log = deque(maxlen=self.options.log_limit)
        self.counters = Counter()
        self.listener = None
        self.arrived = b""
        self.epoch = 0  # one power-on; what was planned in an earlier one is void
        self.host_baud = 115_200
        self.baud = 0
        self.tune_count = 0
        self.tune_from = 0  # when the search for the baud rate begins
        self.kept_urcs = []
        self.asleep = False
        self.waking = None
        self.dtr_low = False  # pulled up inside the module
        self.last_activity = now_us
        self._sleep = None
        self.settings = Settings(page.factory(self.options), page.AUTO_SAVE, page.PROFILE)
        self.settings.flash.update(self.options.settings)
        self.settings.restart()
        self.files = Files(page.FLASH_BYTES)
        for name, data in self.options.files.items():
            self.files.write(page.USER_DIRECTORY, name, data)
        self.line = Line(self)
        self.radio = Radio(self)
        self.sockets = Sockets(self)
        self.faults = Faults(self)
        self.power = Power(self, page.TIMINGS)
        self.page_state = page.fresh(self)

    # what the outside does

    def receive(self, data: bytes, now_us: int):
        """The host's UART starts to send `data` at now_us."""
        self._advance(now_us)
        if data:
            self.line.arriving(bytes(data), now_us, self.host_baud)

    def set_host_baud(self, baud: int):
        """The host's UART runs at this rate; where the module's differs, both hear noise."""
        self.host_baud = baud

    def pin(self, name: str, low: bool, now_us: int):
        """The module's line `name` (PWRKEY, DTR, RESET, RTS) is low or high from now_us on.

        ON_OFF and HW_SHUTDOWN, as Telit calls them, are other names of PWRKEY and RESET."""
        self._advance(now_us)
        name = _PINS.get(name, name)
        low = bool(low)
        if name == "EMERG_OFF":  # as Quectel calls it
            name = "RESET"
        if name in ("PWRKEY", "RESET"):
            self.power.pin(name, low, now_us)
        elif name == "DTR":
            if low != self.dtr_low:
                self.dtr_low = low
                self._dtr()
        elif name == "RTS":
            if self.page.flow_control(self):
                self.line.flow(low)
        else:
            raise ValueError(f"no pin {name!r}: PWRKEY, DTR, RESET or RTS expected")

    def poll(self, now_us: int):
        """Do all that is due; returns the absolute time of the next thing, or None."""
        self._advance(now_us)
        when = self._next()
        # (a host looks before its UART's buffer is full)
        end = self.line.tx.arrival(None, _LOOK_BYTES)
        if end is not None and (when is None or end < when):
            when = end
        return when

    def take(self, now_us: int) -> bytes:
        """The bytes that have fully arrived at the host by now_us."""
        self._advance(now_us)
        data = self.line.tx.take(now_us)
        if self.arrived:
            data, self.arrived = self.arrived + data, b""
        return data

    @property
    def status(self) -> bool:
        """The STATUS pin: high while the module is on."""
        return self.power.status

    @property
    def damage(self):
        """What was done to bytes on the wire, in order of the directions."""
        return self.line.rx.damage + self.line.tx.damage

    def fault(self, name: str, **args):
        """Make a fault happen now (see tools/modem/faults.py for names and arguments)."""
        self.faults.happen(name, args)

    def switch_on(self):
        """For tests: on at once, as if it had been booted long ago without anybody listening."""
        self.power.state = "on"
        self.power.set_status(True)
        self.started()

    # time

    def _next(self):
        when = self.timers.next()
        for other in (self.line.due(), self.network.next()):
            if other is not None and (when is None or other < when):
                when = other
        return when

    def _advance(self, now_us):
        network = self.network
        if now_us > self.now or network.next() is None:
            self._until(now_us)
            self.now = max(self.now, now_us)
            network.poll(self.now)
        self._until(self.now)

    def _until(self, now_us):
        while True:
            when = self._next()
            if when is None or when > now_us:
                return
            if when > self.now:
                self.now = when
            now = self.now
            while self.timers.run(now):
                pass
            due = self.line.due()
            if due is not None and due <= now:
                self.line.consume(now)
            due = self.network.next()
            if due is not None and due <= now:
                self.network.poll(now)

    def after(self, us, call, *args):
        """Plan a call of this power-on, `us` from now."""
        return self.timers.at(self.now + int(us), self._call, self.epoch, call, args)

    def after_ms(self, ms, call, *args):
        """The same for one of the module's own times: scaled."""
        return self.after(ms * 1000 * self.options.scale, call, *args)

    def _call(self, epoch, call, args):
        if epoch == self.epoch:
            call(*args)

    def latency_us(self):
        options = self.options
        ms = options.latency_ms
        if options.latency_jitter_ms:
            ms += self.rng.random() * options.latency_jitter_ms
        return int(ms * 1000)

    def rng_for(self, what):
        return random.Random(f"{self.seed}/{what}")

    # power

    def started(self):
        """The power machine says: UART and STATUS are there."""
        self.baud = self.settings["IPR"]
        self.tune_count = 0
        self.tune_from = self.now + self.power.between("tune_min", "tune_max")
        self.kept_urcs = []
        self.line.up()
        self.event("power", "on")
        self.page.booted(self)
        self.touched()

    def closing(self):
        """An orderly power down has begun: the network and the servers are told."""
        self.epoch += 1
        self._sleep = None
        self.line.mode = "busy"
        self.line.command = None
        if self.line.reader is not None:
            self.line.reader.drop()
            self.line.reader = None
        for cid in list(self.sockets.by_cid):
            self.sockets.close(cid)
        self.radio.stop(tell=False)

    def stopped(self):
        """Power is gone: so is everything that was not saved."""
        self.epoch += 1
        self._sleep = None
        self.line.down()
        self.asleep = False
        self.waking = None
        self.sockets.vanish()
        self.radio.stop(tell=False)
        self.settings.restart()
        self.page_state = self.page.fresh(self)

    def wedge(self, until):
        """Alive by its pins, deaf and dumb until "reset" or "power"."""
        if self.power.state == "on":
            self.power.wedged = until
            self.epoch += 1
            self.line.down()

    # UART

    def tuned(self):
        return self.baud != 0

    def rates_differ(self):
        return self.host_baud != self.baud

    def autobaud(self, heard_at):
        """A line has come while the rate is unknown."""
        if not heard_at or self.host_baud not in self.page.RATES or self.now < self.tune_from:
            return
        self.tune_count += 1
        if self.tune_count >= max(self.options.autobaud_lines, self.page.AUTOBAUD_LINES):
            self.baud = self.host_baud
            self.event("uart", f"rate found: {self.baud}")
            kept, self.kept_urcs = self.kept_urcs, []
            for text in kept:
                self.urc(text)

    def set_rate(self, rate):
        """AT+IPR: from the end of what is being said, this rate is in force (0: automatic)."""
        delay = max(0, self.line.tx.busy_until - self.now)
        if rate:
            self.after(delay, self._rate, rate)

    def _rate(self, rate):
        self.baud = rate

    def noise(self, count):
        return bytes(self.rng.randrange(256) for _ in range(count))

    def urc(self, text, boot=False):
        """Say an unsolicited result code, if it can be heard."""
        if self.power.wedged or self.power.state not in ("on", "going_down"):
            return
        if isinstance(text, str):
            text = text.encode("latin-1")
        if not self.tuned():
            if self.options.late_boot_urcs and boot:
                self.kept_urcs.append(text)
            return
        if self.line.silent():
            return
        if self.asleep:
            if self.options.sleep_urcs == "kept":
                self.kept_urcs.append(text)
            return
        self.event("urc", self.page.urc_text(text))
        self.line.write("urc", b"\r\n" + text + b"\r\n")

    # light sleep

    def touched(self):
        """Something went over the UART: awake for another while."""
        self.last_activity = self.now
        if self.asleep or self.line.mode == "dead":
            return
        if not self.dtr_low and self._sleep is None and self.page.may_sleep(self):
            self._sleep = self.after_ms(self.options.sleep_idle_ms, self._maybe_sleep)

    def _maybe_sleep(self):
        self._sleep = None
        if self.dtr_low or self.asleep or not self.page.may_sleep(self):
            return
        idle = int(self.options.sleep_idle_ms * 1000 * self.options.scale)
        if self.line.mode != "command" or self.line.tx.busy_until > self.now:
            self.touched()
        elif self.now - self.last_activity >= idle:
            self.asleep = True
            self.line.consume(self.now)
            self.line.mode = "dead"
            self.event("power", "asleep")
        else:
            wait = self.last_activity + idle - self.now
            self._sleep = self.after(wait, self._maybe_sleep)

    def _dtr(self):
        if not self.dtr_low:
            self.page.dtr_dropped(self)
            self.timers.cancel(self.waking)
            self.waking = None
            self.last_activity = self.now
            self.touched()
        elif self.asleep and self.waking is None:
            self.waking = self.after(self.power.us("wake"), self._awake)

    def _awake(self):
        self.waking = None
        if self.power.wedged:
            return
        self.asleep = False
        self.line.up()
        self.event("power", "awake")
        kept, self.kept_urcs = self.kept_urcs, []
        for text in kept:
            self.urc(text)

    # records

    def note(self, direction, data):
        self.log.append((self.now, direction, data))

    def event(self, kind, text):
        self.log.append((self.now, "*", f"{kind}: {text}"))
        if self.listener is not None:
            self.listener(self.now, kind, text)

    def count(self, name):
        self.counters[name] += 1
