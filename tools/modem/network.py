"""TCP streams for the modem: out of real sockets, or out of services inside the simulation.

The modem asks `network.connect(host, port, listener, now_us)` for a stream and is told by
`listener.stream_open(now_us)`, `.stream_failed(why, now_us)` (`"dns"`, `"refused"`,
`"unreachable"`), `.stream_data(data, now_us)` and `.stream_closed(now_us)`, always from
within `network.poll(now_us)`. A stream has `send(data, now_us)` and `close(now_us)`.
"""

import selectors
import socket
import threading

from .timers import Timers


class SimConn:
    """One connection, as a service sees it."""

    def __init__(self, network, service, host, port):
        self.network = network
        self.service = service
        self.host = host
        self.port = port
        self.stream = None
        self.open = False

    @property
    def now_us(self):
        return self.network.now_us

    def send(self, data: bytes):
        """Send to the modem; arrives after the network's latency."""
        if self.open and data:
            self.network._plan(self.stream, "data", bytes(data))

    def close(self):
        """Close; the modem learns it after the latency, behind all that was sent."""
        if self.open:
            self.open = False
            self.network._plan(self.stream, "fin", b"")


class SimStream:
    """One connection, as the modem sees it."""

    def __init__(self, network, listener, conn):
        self.network = network
        self.listener = listener
        self.conn = conn
        self.open = True  # the modem still wants it
        self.dead = False  # cut without a word: nothing passes in either direction
        self.moved = network.now_us

    def send(self, data: bytes, now_us: int):
        if self.open and not self.dead:
            self.network.now_us = max(self.network.now_us, now_us)
            self.network._plan(self, "up", bytes(data))

    def close(self, now_us: int):
        if self.open:
            self.open = False
            if not self.dead:
                self.network.now_us = max(self.network.now_us, now_us)
                self.network._plan(self, "up_fin", b"")


class SimNetwork:
    """Services by (host, port), reached in simulated time: `latency_ms` each way.

    With `nat_idle_s`, a connection that was idle for longer is dead, as behind a mobile NAT.

    A service has `connected(conn)`, `received(conn, data, now_us)`, `closed(conn)` and
    `poll(now_us) -> next_us or None`; it answers by `conn.send(data)` and `conn.close()`.
    """

    def __init__(self, services=None, *, latency_ms=40.0, nat_idle_s=None):
        self.services = dict(services or {})
        self.latency_us = int(latency_ms * 1000)
        self.nat_idle_us = None if nat_idle_s is None else int(nat_idle_s * 1e6)
        self.now_us = 0
        self.refused = set()  # (host, port) that refuse connections, or "all"
        self.unreachable = False  # connections neither open nor fail: they time out
        self.dns_fails = False
        self.stalled_until = 0
        self.streams = []
        self.bytes_up = 0
        self.bytes_down = 0
        self._timers = Timers()
        self._wakes = {}

    # the modem's side

    def connect(self, host: bytes, port: int, listener, now_us: int):
        """Start to connect; host is `bytes`. Returns the stream."""
        self.now_us = max(self.now_us, now_us)
        service = self.services.get((host, port))
        known = service is not None or any(name == host for name, _ in self.services)
        stream = SimStream(self, listener, SimConn(self, service, host, port))
        stream.conn.stream = stream
        self.streams.append(stream)
        if self.dns_fails or not known:
            self._plan(stream, "failed", "dns")
        elif self.unreachable:
            pass
        elif service is None or (host, port) in self.refused or "all" in self.refused:
            self._plan(stream, "failed", "refused", 2)
        else:
            self._plan(stream, "syn", b"", 1)
        return stream

    def next(self):
        """Time of the next thing, or None."""
        return self._timers.next()

    def poll(self, now_us: int):
        """Do what is due; returns the time of the next thing, or None."""
        while True:
            when = self._timers.next()
            if when is None or when > now_us:
                break
            self.now_us = max(self.now_us, when)
            self._timers.run(now_us)
        self.now_us = max(self.now_us, now_us)
        return when

    # what a test does to it

    def stall(self, for_us: int):
        """Nothing arrives anywhere for so long; nothing is lost."""
        self.stalled_until = max(self.stalled_until, self.now_us + for_us)

    def drop(self):
        """Every connection goes dead without a word to either side."""
        for stream in self.streams:
            stream.dead = True

    def close_all(self):
        """Every service closes its connections."""
        for stream in list(self.streams):
            if stream.open and stream.conn.open:
                stream.conn.close()
                self._service(stream.conn, "closed")

    # inside

    def _plan(self, stream, what, data, trips=1):
        idle, stream.moved = self.now_us - stream.moved, self.now_us
        if self.nat_idle_us is not None and idle > self.nat_idle_us:
            stream.dead = True
        when = self.now_us + self.latency_us * trips
        self._timers.at(when, self._arrive, stream, what, data)

    def _arrive(self, stream, what, data):
        if self.now_us < self.stalled_until:
            self._timers.at(self.stalled_until, self._arrive, stream, what, data)
            return
        if stream.dead:
            return
        conn = stream.conn
        now = self.now_us
        if what == "data":
            self.bytes_down += len(data)
            if stream.open:
                stream.listener.stream_data(data, now)
        elif what == "up":
            self.bytes_up += len(data)
            if conn.open:
                conn.service.received(conn, data, now)
                self._pump(conn.service)
        elif what == "syn":
            if stream.open:
                conn.open = True
                self._plan(stream, "syn_ack", b"")  # before all that the service sends
                self._service(conn, "connected")
            else:
                self._forget(stream)
        elif what == "syn_ack":
            if stream.open:
                stream.listener.stream_open(now)
        elif what == "failed":
            self._forget(stream)
            if stream.open:
                stream.open = False
                stream.listener.stream_failed(data, now)
        elif what == "fin":
            self._forget(stream)
            if stream.open:
                stream.open = False
                stream.listener.stream_closed(now)
        elif what == "up_fin":
            self._forget(stream)
            if conn.open:
                conn.open = False
                self._service(conn, "closed")

    def _forget(self, stream):
        if stream in self.streams:
            self.streams.remove(stream)

    def _service(self, conn, what):
        getattr(conn.service, what)(conn)
        self._pump(conn.service)

    def _pump(self, service):
        """Let a service do what is due, and plan its next call."""
        poll = getattr(service, "poll", None)
        if poll is None:
            return
        wanted = poll(self.now_us)
        planned = self._wakes.get(id(service))
        if wanted is None:
            return
        wanted = max(wanted, self.now_us + 1)
        if planned is not None and planned[2] is not None and planned[0] <= wanted:
            return
        Timers.cancel(planned)
        self._wakes[id(service)] = self._timers.at(wanted, self._pump, service)


