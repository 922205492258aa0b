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
from uplink.app import Payload, const, loads, safe
from uplink.errors import ConfigError, TimeoutError_
from uplink.loop import Loop, Queue

# Why `run` has returned: `status`. (-1 while it runs.)
_STOPPED = const(0)
_FAILED = const(1)
_MISCONFIGURED = const(2)
_SAFE = const(3)

_KEPT = ("id", "watchdog_s", "telemetry", "modem", "sim", "tls", "uart")  # of the configuration
_KEPT_UART = ("baud", "rts", "cts")
_LEVELS = ("debug", "info", "warn", "error")
_PAUSE_S = const(5)  # before a restart that a failure asks for: time for Ctrl-C
_STALLED_MS = const(60_000)  # the task `app` must get its turn within this
_GOOD_S = const(600)  # a start that lasted so long is a good one
_WAITING = const(4)  # commands that wait while one is obeyed
_LARGEST = const(1024)  # bytes of a command, of its answer and of telemetry
_LIMIT_MS = const(60_000)  # for one member of a command
_FLUSH_MS = const(10_000)  # for the acknowledgement of the answer to `reboot`


def keep(section, names):
    """Take all but `names` from a section of the configuration, which others have, too."""
    kept = {}
    for name in names:
        kept[name] = section[name]
    section.clear()
    section.update(kept)


class App:
    """`path` of the configuration; `board` (None = the one this runs on) is for tests."""

    def __init__(self, path: str = "uplink.json", board=None):
        self.path = path
        self.board = board or port.board()
        self.status = -1
        self.cfg = self.loop = self.modem = self.mqtt = None
        self.up_s = 0  # seconds since start
        self.failures = 0  # of the user's functions
        self.refused = 0  # commands
        self._out = None  # telemetry's Payload, where there is telemetry
        self._due_s = 0  # when the next is sent, in `up_s`
        self._number = 1  # of that
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
                board = self.board
                why = safe.asked()
                if not why:
                    start = safe.begin(board.reset_cause())
                    if start == "once":
                        why = "after Ctrl-C; the next restart starts it"
                    elif start == "wait":
                        print("uplink: 5 starts failed; next in 15 min, Ctrl-C for the REPL")
                        for _ in range(900):
                            board.idle(1000, False)
                if why:
                    print("uplink: not started,", why)
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
                print("uplink: not started; correct it and restart")
                return
            except Exception as failure:
                error = failure
            self.status = _STOPPED
            if error is not None:
                self.status = _FAILED
                print("uplink: failed; restart in 5 s, Ctrl-C for the REPL")
                getattr(sys, "print_exception", print)(error)
                board.idle(_PAUSE_S * 1000, False)
                board.reset()
        except KeyboardInterrupt:
            self.status = _STOPPED
            print("uplink: stopped by Ctrl-C")
            if watched:
                safe.starts("once")
                print("uplink: the watchdog soon restarts into the REPL")
            else:
                safe.good()

    def start(self):
        """Make everything and spawn the tasks; raises `ConfigError`."""
        from uplink.app import config

        self.cfg = cfg = config.load(self.path)
        # It has done its work: give back the RAM that it takes.
        del sys.modules["uplink.app.config"], sys.modules["uplink.app"].config, config
        gc.collect()
        log.threshold = _LEVELS.index(cfg["log"])
        log.info("app", "start of", cfg["id"], self.board.reset_cause())
        self.loop = loop = Loop(self.board)
        loop.report = self.report
        self.connect()
        section = cfg["commands"]
        if section["topic"] is not None:
            self._queue = Queue(loop, _WAITING)
            self.mqtt.on(section["topic"], section["qos"])(self._receive)
            loop.spawn(self._obey(section["reply"], section["qos"]), "commands")
        for topic, qos, function in self._routes:
            self.mqtt.on(topic.replace("{id}", cfg["id"]), qos)(function)
        section = cfg["telemetry"]
        if section["topic"] is not None:
            room = cfg["outbox"]["bytes"] - len(section["topic"]) - 32
            self._out = Payload(min(_LARGEST, room))
        loop.spawn(
            self._supervise(cfg["offline_restart_s"], cfg["broker"]["birth"]),
            "app",
            within_ms=_STALLED_MS,
        )
        for function in self._tasks:
            loop.spawn(function())
        # What is looked at again; the rest has done its work.
        keep(cfg["uart"], _KEPT_UART)
        keep(cfg, _KEPT)
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

    # ---- supervision --------------------------------------------------------------------------

    async def _supervise(self, limit, birth):
        """The task `app`: once a second, and without heap while nothing changes."""
        proven = online = False
        acked = offline_s = 0
        mqtt = self.mqtt
        while True:
            if self._out and self.up_s >= self._due_s:
                self._due_s = self.up_s + self.cfg["telemetry"]["interval_s"]
                self._send()
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
                self.board.reset()
            if not proven and (online or self.up_s >= _GOOD_S):
                proven = True
                safe.good()

    def report(self, where, error):
        """A task has failed, or a function of the user's (its name): shown and counted.

        Without one of our tasks the device works no more.
        """
        name = getattr(where, "name", where)
        log.error("app", "failed in", name)
        self.failures += 1
        getattr(sys, "print_exception", print)(error)
        if where is not name and name in ("link", "mqtt", "app", "commands"):
            self._failure = error
            self.loop.stop()

    def _send(self):
        """One message of telemetry."""
        section = self.cfg["telemetry"]
        out = self._out
        out.start()
        out.number(b"up_s", self.up_s)
        out.number(b"n", self._number)
        rssi = self.modem.facts.rssi_dbm()
        if rssi:
            out.number(b"rssi_dbm", rssi)
        if self._values is not None:
            try:
                self._values(out)
            except Exception as error:
                self.report("telemetry", error)
                out.flag(b"values_failed", True)
        for key, room in ((b"modem", self.modem), (b"mqtt", self.mqtt)):
            if out.open(key):
                counters = room.counters()
                for name in counters:
                    if counters[name]:
                        out.number(name, counters[name])
                out.close()
        if self.failures:
            out.number(b"failures", self.failures)
        if self.mqtt.publish(section["topic"], out.finish(), section["qos"]) is None:
            log.warn("app", "outbox full, telemetry refused")
        else:
            self._number += 1

    # ---- commands -----------------------------------------------------------------------------

    def _receive(self, topic, payload):
        """A message has arrived; `payload` is valid until this returns."""
        if len(payload) > _LARGEST or not self._queue.put(bytes(payload)):
            self.refused += 1
            log.warn("app", "command too large or too many", len(payload))

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
                wrong = "answer too large" if len(text) > _LARGEST else ""
            except (ValueError, MemoryError) as error:
                wrong = "expected JSON in UTF-8: %s" % error
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
                self.board.reset()

    def _built_in(self, name, value):
        """Obey one of ours; returns what is wrong with it."""
        if name == "interval_s" and self._out:
            if type(value) is not int or not 1 <= value <= 604800:
                return "expected 1 to 604800"
            self.cfg["telemetry"][name] = value
            self._due_s = 0
        elif name == "telemetry" and self._out:
            self._send()
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
