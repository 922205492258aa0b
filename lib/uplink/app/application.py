"""`App`: from `uplink.json` to a device that reports and obeys, and that restarts when it must.

    app = App("uplink.json")

    @app.telemetry
    def values(out):
        out.fixed(b"t", 215, 1)

    app.run()

Functions are registered first; `run` reads the configuration, makes `loop`, `modem` and `mqtt`,
and returns to the REPL only for a wrong configuration, safe mode or Ctrl-C. A failure of its own
ends in a restart of the board.
"""

import gc
import sys

from uplink import log, port
from uplink.app import config, safe
from uplink.errors import ConfigError

# Why `run` has returned: `status`.
RUNNING = -1
STOPPED = 0
FAILED = 1
MISCONFIGURED = 2
SAFE = 3

_LEVELS = ("debug", "info", "warn", "error")
_PAUSE_MS = 5_000  # before a restart that a failure asks for: time for Ctrl-C
_VITAL = ("link", "mqtt")  # names of the tasks that modem and mqtt spawn
_STALLED_MS = 60_000  # the supervision must get its turn within this


class App:
    """`path` of the configuration; `board` (None = the one this runs on) is for tests."""

    def __init__(self, path: str = "uplink.json", board=None):
        self.path = path
        self.board = board
        self.status = RUNNING
        self.cfg = None
        self.loop = None
        self.modem = None
        self.mqtt = None
        self.telemetry_task = None
        self.commands_task = None
        self.up_s = 0  # seconds since start
        self.failures = 0  # of the user's functions
        self._values = None
        self._handlers = {}
        self._routes = []
        self._tasks = []
        self._vital = []
        self._watched = False  # the hardware watchdog runs
        self._failure = None  # why the loop was stopped
        self._connected = False
        self._acked = 0
        self._offline_s = 0
        self._proven = False

    # ---- what main.py registers -------------------------------------------------------------

    def telemetry(self, function):
        """Decorator: `function(out)` adds values to each message (see `payload.Payload`)."""
        self._values = function
        return function

    def command(self, name: str):
        """Decorator: `function(value) -> answer` obeys {"name": value}; it may be `async`."""

        def register(function):
            self._handlers[name] = function
            return function

        return register

    def on(self, topic: str, qos: int = 1):
        """Decorator: `function(topic, payload)` for a subscription of your own."""

        def register(function):
            self._routes.append((topic, qos, function))
            return function

        return register

    def task(self, function):
        """Decorator: `async def function()` runs beside the rest, from start on."""
        self._tasks.append(function)
        return function

    # ---- running ------------------------------------------------------------------------------

    def run(self):
        """Start, and go on until somebody wants the REPL."""
        self._watched = False
        try:
            failure = self._run()
            if failure is not None:
                self._die(failure)
        except KeyboardInterrupt:
            self.status = STOPPED
            print("uplink: stopped by Ctrl-C")
            if self._watched:
                safe.once()
                print("uplink: the watchdog restarts the board soon, into the REPL")
            else:
                safe.good()

    def _run(self):
        """Returns the failure that the board must be restarted for, or None."""
        try:
            if self.board is None:
                self.board = port.board()
            if not self._may_start():
                self.status = SAFE
                return None
            self.start()
            if self.cfg["watchdog_s"]:
                self.loop.watch(self.cfg["watchdog_s"] * 1000)
                self._watched = self.board.reset_cause() != "unknown"  # a PC has none
            self.loop.run()
            self.status = STOPPED
            return self._failure
        except ConfigError as error:
            self.status = MISCONFIGURED
            safe.good()  # a start that could only tell what is wrong does not count
            print("uplink: the configuration cannot be used:")
            print("  ", error)
            print("uplink: not started; correct it and restart the board")
        except Exception as error:
            return error
        return None

    def start(self):
        """Make everything and spawn the tasks; raises `ConfigError`."""
        self.cfg = cfg = config.load(self.path)
        config.forget()
        gc.collect()
        log.threshold = _LEVELS.index(cfg["log"])
        if self.board is None:
            self.board = port.board()
        log.info("app", "start of", cfg["id"], self.board.reset_cause())
        from uplink.loop import Loop

        self.loop = Loop(self.board)
        self.loop.report = self._task_failed
        self.connect()
        self._vital.append(self.loop.spawn(self._supervise(), "app", within_ms=_STALLED_MS))
        if cfg["commands"]["topic"] is not None:
            from uplink.app.commands import Commands

            self.commands_task = Commands(self, self._handlers)
            self._route(
                cfg["commands"]["topic"], cfg["commands"]["qos"], self.commands_task.receive
            )
            self._vital.append(self.loop.spawn(self.commands_task.run(), "commands"))
        for topic, qos, function in self._routes:
            if isinstance(topic, str):
                topic = topic.replace("{id}", cfg["id"]).encode()
            self._route(topic, qos, function)
        if cfg["telemetry"]["topic"] is not None:
            from uplink.app.telemetry import Telemetry

            self.telemetry_task = Telemetry(self, self._values)
            self._vital.append(self.loop.spawn(self.telemetry_task.run(), "telemetry"))
        for function in self._tasks:
            self.loop.spawn(function())
        gc.collect()

    def connect(self):
        """Make `modem` and `mqtt`; they go to work when the loop runs."""
        from uplink.modem import Modem
        from uplink.mqtt import MQTT

        try:
            self.modem = Modem(self.loop, self.cfg)
        except (ValueError, TypeError, OSError) as error:  # how `machine` refuses a pin
            raise ConfigError(self.path, "uart, pins", "what this board has (%s)" % error)
        self.mqtt = MQTT(self.loop, self.modem.socket(), self.cfg)

    def restart(self):
        """Restart the board."""
        log.info("app", "restart")
        self.board.reset()

    def report(self, where, error):
        """A function of the user's has failed: shown, counted, and nothing stops for it."""
        self.failures += 1
        log.error("app", "failed in", where)
        _show(error)

    # ---- inside -----------------------------------------------------------------------------

    def _may_start(self):
        why = safe.asked()
        if why:
            print("uplink: not started,", why)
            return False
        start = safe.begin(self.board.reset_cause())
        if start == "once":
            print("uplink: not started, after Ctrl-C; the next restart starts it")
            return False
        if start == "wait":
            print("uplink: %d starts in a row have failed" % safe.LIMIT)
            print("uplink: waiting %d s before the next; Ctrl-C for the REPL" % safe.PAUSE_S)
            safe.pause(self.board)
        return True

    def _route(self, topic, qos, function):
        self.mqtt.on(topic, qos)(function)

    async def _supervise(self):
        """Each second: was the broker reached, what was acknowledged, is everything alive?"""
        while True:
            await self.loop.sleep_ms(1000)
            self.second()

    def second(self):
        """What is due once a second; takes no heap while nothing changes."""
        self.up_s += 1
        connected = self.mqtt.connected
        if connected != self._connected:
            self._connected = connected
            log.info("app", "online" if connected else "offline", self.up_s)
            if connected:
                self._born()
        acked = self.mqtt.acked
        if acked != self._acked:
            self._acked = acked
            log.info("app", "acknowledged", acked)
        if connected:
            self._offline_s = 0
        else:
            self._offline_s += 1
            limit = self.cfg["offline_restart_s"]
            if limit and self._offline_s >= limit:
                log.error("app", "offline for s", self._offline_s)
                self.restart()
        if not self._proven and (connected or self.up_s >= safe.GOOD_S):
            self._proven = True
            safe.good()

    def _born(self):
        birth = self.cfg["broker"]["birth"]
        if birth:
            self.mqtt.publish(birth["topic"], birth["payload"], birth["qos"], birth["retain"])

    def _task_failed(self, task, error):
        """A task has ended by an exception. Without one of ours the device works no more."""
        self.failures += 1
        _show(error)
        if task in self._vital or task.name in _VITAL:
            self._failure = error
            self.loop.stop()

    def _die(self, error):
        """Nothing can go on: restart, with time for Ctrl-C before it."""
        self.status = FAILED
        print("uplink: failed:")
        _show(error)
        print("uplink: restart in %d s; Ctrl-C for the REPL" % (_PAUSE_MS // 1000))
        self.board.idle(_PAUSE_MS, False)
        self.board.reset()


def _show(error):
    if hasattr(sys, "print_exception"):
        sys.print_exception(error)
    else:
        import traceback

        traceback.print_exception(error)