class SocketStream:
    """One real, non-blocking socket."""

    def __init__(self, network, listener):
        self.network = network
        self.listener = listener
        self.sock = None
        self.state = "resolving"
        self.addresses = []
        self.out = bytearray()

    def send(self, data: bytes, now_us: int):
        self.out += data
        if self.state == "open":
            self.network._flush(self)

    def close(self, now_us: int):
        self.network._drop(self)


class SocketNetwork:
    """Real TCP. `redirect` maps (host, port) to where it is really found, so that a host name
    of a certificate need not exist in any name service."""

    def __init__(self, redirect=None):
        self.redirect = dict(redirect or {})
        self.selector = selectors.DefaultSelector()
        self.streams = set()
        self.dns_fails = False
        self.unreachable = False
        self.refused = set()
        self.stalled = False

    def connect(self, host: bytes, port: int, listener, now_us: int):
        stream = SocketStream(self, listener)
        self.streams.add(stream)
        if self.unreachable:
            stream.state = "silent"
        elif self.dns_fails:
            stream.addresses = None
        elif self.refused:
            stream.state = "refused"
        else:
            name, number = self.redirect.get((host, port), (host.decode("latin-1"), port))
            worker = threading.Thread(target=self._resolve, args=(stream, name, number))
            worker.daemon = True
            worker.start()
        return stream

    @staticmethod
    def _resolve(stream, name, port):
        try:
            found = socket.getaddrinfo(name, port, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = None
        stream.addresses = found

    def next(self):
        return None

    def waiting(self) -> bool:
        """Whether something is being resolved (poll again soon)."""
        return any(stream.state in ("resolving", "refused") for stream in self.streams)

    def drop(self):
        """Every connection goes dead without a word."""
        for stream in self.streams:
            if stream.sock is not None:
                self._unregister(stream)
            stream.state = "silent"

    def poll(self, now_us: int):
        """Move bytes; returns None (real sockets plan nothing)."""
        for stream in list(self.streams):
            if stream.state == "refused":
                self._fail(stream, "refused", now_us)
            elif stream.state == "resolving" and stream.addresses != []:
                if stream.addresses is None:
                    self._fail(stream, "dns", now_us)
                else:
                    stream.state = "connecting"
                    self._try(stream, now_us)
        if self.stalled:
            return None
        for key, _ in self.selector.select(0):
            stream = key.data
            if stream.state == "connecting":
                error = stream.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    self._close_socket(stream)
                    self._try(stream, now_us)
                    continue
                stream.state = "open"
                self.selector.modify(stream.sock, selectors.EVENT_READ, stream)
                stream.listener.stream_open(now_us)
                self._flush(stream)
            elif stream.state == "open":
                self._flush(stream)
                self._read(stream, now_us)
        return None

    def _try(self, stream, now_us):
        if not stream.addresses:
            self._fail(stream, "refused", now_us)
            return
        family, kind, proto, _, address = stream.addresses.pop(0)
        stream.sock = socket.socket(family, kind, proto)
        stream.sock.setblocking(False)
        stream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.sock.connect_ex(address)
        self.selector.register(stream.sock, selectors.EVENT_WRITE, stream)

    def _read(self, stream, now_us):
        while stream.state == "open":
            try:
                data = stream.sock.recv(16384)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._drop(stream)
                stream.listener.stream_closed(now_us)
                return
            stream.listener.stream_data(data, now_us)

    def _flush(self, stream):
        if stream.state != "open":
            return
        try:
            while stream.out:
                n = stream.sock.send(stream.out)
                del stream.out[:n]
        except BlockingIOError:
            pass
        except OSError:
            stream.out.clear()  # the reader will see the end
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.out else 0)
        if self.selector.get_key(stream.sock).events != wanted:
            self.selector.modify(stream.sock, wanted, stream)

    def _fail(self, stream, why, now_us):
        self._drop(stream)
        stream.listener.stream_failed(why, now_us)

    def _unregister(self, stream):
        try:
            self.selector.unregister(stream.sock)
        except (KeyError, ValueError):
            pass

    def _close_socket(self, stream):
        if stream.sock is not None:
            self._unregister(stream)
            stream.sock.close()
            stream.sock = None

    def _drop(self, stream):
        if stream.state == "open":
            self._flush(stream)
        self._close_socket(stream)
        stream.state = "closed"
        self.streams.discard(stream)
