"""`App`: from `uplink.json` to a device that reports and obeys, and that restarts when it must.

    app = App("uplink.json")

    @app.telemetry
    def values(out):
        out.fixed(b"t", 215, 1)

    app.run()

Functions are registered first; `run` reads the configuration, makes `loop`, `modem` and `mqtt`,
and returns to the REPL only for a wrong configuration, safe mode or Ctrl-C. A failure of its own
ends in a restart of the board.

**Telemetry** is one JSON object each interval, into the outbox, connected or not: `up_s`, `n`,
`rssi_dbm`, the user's values, and in `modem` and `mqtt` the counters that are not zero.

**Commands** are JSON objects in, and one JSON object out for each:

    {"id": 7, "interval_s": 5}      answered by     {"id": 7, "interval_s": 5}
    {"led": true}                                   {"led": "on"}
    {"lde": true}                                   {"error": "lde: unknown command"}

Built in: `interval_s` (seconds between telemetry, until restart), `telemetry` (send one now),
`ping` (answered with its own value), `log` (level), `reboot` (true). Every other name belongs to
a handler of `App.command`. `id` is repeated in the answer, so that it can be told whose it is.
Messages are copied when they arrive and obeyed one after the other in a task of their own, so a
handler may be `async` and may wait; a limit ends it.
"""

import gc
import json
import sys

from uplink import log, port
from uplink.app import const, loads, safe
from uplink.app.payload import Payload
from uplink.errors import ConfigError, TimeoutError_
from uplink.loop import Event, Loop, Queue

# Why `run` has returned: `status`. (-1 while it runs.)
_STOPPED = const(0)
_FAILED = const(1)
_MISCONFIGURED = const(2)
_SAFE = const(3)

_LEVELS = ("debug", "info", "warn", "error")
_PAUSE_S = const(5)  # before a restart that a failure asks for: time for Ctrl-C
_VITAL = (
    "link",
    "mqtt",
    "app",
    "commands",
    "telemetry",
)  # tasks that the device cannot do without
_STALLED_MS = const(60_000)  # the supervision must get its turn within this
_WAITING = const(4)  # commands that wait while one is obeyed
_LARGEST = const(1024)  # bytes of a command, of its answer and of telemetry
_LIMIT_MS = const(60_000)  # for one member of a command
_FLUSH_MS = const(10_000)  # for the acknowledgement of the answer to `reboot`


