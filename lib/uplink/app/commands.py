"""Commands: JSON objects in, one JSON object out for each.

    {"id": 7, "interval_s": 5}      answered by     {"id": 7, "interval_s": 5}
    {"led": true}                                   {"led": "on"}
    {"lde": true}                                   {"error": "lde: unknown command"}

Built in: `interval_s` (seconds between telemetry, until restart), `telemetry` (send one now),
`ping` (answered with its own value), `log` (level), `reboot` (true). Every other name belongs to
a handler of `App.command`. `id` is repeated in the answer, so that it can be told whose it is.

Messages are copied when they arrive and obeyed one after the other in a task of their own, so a
handler may be `async` and may wait; a limit ends it.
"""

from uplink import log
from uplink.app.jsontext import JSONError, read
from uplink.app.payload import Payload
from uplink.errors import TimeoutError_
from uplink.loop import Queue

_WAITING = 4  # commands that wait while one is obeyed
_LARGEST = 1024  # bytes
_LIMIT_MS = 60_000
_FLUSH_MS = 10_000
_LEVELS = ("debug", "info", "warn", "error")


class Commands:
    """`handlers`: {name: function(value) -> answer}, the user's."""

    def __init__(self, app, handlers):
        cfg = app.cfg["commands"]
        self.app = app
        self.handlers = handlers
        self.reply = cfg["reply"]
        self.qos = cfg["qos"]
        self.obeyed = 0
        self.refused = 0
        self._queue = Queue(app.loop, _WAITING)
        self._out = Payload(512)
        self._reboot = False

    def receive(self, topic, payload):
        """A message has arrived; `payload` is valid until this returns."""
        if len(payload) > _LARGEST or not self._queue.put(bytes(payload)):
            self.refused += 1
            log.warn("app", "command too large, or too many at once", len(payload))

    async def run(self):
        """The task."""
        while True:
            payload = await self._queue.get()
            out = self._out
            out.start()
            try:
                command = read(payload)
                if not isinstance(command, dict):
                    raise ValueError("a command is one object: {…}")
                if "id" in command:
                    out.put("id", command["id"])
                for name in command:
                    if name != "id":
                        await self._obey(name, command[name], out)
            except (JSONError, ValueError) as error:
                self.refused += 1
                out.text(b"error", str(error))
            except MemoryError:
                self.refused += 1
                out.text(b"error", "too large for the memory that is left")
            receipt = None
            if self.reply is not None:
                receipt = self.app.mqtt.publish(self.reply, out.finish(), self.qos)
            if self._reboot:
                await self._restart(receipt)

    async def _obey(self, name, value, out):
        """One member of a command; its answer, or what is wrong, goes to `out`."""
        handler = self.handlers.get(name)
        try:
            with self.app.loop.limit(_LIMIT_MS):
                if handler is not None:
                    answer = handler(value)
                    if hasattr(answer, "send"):
                        answer = await answer
                else:
                    answer = self._built_in(name, value)
            out.put(name, answer)
            self.obeyed += 1
            log.info("app", "command", name)
        except TimeoutError_:
            self._failed(name, "took too long", out)
        except _Refused as error:
            self._failed(name, str(error), out)
        except Exception as error:
            self.app.report(name, error)
            self._failed(name, "failed: %s" % error, out)

    def _failed(self, name, why, out):
        self.refused += 1
        log.warn("app", "command refused")
        out.text(b"error", "%s: %s" % (name, why))

    def _built_in(self, name, value):
        if name == "ping":
            return value
        telemetry = self.app.telemetry_task
        if name == "telemetry" and telemetry is not None:
            telemetry.now()
            return True
        if name == "interval_s" and telemetry is not None:
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 604800:
                raise _Refused("expected a whole number from 1 to 604800")
            telemetry.set_interval(value)
            return value
        if name == "log":
            if value not in _LEVELS:
                raise _Refused("expected debug, info, warn or error")
            log.threshold = _LEVELS.index(value)
            return value
        if name == "reboot":
            if value is not True:
                raise _Refused("expected true")
            self._reboot = True
            return True
        raise _Refused("unknown command")

    async def _restart(self, receipt):
        """Restart once the answer is acknowledged: the command then is not delivered again."""
        log.info("app", "restart by command")
        if receipt is not None:
            try:
                with self.app.loop.limit(_FLUSH_MS):
                    await receipt
            except TimeoutError_:
                pass
        self.app.restart()


class _Refused(Exception):
    """What was expected of a command's value."""
