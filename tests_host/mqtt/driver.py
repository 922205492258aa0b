"""A client on a real connection, moved on until something has happened."""

import time

from tools.mqtt.session import ticks_ms
from tools.mqtt.transport import Transport
from uplink.mqtt import MQTT

LIMIT_S = 15


def settings(port, **changes):
    """A configuration for a broker on this machine."""
    return {
        "broker": {
            "host": b"localhost",
            "port": port,
            "tls": changes.pop("tls", False),
            "client_id": b"dev",
            "user": None,
            "password": None,
            "keepalive_s": 60,
            "clean": False,
            "will": None,
            **changes,
        },
        "outbox": {"messages": 32, "bytes": 32768, "inflight": 8, "packet": 1024},
        "backoff": {"first_s": 1, "max_s": 1, "stable_s": 60},
    }


class Driver:
    """`mqtt` over TCP or TLS (`context`)."""

    def __init__(self, port, context=None, **changes):
        import select

        self._select = select.select
        self.transport = Transport(context)
        tls = context is not None
        self.mqtt = MQTT(None, self.transport, settings(port, tls=tls, **changes), lambda n: 0)

    def turn(self, most_ms=50):
        now = ticks_ms()
        wait = min(self.mqtt.poll(now), self.transport.due(now), most_ms)
        fd = self.transport.fileno()
        read = [fd] if fd >= 0 else []
        write = [fd] if fd >= 0 and self.transport.wants_write else []
        self._select(read, write, [], wait / 1000)
        self.transport.step(ticks_ms())

    def until(self, condition):
        """Run until `condition()` is true; an AssertionError after 15 s."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < end, (self.mqtt.last_error, self.mqtt.counters())
            self.turn()
        return self

    def up(self):
        """Connected, and every subscription answered."""
        self.mqtt.connect()
        return self.until(lambda: self.mqtt.connected and self.quiet())

    def quiet(self):
        return all(sub[0] in (2, 3) for sub in self.mqtt._subs)

    def delivered(self):
        return self.until(lambda: not self.mqtt.waiting)

    def leave(self):
        self.mqtt.disconnect()
        return self.until(lambda: not self.mqtt.state and not self.transport.state)

    def drop(self):
        """The connection breaks, without DISCONNECT."""
        import socket

        if self.transport._sock is not None:
            self.transport._sock.shutdown(socket.SHUT_RDWR)
        return self.until(lambda: not self.transport.state)