class App:
    """`path` of the configuration; `board` (None = the one this runs on) is for tests."""

    def __init__(self, path: str = "uplink.json", board=None):
        self.path = path
        self.board = board
        self.status = -1
        self.cfg = self.loop = self.modem = self.mqtt = None
        self.up_s = 0  # seconds since start
        self.failures = 0  # of the user's functions
        self.refused = 0  # commands
        self.interval_s = 0  # between telemetry
        self._values = None
        self._handlers = {}
        self._routes = []
        self._tasks = []
        self._failure = None  # why the loop was stopped
        self._reboot = False

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

    # ---- start and end ------------------------------------------------------------------------

    def run(self):
        """Start, and go on until somebody wants the REPL."""
        watched = False
        try:
            try:
                if self.board is None:
                    self.board = port.board()
                board = self.board
                if not self._may_start(board.reset_cause()):
                    self.status = _SAFE
                    return
                self.start()
                seconds = self.cfg["watchdog_s"]
                if seconds:
                    self.loop.watch(seconds * 1000)
                    watched = board.reset_cause() != "unknown"  # a PC has none
                self.loop.run()
                error = self._failure
            except ConfigError as wrong:
                self.status = _MISCONFIGURED
                safe.good()  # a start that could only tell what is wrong does not count
                print("uplink: the configuration cannot be used:\n  ", wrong)
                print("uplink: not started; correct it and restart the board")
                return
            except Exception as failure:
                error = failure
            self.status = _STOPPED
            if error is not None:
                self.status = _FAILED
                print("uplink: failed:")
                _show(error)
                print("uplink: restart in 5 s; Ctrl-C for the REPL")
                board.idle(_PAUSE_S * 1000, False)
                board.reset()
        except KeyboardInterrupt:
            self.status = _STOPPED
            print("uplink: stopped by Ctrl-C")
            if watched:
                safe.once()
                print("uplink: the watchdog restarts the board soon, into the REPL")
            else:
                safe.good()

    def _may_start(self, cause):
        why = safe.asked()
        if not why:
            start = safe.begin(cause)
            if start == "wait":
                print("uplink: %d starts in a row have failed" % safe.LIMIT)
                print("uplink: waiting %d s before the next; Ctrl-C for the REPL" % safe.PAUSE_S)
                safe.pause(self.board)
            if start != "once":
                return True
            why = "after Ctrl-C; the next restart starts it"
        print("uplink: not started,", why)
        return False

    def start(self):
        """Make everything and spawn the tasks; raises `ConfigError`."""
        from uplink.app import config

        self.cfg = cfg = config.load(self.path)
        # It has done its work: give back the RAM that it takes.
        del sys.modules["uplink.app.config"], sys.modules["uplink.app"].config, config
        gc.collect()
        log.threshold = _LEVELS.index(cfg["log"])
        if self.board is None:
            self.board = port.board()
        log.info("app", "start of", cfg["id"], self.board.reset_cause())
        self.loop = loop = Loop(self.board)
        loop.report = self._task_failed
        self.connect()
        loop.spawn(self._supervise(), "app", within_ms=_STALLED_MS)
        section = cfg["commands"]
        if section["topic"] is not None:
            self._queue = Queue(loop, _WAITING)
            self.mqtt.on(section["topic"], section["qos"])(self._receive)
            loop.spawn(self._obey(section["reply"], section["qos"]), "commands")
        for topic, qos, function in self._routes:
            if isinstance(topic, str):
                topic = topic.replace("{id}", cfg["id"])
            self.mqtt.on(topic, qos)(function)
        section = cfg["telemetry"]
        if section["topic"] is not None:
            self.interval_s = section["interval_s"]
            self._due = Event(loop)
            loop.spawn(self._report(section["topic"], section["qos"]), "telemetry")
        for function in self._tasks:
            loop.spawn(function())
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

    # ---- supervision --------------------------------------------------------------------------

    async def _supervise(self):
        """The task; takes no heap while nothing changes."""
        proven = online = False
        acked = offline_s = 0
        limit = self.cfg["offline_restart_s"]
        birth = self.cfg["broker"]["birth"]
        mqtt = self.mqtt
        while True:
            await self.loop.sleep_ms(1000)
            self.up_s += 1
            offline_s += 1
            if mqtt.connected:
                offline_s = 0
            if mqtt.connected != online:
                online = mqtt.connected
                log.info("app", "online" if online else "offline", self.up_s)
                if online and birth:
                    mqtt.publish(birth["topic"], birth["payload"], birth["qos"], birth["retain"])
            if mqtt.acked != acked:
                acked = mqtt.acked
                log.info("app", "acknowledged", acked)
            if offline_s == limit != 0:
                log.error("app", "offline for s", limit)
                self.restart()
            if not proven and (online or self.up_s >= safe.GOOD_S):
                proven = True
                safe.good()

    def report(self, where, error):
        """A function of the user's has failed: shown, counted, and nothing stops for it."""
        log.error("app", "failed in", where)
        self.failures += 1
        _show(error)

    def _task_failed(self, task, error):
        """A task has ended by an exception. Without one of ours the device works no more."""
        self.report(task.name, error)
        if task.name in _VITAL:
            self._failure = error
            self.loop.stop()

    # ---- telemetry ----------------------------------------------------------------------------

    async def _report(self, topic, qos):
        """The task."""
        out = Payload(min(_LARGEST, self.cfg["outbox"]["bytes"] - len(topic) - 32))
        n = 1
        while True:
            self._due.clear()
            out.start()
            out.number(b"up_s", self.up_s)
            out.number(b"n", n)
            rssi = self.modem.facts.rssi_dbm()
            if rssi:
                out.number(b"rssi_dbm", rssi)
            if self._values is not None:
                try:
                    self._values(out)
                except Exception as error:
                    self.report("telemetry", error)
                    out.flag(b"values_failed", True)
            self._counters(out, b"modem", self.modem.counters())
            self._counters(out, b"mqtt", self.mqtt.counters())
            if self.failures:
                out.number(b"failures", self.failures)
            if self.mqtt.publish(topic, out.finish(), qos) is None:
                log.warn("app", "outbox full, telemetry refused")
            else:
                n += 1
            await self._due.wait(self.interval_s * 1000)

    def _counters(self, out, key, counters):
        if out.open(key):
            for name in counters:
                if counters[name]:
                    out.number(name, counters[name])
            out.close()

    # ---- commands -----------------------------------------------------------------------------

    def _receive(self, topic, payload):
        """A message has arrived; `payload` is valid until this returns."""
        if len(payload) > _LARGEST or not self._queue.put(bytes(payload)):
            self.refused += 1
            log.warn("app", "command too large, or too many at once", len(payload))

    async def _obey(self, reply, qos):
        """The task."""
        while True:
            text = head = ""  # the answer's members
            try:
                command = loads(await self._queue.get())
                if not isinstance(command, dict):
                    raise ValueError("one object: {…}")
                if "id" in command:
                    text = head = ', "id": ' + json.dumps(command.pop("id"))
                for name in command:
                    value = command[name]
                    handler = self._handlers.get(name)
                    try:
                        with self.loop.limit(_LIMIT_MS):
                            if handler is None:
                                wrong = self._built_in(name, value)
                            else:
                                wrong = ""
                                value = handler(value)
                                if hasattr(value, "send"):
                                    value = await value
                            if isinstance(value, (bytes, bytearray)):
                                value = value.decode()
                            value = json.dumps(value)
                    except TimeoutError_:
                        wrong = "took too long"
                    except Exception as error:
                        self.report(name, error)
                        wrong = "failed: %s" % error
                    if wrong:
                        self.refused += 1
                        value = json.dumps("%s: %s" % (name, wrong))
                        name = "error"
                    log.info("app", "command", name)
                    text += ", %s: %s" % (json.dumps(name), value)
                wrong = "the answer is too large" if len(text) > _LARGEST else ""
            except ValueError as error:
                wrong = "expected JSON in UTF-8: %s" % error
            except MemoryError:
                wrong = "too large for the memory that is left"
            if wrong:
                self.refused += 1
                text = head + ', "error": ' + json.dumps(wrong)
            receipt = None
            if reply is not None:
                receipt = self.mqtt.publish(reply, "{%s}" % text[2:], qos)
            if self._reboot:
                # Acknowledged, the command is not delivered again.
                try:
                    with self.loop.limit(_FLUSH_MS):
                        if receipt is not None:
                            await receipt
                except TimeoutError_:
                    pass
                self.restart()

    def _built_in(self, name, value):
        """Obey one of ours; returns what is wrong with it."""
        if name == "interval_s" and self.interval_s:
            if type(value) is not int or not 1 <= value <= 604800:
                return "expected a whole number from 1 to 604800"
            self.interval_s = value
            self._due.set()
        elif name == "telemetry" and self.interval_s:
            self._due.set()
        elif name == "log":
            if value not in _LEVELS:
                return "expected debug, info, warn or error"
            log.threshold = _LEVELS.index(value)
        elif name == "reboot":
            if value is not True:
                return "expected true"
            self._reboot = True
        elif name != "ping":
            return "unknown command"
        return ""


def _show(error):
    getattr(sys, "print_exception", print)(error)
