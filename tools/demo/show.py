"""The demo: starts everything in order, watches, and says in a sentence how it ended."""

import fcntl
import queue
import shutil
import time
from pathlib import Path

from tools.certs import Authority

from . import board as boards, broker as brokers, device as devices, modem as modems
from .children import ChildError, Family
from .state import Progress

DEVICE = "demo-7"
_START_LIMIT_S = 15
_COMMAND_EVERY_S = 8
_COMMANDS = (
    '{"id":%d,"ping":"hello"}',
    '{"id":%d,"led":true}',
    '{"id":%d,"telemetry":true}',
    '{"id":%d,"led":false}',
)
_RESTARTS = 5


class Failed(Exception):
    """The demo did not do what it is for; the message is the sentence that says why."""


class Demo:
    """`options`: as `tools.demo.__main__` parses them; `make_view(progress)` makes the view;
    `clock()` gives seconds.
    """

    def __init__(self, options, make_view, clock=time.monotonic):
        self.clock = clock
        self.options = options
        self.folder = Path(options.folder).resolve()
        self.progress = Progress(DEVICE)
        self.make_view = make_view
        self.view = None
        self.lines = queue.Queue()
        self.family = Family(self.lines)
        self.broker = None
        self.device = None
        self.modem = None
        self.started = clock()
        self.next_command = None

    def run(self):
        """Returns when N messages are acknowledged; raises `Failed`, `ChildError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Failed(f"another demo uses {self.folder}: end it, or give --dir") from None
            with self.make_view(self.progress) as self.view, self.family:
                self._start()
                self._watch()

    # ---- starting -----------------------------------------------------------------------------

    def _start(self):
        view = self.view
        folder = self.folder
        for name in ("ca", "device", "log"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "log").mkdir()
        authority = Authority.create(folder / "ca", name="Uplink demo CA")
        brokers.certificates(authority, DEVICE)
        view.note(f"CA and certificates made in {folder / 'ca'}")
        by_password = None if modems.holds_a_key(self.options.modem) else DEVICE
        self.broker = brokers.Broker(self.family, folder, authority, by_password)
        self._until(lambda: self.progress.broker_up, "the broker to listen")
        view.note(
            f"Mosquitto listens on 127.0.0.1:{self.broker.port}, TLS with client certificates"
        )
        self.broker.watch(self.family, [f"devices/{DEVICE}/{name}" for name in _TOPICS])
        self._until(lambda: self.progress.watching, "mosquitto_sub to subscribe")
        if getattr(self.options, "target", "unix") == "board":
            self._start_board(authority)
        else:
            self._start_device(authority)

    def _start_device(self, authority):
        self._start_modem()
        self.view.note(f"virtual {self.options.modem} on {self.modem.uart}, switched off")
        config = self._configuration(self.modem.uart, self.modem.pins)
        flash = devices.lay_out(self.folder / "device", authority, config)
        self.device = devices.Device(
            self.family, flash, self.folder / "log" / "device.log", self.options.firmware
        )
        self.device.start()
        self.view.note("firmware started")

    def _start_board(self, authority):
        config = {**self._configuration(None, None), **boards.WIRING}
        flash = devices.lay_out(self.folder / "device", authority, config)
        self.device = boards.Board(
            self.family,
            flash,
            self.folder / "log" / "board.log",
            self.folder / "board",
            self.options.modem,
            self._modem_options(),
            self.options.image,
        )
        self.device.start()
        self._until(lambda: self.device.ready, "the emulated board to start")
        self.view.note(f"emulated board started: its USB serial port is {self.device.usb}")

    def _configuration(self, uart, pins):
        return devices.configuration(
            DEVICE,
            uart,
            pins,
            brokers.HOST,
            self.broker.device_port,
            self.options.interval,
            self.options.modem,
            self.broker.password,
        )

    def _start_modem(self):
        more = ["--pins", "--off", *self._modem_options()]
        log = self.folder / "log" / "modem.log"
        self.modem = modems.VirtualModem(self.family, self.options.modem, log, *more)
        self._until(lambda: self.modem.ready, "the virtual modem to name its pty")

    def _modem_options(self):
        options = self.options
        more = [
            "--scale",
            str(options.scale),
            *modems.redirect(brokers.HOST, self.broker.device_port),
        ]
        for fault in options.fault:
            more += ["--fault", fault]
        if options.scenario:
            more += ["--scenario", str(Path(options.scenario).resolve())]
        return more

    def _until(self, done, what):
        """Take lines until `done()`; `what` names it where that does not happen."""
        end = time.monotonic() + _START_LIMIT_S
        while not done():
            if time.monotonic() > end:
                raise Failed(f"waited {_START_LIMIT_S} s for {what}")
            self._take(0.1)

    # ---- watching -------------------------------------------------------------------------------

    def _watch(self):
        limit_s = self.options.limit
        while True:
            self._take(0.1)
            if self.options.n and self.progress.reached(self.options.n):
                self.view.note(self._success())
                return
            elapsed = self.clock() - self.started
            if limit_s and elapsed > limit_s:
                raise Failed(f"not done after {limit_s} s: {self._why()}")
            self._command(elapsed)
            self.view.refresh()

    def _success(self):
        elapsed = self.clock() - self.started
        progress = self.progress
        return (
            f"done in {elapsed:.0f} s: mosquitto_sub received {progress.telemetry} telemetry "
            f"messages, the device counts {progress.acked} acknowledged publishes "
            f"({progress.kinds()})"
        )

    def _why(self):
        progress = self.progress
        stuck = progress.stuck_at()
        why = f"{stuck} is missing ({progress.chain()})" if stuck else "connected"
        said = "".join(f"\n    {line}" for line in list(self.device.child.tail)[-5:])
        said = f"; the device's last lines:{said}" if said else ""
        return f"{why}, {progress.counts()}; the logs are in {self.folder / 'log'}{said}"

    def _take(self, wait_s):
        """Wait for a line, then take all that have come."""
        try:
            source, text = self.lines.get(timeout=wait_s)
            while True:
                self._one(source, text)
                source, text = self.lines.get_nowait()
        except queue.Empty:
            pass

    def _one(self, source, text):
        if text is None:
            self._ended(source)
            return
        if source == "board":
            source, text = self._from_board(text)
        elif source == "modem":
            self.modem.heard(text)
        shown = self.progress.line(source, text)
        if shown:
            self.view.line(source, shown)

    def _from_board(self, text):
        source, text = self.device.heard(text)
        if self.device.started_again:
            self.device.started_again = False
            self.progress.restarted()
            self.view.note("the board restarts")
        return ("device" if source == "board" else source), text

    def _ended(self, source):
        """One of the programs has ended."""
        child = next(
            (c for c in self.family.children if c.name == source and c.status is not None), None
        )
        if child is None:
            return
        self.family.children.remove(child)
        if source == "operator":
            if child.status:
                self.view.note(f"a command was not published: {child.ending()}")
            return
        if source == "device" and self.device.restarts and self.progress.restarts < _RESTARTS:
            self.progress.restarted()
            self.view.note("the board restarts")
            self.device.start()
            return
        raise Failed(child.ending())

    def _command(self, elapsed):
        """Now and then a command, once telemetry comes."""
        if not self.progress.telemetry or not self.progress.stages[-1]:
            return
        if self.next_command is not None and elapsed < self.next_command:
            return
        self.next_command = elapsed + _COMMAND_EVERY_S
        number = self.progress.commands
        payload = _COMMANDS[number % len(_COMMANDS)] % (number + 1)
        self.broker.publish(self.family, f"devices/{DEVICE}/cmd", payload)
        self.progress.commanded(payload)
        self.view.line("operator", f"devices/{DEVICE}/cmd {payload}")


_TOPICS = ("telemetry", "reply", "status")

__all__ = ("ChildError", "Demo", "Failed")
