"""What a session holds besides the outbox (4.1): subscriptions, and QoS 2 inwards."""

from .topics import Filter

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# MQTT.state
IDLE = const(0)  # not wanted
PAUSE = const(1)  # backoff before the next attempt
OPENING = const(2)  # the transport connects
GREETING = const(3)  # CONNECT sent, CONNACK awaited
UP = const(4)
FAREWELL = const(5)  # DISCONNECT sent
CLOSING = const(6)  # the transport closes

# States of a subscription.
WANTED = const(0)  # SUBSCRIBE must be sent
ASKED = const(1)  # SUBACK awaited
GRANTED = const(2)
REFUSED = const(3)  # by the server; asked for again on the next connection
UNWANTED = const(4)  # UNSUBSCRIBE must be sent
LEAVING = const(5)  # UNSUBACK awaited


class Subscription:
    """A topic filter and who takes its messages."""

    def __init__(self, text, qos):
        self.filter = Filter(text)
        self.qos = qos
        self.state = WANTED
        self.handler = None
        self.sink = None


class Received:
    """Identifiers of QoS 2 messages that were delivered and not released: `size` at most."""

    def __init__(self, size):
        self._ids = [0] * size

    def has(self, packet_id):
        return packet_id in self._ids

    def room(self):
        return 0 in self._ids

    def add(self, packet_id):
        self._ids[self._ids.index(0)] = packet_id

    def remove(self, packet_id):
        if packet_id in self._ids:
            self._ids[self._ids.index(packet_id)] = 0

    def clear(self):
        for i in range(len(self._ids)):
            self._ids[i] = 0
