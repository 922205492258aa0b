"""A client and its transport, driven by `select` until there is nothing more to do."""

import select
import sys
import time

from uplink import log
from uplink.errors import CLOSED_CERTIFICATE, CLOSED_TLS
from uplink.mqtt import MQTT

from . import options
from .debug import Watched
from .transport import Transport, tls_context

_PERIOD = 1 << 30
_TURN_MS = 1000


def ticks_ms():
    """As on the board: milliseconds that wrap."""
    return time.monotonic_ns() // 1_000_000 % _PERIOD


class End(Exception):
    """The program ends: exit status and, unless it went well, the sentence why."""

    def __init__(self, status, text=""):
        super().__init__(text)
        self.status = status


class Session:
    """One connection for a command; `retry`: come back when it is lost after it once was up."""

    def __init__(self, args, retry):
        self.args = args
        self.retry = retry
        try:
            context = None
            if args.tls:
                context = tls_context(args.cafile, args.cert, args.key, args.insecure)
            self.transport = Transport(context)
            log.sink = self._log
            watched = Watched(self.transport, self.say) if args.debug else self.transport
            self.mqtt = MQTT(None, watched, options.config(args))
        except (OSError, ValueError) as error:
            raise End(options.USAGE, f"cannot start: {error}") from None
        self.mqtt.connect()
        if args.tls and args.insecure:
            self.say("warning: the server's host name is not checked (--insecure)")

    def say(self, text):
        if not self.args.quiet:
            print(text, file=sys.stderr, flush=True)

    def _log(self, level, room, text, a, b):
        if level >= log.WARN or self.args.debug:
            more = [
                bytes(x).decode(errors="replace") if isinstance(x, (bytes, bytearray)) else x
                for x in (a, b)
                if x is not None
            ]
            self.say(" ".join([f"{room}: {text}", *map(str, more)]))

    def turn(self, stdin=None, most_ms=_TURN_MS):
        """Wait for the socket, the clock, or `stdin` (descriptor); True: it is ready."""
        transport = self.transport
        mqtt = self.mqtt
        wait = min(mqtt.poll(ticks_ms()), most_ms)
        wait = min(wait, transport.due(ticks_ms()))
        fd = transport.fileno()
        read = [] if fd < 0 else [fd]
        write = [fd] if fd >= 0 and transport.wants_write else []
        if stdin is not None:
            read.append(stdin)
        ready = select.select(read, write, [], wait / 1000)[0]
        was = transport.state
        transport.step(ticks_ms())
        if was and not transport.state:
            self._ended()
        return stdin in ready

    def _ended(self):
        """The connection is over: the end of the program, unless it may be tried again."""
        mqtt = self.mqtt
        if not mqtt.last_error or mqtt.state == 0:
            return
        if mqtt.last_code:
            raise End(options.REFUSED, f"refused by the broker: {mqtt.last_error}")
        if mqtt.connects and self.retry:
            return
        reason = self.transport.reason
        status = options.TLS if reason in (CLOSED_TLS, CLOSED_CERTIFICATE) else options.FAILED
        detail = f" ({self.transport.detail})" if self.transport.detail else ""
        where = f"{self.args.host}:{self.args.port}"
        raise End(status, f"{where}: {mqtt.last_error}{detail}")

    def finish(self):
        """DISCONNECT after everything else."""
        self.mqtt.disconnect()
        while self.mqtt.state or self.transport.state:
            self.turn()
