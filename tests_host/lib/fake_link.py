"""What stands under `app` in its tests: a modem and an MQTT client that only remember."""

from uplink.loop import Event


class Facts:
    def __init__(self):
        self.dbm = -63

    def rssi_dbm(self):
        return self.dbm


class FakeModem:
    def __init__(self):
        self.facts = Facts()
        self.counts = {"retry": 0, "power": 2}

    def counters(self):
        return self.counts


class FakeReceipt:
    """Awaited, ends when its event is set."""

    def __init__(self, loop):
        self.event = Event(loop)

    def __iter__(self):
        return self.event.wait()

    __await__ = __iter__


class FakeMQTT:
    def __init__(self, loop):
        self.loop = loop
        self.connected = False
        self.acked = 0
        self.refused = 0
        self.room = 1000
        self.sent = []  # (topic, payload, qos, retain)
        self.receipts = []
        self.routes = []  # (filter, qos, handler)

    def on(self, filter, qos=1):
        if isinstance(filter, str):
            filter = filter.encode()

        def register(handler):
            self.routes.append((filter, qos, handler))
            return handler

        return register

    def publish(self, topic, payload, qos=0, retain=False):
        if len(self.sent) >= self.room:
            self.refused += 1
            return None
        if isinstance(payload, str):
            payload = payload.encode()
        self.sent.append((topic, bytes(payload), qos, retain))
        self.receipts.append(FakeReceipt(self.loop))
        return self.receipts[-1]

    def counters(self):
        return {"acked": self.acked, "refused": self.refused, "resent": 0}
