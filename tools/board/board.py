"""An emulated board with its virtual modem, in one time."""

from base64 import b64decode, b64encode
from pathlib import Path

from . import storage
from .process import BoardError, Emulator
from .repl import Repl
from .wiring import Link, Wiring

_SLICE_US = 10_000  # how often a condition is looked at while nothing else happens
_OUTPUT = 1 << 20  # bytes of what the board printed that are kept


class Board:
    """`image`: path of the firmware (.bin). `modem`: a `VirtualModem`, wired as `wiring` says.
    `files` ({path: bytes}): what is on its file system; None: it is not formatted yet.
    `flash`: the whole flash instead, as `flash` of another board gave it. `seed`: of what is
    random on the board (RAM after power-up, ROSC, what a power cut leaves of the flash). `watch`:
    pins whose changes are kept in `pins` as (µs, pin, level), level -1 where nothing drives it.

    Times are µs (or ms, s as the name says) of the board since its first start; they go on over
    resets and power cuts. The same calls give the same run, to the byte.
    """

    def __init__(
        self, image, modem=None, *, wiring=None, files=None, flash=None, seed=1, watch=()
    ):
        self.image = Path(image)
        try:
            firmware = self.image.read_bytes()
        except OSError as error:
            raise BoardError(f"the image {image} cannot be read: {error.strerror}") from None
        self.storage = storage.location(firmware)
        self.modem = modem
        self.link = Link(modem, wiring or Wiring()) if modem is not None else None
        self.output = bytearray()  # what came over USB and nobody has taken
        self.listeners = []  # called with each piece of it
        self.events = []  # (µs, text): starts and resets
        self.on_event = None
        self.on_pin = None  # called with (pin, level, ns, ns awake) for pins in `watch`
        self.pins = []
        self.connected = False
        self.queued = 0  # bytes on their way into USB
        self.asleep = False  # in WFI or WFE when last looked at
        self.stopped = None
        self._send = b""
        self._levels = {}
        self._cts = []
        self._nanos = 0
        self._state = None
        self._emulator = Emulator()
        whole = flash if flash is not None else storage.image(firmware, files)
        self._call(
            "start",
            flash=b64encode(whole).decode(),
            seed=seed,
            pins=self.link.pins if self.link else None,
            watch=[*watch, *(self.link.watch if self.link else [])],
        )
        if self.link:
            self.link.released(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End the emulator."""
        self._emulator.close()

    def _call(self, op, **parameters):
        self._state = None
        return self._emulator.call(op, **parameters)

    # ---- time ---------------------------------------------------------------------------------

    @property
    def now_us(self):
        """The board's time."""
        return int(self._nanos // 1000)

    def run_us(self, us):
        """Let `us` pass."""
        self._run(self.now_us + int(us))

    def run_ms(self, ms):
        """Let `ms` pass."""
        self._run(self.now_us + int(ms * 1000))

    def run_until(self, predicate, limit_s):
        """Let time pass until `predicate()`, looked at when something has happened and each
        10 ms; False where that did not come within `limit_s`."""
        end = self.now_us + int(limit_s * 1e6)
        while not predicate():
            if self.now_us >= end:
                return False
            self.step(min(end, self.now_us + _SLICE_US))
        return True

    def _run(self, end_us):
        while self.now_us < end_us:
            self.step(end_us)

    def step(self, limit_us):
        """Run to `limit_us`, or to the next thing that happens between the board and what is on
        its pins, whichever comes first."""
        if self.stopped:
            raise BoardError(f"the board has stopped: {self.stopped}")
        now = self.now_us
        until = limit_us
        link = self.link
        rx = []
        levels = [list(one) for one in self._levels.items()]
        self._levels.clear()
        if link:
            due = link.due(now)
            if due is not None:
                until = min(until, due)
            until = max(until, now + 1)
            levels += link.levels()
            rx = link.rx(until)
        sent, self._send = self._send, b""
        request = {"until": max(until, now + 1) * 1000}
        if rx:
            request["rx"] = rx
        if levels:
            request["pins"] = levels
        if self._cts:
            request["cts"], self._cts = self._cts, []
        if sent:
            request["send"] = b64encode(sent).decode()
        self._taken(self._call("run", **request))

    def _taken(self, reply):
        self._nanos = reply["nanos"]
        self.connected = reply["connected"]
        self.queued = reply["queued"]
        self.asleep = reply["asleep"]
        self.stopped = reply["stopped"]
        for event in reply["events"]:
            if event["kind"] == "start":
                us = int(event["nanos"] // 1000)
                self._note(us, f"started: {event['cause']}")
                if self.link:
                    self.link.released(us)
                continue
            if event["kind"] == "pin":
                self.pins.append((int(event["nanos"] // 1000), event["pin"], event["level"]))
                if self.on_pin:
                    self.on_pin(event["pin"], event["level"], event["nanos"], event["awake"])
            if self.link:
                self.link.event(event)
        if reply["usb"]:
            data = b64decode(reply["usb"])
            self.output += data
            del self.output[:-_OUTPUT]
            for listener in self.listeners:
                listener(data)

    def _note(self, us, text):
        self.events.append((us, text))
        if self.on_event:
            self.on_event(us, text)

    # ---- USB ----------------------------------------------------------------------------------

    def send(self, data):
        """Bytes into its USB serial port."""
        self._send += data

    def exec(self, source, limit_s=60):
        """Run Python on it over the raw REPL, interrupting what runs; returns what it printed.
        RemoteError on an exception, BoardError when it does not answer."""
        repl = Repl(self)
        repl.enter()
        try:
            return repl.run(source, limit_s)
        finally:
            repl.leave()

    def put(self, files):
        """Write `files` ({path: bytes}) onto its file system, by its own MicroPython."""
        repl = Repl(self)
        repl.enter()
        try:
            for path, data in files.items():
                folder = str(Path(path).parent)
                if folder not in (".", "/"):
                    repl.run(f"import os\ntry: os.mkdir({folder!r})\nexcept OSError: pass", 10)
                repl.run(f"f = open({str(path)!r}, 'wb')", 10)
                for i in range(0, len(data), 512):
                    repl.run(f"f.write({bytes(data[i : i + 512])!r})", 20)
                repl.run("f.close()", 10)
        finally:
            repl.leave()

    # ---- resets and power -----------------------------------------------------------------------

    def reset(self):
        """The RUN pin, as a debugger or a button pulls it."""
        self._call("reset", cause="run")
        self._restarted("reset by the host")

    def cut(self):
        """Cut its power now; what the flash was doing stays half done. The module goes on."""
        self._call("cut")
        self._restarted("power cut")

    def power(self):
        """Power comes back."""
        self._call("power")
        self._restarted("power")

    def cut_at(self, us):
        """Let time pass until `us`, whatever happens, and cut the power there, to the ns."""
        self._run(us)
        self.cut()

    def _restarted(self, text):
        self.output.clear()
        self._send = b""
        self.connected = False
        self.stopped = None
        self._note(self.now_us, text)
        if self.link:
            self.link.released(self.now_us)

    # ---- to look at -----------------------------------------------------------------------------

    @property
    def state(self):
        """What the emulator tells of itself."""
        if self._state is None:
            self._state = self._emulator.call("state")
        return self._state

    @property
    def awake_us(self):
        """How long the processor was awake: not in WFI or WFE."""
        return self.state["awake"] / 1000

    @property
    def cycles(self):
        """The same in cycles of the system clock as it is now."""
        state = self.state
        return round(state["awake"] * state["clock"] / 1e9)

    @property
    def overruns(self):
        """Bytes that the UARTs lost because their FIFO was full."""
        return sum(uart["overruns"] for uart in self.state["uarts"])

    @property
    def boots(self):
        """How often it has started."""
        return self.state["boots"]

    def pin(self, number, level):
        """Drive its pin from outside: 0, 1, or -1 to let go."""
        self._levels[number] = level

    def clear_to_send(self, uart, on):
        """What the other side of `uart` says on CTS; it matters where the firmware uses it."""
        self._cts.append([uart, bool(on)])

    @property
    def flash(self):
        """The whole flash."""
        reply = self._emulator.call("read", address=0, length=storage.FLASH_BYTES)
        return b64decode(reply["data"])

    def files(self):
        """{path: bytes} of its file system as the flash has it now."""
        offset, size = self.storage
        return storage.read(self.flash[offset : offset + size])

    def profile(self, on=True, handlers=None):
        """Begin (or end) to note where the processor is, each µs that it is awake. Returns
        {address: samples} since the last call; 0 stands for the flash being written. With
        `handlers` (`profile.handlers(elf)`) it is the function of Python that runs."""
        more = {"python": handlers} if handlers else {}
        return dict(map(tuple, self._call("profile", on=on, **more)["samples"]))
