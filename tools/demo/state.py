"""How far the device has come, told from what device, modem, broker and watcher say.

Pure: it is handed lines and knows neither processes nor the time.
"""

import json
import re

STAGES = ("power", "registered", "address", "TLS", "MQTT")
_POWER, _REGISTERED, _ADDRESS, _TLS, _MQTT = range(5)

# What the broker publishes for a device that it has lost.
WILL = "offline"

_AT_HOME = {"registration 1", "registration 5"}
_HOUSEKEEPING = re.compile(
    r"mosquitto version|Config loaded|Opening ipv|Warning: Mosquitto should not"
)


class Progress:
    """`device` is the id that the device connects with."""

    def __init__(self, device):
        self.device = device
        self.stages = [False] * len(STAGES)
        self.details = [""] * len(STAGES)
        self.broker_up = False
        self.watching = False
        self.telemetry = 0  # messages that the watcher has received
        self.replies = 0
        self.others = 0  # its status: one message for each connection
        self.wills = 0  # "offline": published for it by the broker, when it was lost
        self.duplicates = 0  # received once more, as QoS 1 allows after a lost connection
        self.acked = 0  # what the device's MQTT client has counted
        self.broker_acks = 0  # PUBACKs that the broker says it has sent to the device
        self.restarts = 0
        self.commands = 0
        self.last_telemetry = ""
        self.last_command = ""
        self.last_reply = ""
        self._seen = set()
        self.refused = ""  # what the device said when it did not start

    # ---- lines ------------------------------------------------------------------------------

    def line(self, source, text):
        """Take a line; returns how it is to be shown, "" for not at all."""
        return getattr(self, f"_from_{source}", self._from_other)(text)

    def _from_other(self, text):
        return text

    def _from_device(self, text):
        match = re.match(r"info app acknowledged (\d+)$", text)
        if match:
            self.acked += max(0, int(match[1]) - self._acked_before)
            self._acked_before = int(match[1])
        elif text.startswith("info app start of"):
            self._acked_before = 0
        elif text.startswith("uplink: the configuration cannot be used"):
            self.refused = text
        return text

    _acked_before = 0
    _born = False  # its status of this connection has been received

    def _from_modem(self, text):
        if not text.startswith("{"):
            return text
        try:
            event = json.loads(text)
            kind, what = event["kind"], event["text"]
        except (ValueError, KeyError, TypeError):
            return text
        if kind == "power":
            if what == "on":
                self._reach(_POWER)
            elif what not in ("asleep", "awake"):
                self._lose(_POWER)
        elif kind == "radio":
            if what in _AT_HOME:
                self._reach(_REGISTERED, "roaming" if what.endswith("5") else "home")
            elif what.startswith("registration"):
                self._lose(_REGISTERED)
            elif what == "packet data active":
                self._reach(_ADDRESS)
            elif what.startswith("packet data"):
                self._lose(_ADDRESS)
        elif kind == "tls":
            if " TLSv" in what:
                self._reach(_TLS, what.split(" ", 1)[1])
        elif kind == "socket" and " closed" in what:
            self._lose(_TLS)
        return f"{kind}: {what}"

    def _from_broker(self, text):
        if "running" in text and text.startswith("mosquitto version"):
            self.broker_up = True
        client = f" {self.device}"
        if text.startswith("New client connected") and f" as{client} " in text:
            self._reach(_MQTT)
            self._born = False
        elif f"Client{client} " in text and (
            "disconnected" in text or "closed" in text or "timeout" in text
        ):
            self._lose(_MQTT)
        elif text.startswith(f"Sending PUBACK to{client} "):
            self.broker_acks += 1
        elif text.startswith("Sending SUBACK to watcher"):
            self.watching = True
        return "" if _HOUSEKEEPING.match(text) and not self.broker_up else text

    def _from_watcher(self, text):
        topic, _, rest = text.partition(" ")
        _, _, payload = rest.partition(" ")
        if topic.endswith("/status"):
            self._status(payload)
        elif text in self._seen:
            self.duplicates += 1
        elif topic.endswith("/telemetry"):
            self._seen.add(text)
            self.telemetry += 1
            self.last_telemetry = payload
        elif topic.endswith("/reply"):
            self._seen.add(text)
            self.replies += 1
            self.last_reply = payload
        return f"{topic} {payload}"

    def _status(self, payload):
        if payload == WILL:
            self.wills += 1
        elif self._born:
            self.duplicates += 1
        else:
            self._born = True
            self.others += 1

    def commanded(self, payload):
        """A command has been published."""
        self.commands += 1
        self.last_command = payload

    def restarted(self):
        """The firmware runs anew."""
        self.restarts += 1
        self._acked_before = 0
        self._seen.clear()  # it counts from 1 again

    # ---- stages -----------------------------------------------------------------------------

    def _reach(self, stage, detail=""):
        self.stages[stage] = True
        self.details[stage] = detail

    def _lose(self, stage):
        for i in range(stage, len(STAGES)):
            self.stages[i] = False
            self.details[i] = ""

    @property
    def received(self):
        """Everything that the device has published and the watcher received, at QoS 1; once."""
        return self.telemetry + self.replies + self.others

    def reached(self, n):
        """`n` telemetry messages have come, and the device has counted the acknowledgement of
        as many publishes as the watcher has seen of it in all."""
        return self.telemetry >= n and self.acked >= self.received

    def stuck_at(self):
        """The first stage that has not been reached, or ""."""
        for name, reached in zip(STAGES, self.stages, strict=True):
            if not reached:
                return name
        return ""

    def chain(self):
        """`power ✓ → registered ✓ (roaming) → address … → TLS → MQTT`."""
        parts = []
        waiting = True
        for name, reached, detail in zip(STAGES, self.stages, self.details, strict=True):
            mark = " ✓" if reached else " …" if waiting else ""
            waiting = reached and waiting
            parts.append(f"{name}{mark}" + (f" ({detail})" if detail else ""))
        return " → ".join(parts)

    def kinds(self):
        """What `received` is made of."""
        text = f"telemetry {self.telemetry}, replies {self.replies}, status {self.others}"
        return text + (f", duplicates besides {self.duplicates}" if self.duplicates else "")

    def counts(self):
        """The counters in one line."""
        text = f"received {self.received}, acknowledged {self.acked} ({self.kinds()})"
        text += f", commands {self.commands}"
        if self.restarts:
            text += f", restarts {self.restarts}"
        return text
