"""The device reports: one JSON object each interval, into the outbox, connected or not.

What it holds: `up_s` (seconds since start), `n` (number of this message), `rssi_dbm`, the user's
values, and in `modem` and `mqtt` the counters that are not zero.
"""

from uplink import log
from uplink.app.payload import Payload
from uplink.loop import Event


class Telemetry:
    """`values(out)`, if given, adds the user's own values to the `Payload` `out`."""

    def __init__(self, app, values=None):
        cfg = app.cfg["telemetry"]
        self.app = app
        self.values = values
        self.topic = cfg["topic"]
        self.qos = cfg["qos"]
        self.interval_s = cfg["interval_s"]
        self.accepted = 0  # taken by the outbox
        self.refused = 0  # no room in it
        self.out = Payload(min(1024, app.cfg["outbox"]["bytes"] - len(self.topic) - 32))
        self._due = Event(app.loop)

    def set_interval(self, interval_s: int):
        """From now on (until the board restarts) every `interval_s` seconds."""
        self.interval_s = interval_s
        self._due.set()

    def now(self):
        """Send one at once."""
        self._due.set()

    async def run(self):
        """The task."""
        while True:
            self._due.clear()
            self.publish()
            await self._due.wait(self.interval_s * 1000)

    def publish(self) -> bool:
        """Compose one and hand it to the outbox; False when that had no room."""
        out = self.out
        app = self.app
        out.start()
        out.number(b"up_s", app.up_s)
        out.number(b"n", self.accepted + 1)
        rssi = app.modem.facts.rssi_dbm()
        if rssi:
            out.number(b"rssi_dbm", rssi)
        if self.values is not None:
            try:
                self.values(out)
            except Exception as error:
                app.report("telemetry", error)
                out.flag(b"values_failed", True)
        self._counters(out)
        if app.mqtt.publish(self.topic, out.finish(), self.qos) is None:
            self.refused += 1
            log.warn("app", "outbox full, telemetry refused", self.refused)
            return False
        self.accepted += 1
        return True

    def _counters(self, out):
        app = self.app
        out.open(b"modem")
        counters = app.modem.counters()
        for name in counters:
            if counters[name]:
                out.number(name, counters[name])
        out.close()
        out.open(b"mqtt")
        counters = app.mqtt.counters()
        for name in counters:
            if counters[name]:
                out.number(name, counters[name])
        if self.refused:
            out.number(b"refused", self.refused)
        out.close()
        if app.failures:
            out.number(b"failures", app.failures)
