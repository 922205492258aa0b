"""A strict MQTT 3.1.1 broker without I/O, in simulated time.

It serves any number of clients and judges them: whatever a client does against the OASIS text
ends up in `violations` with the number of the statement, and closes the connection. Told by
`faults`, it misbehaves itself. Times are absolute microseconds; topics, payloads and client
identifiers are `bytes` (arguments may be `str`). See README.md for what it judges and how.
"""

from collections import Counter

from . import mqtt_wire as wire
from .broker_dialogue import HANDLERS, Dialogue, WillPublished
from .broker_faults import Faults, unsolicited
from .broker_link import Link, Violation
from .mqtt_wire import Wrong

_MAX_VIOLATIONS = 1000


def _bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)


class Broker(Dialogue):
    """`users`: {name: password} that may log in, None = everybody, without a name too.

    `refuse_filter(client_id, filter) -> bool` answers a subscription with 0x80; `max_qos` is the
    highest QoS granted. `on_published(Published)` replaces the list `published`. `linger_us`: how
    long a client may keep the connection open after DISCONNECT; 0 closes it at once, as most
    brokers do. `judge_keepalive=False` only counts an exceeded keepalive in `timeouts`.
    `retained_first` sends retained messages before the SUBACK instead of after it.
    """

    def __init__(
        self,
        *,
        users=None,
        ack_delay_us=0,
        bad_login_code=5,
        max_qos=2,
        max_inflight=20,
        max_queued=1000,
        max_packet=1 << 20,
        connect_limit_us=30_000_000,
        linger_us=0,
        judge_keepalive=True,
        retained_first=False,
        refuse_filter=None,
        on_published=None,
    ):
        self.users = None if users is None else {_bytes(k): _bytes(v) for k, v in users.items()}
        self.ack_delay_us = ack_delay_us
        self.bad_login_code = bad_login_code
        self.max_qos = max_qos
        self.max_inflight = max_inflight
        self.max_queued = max_queued
        self.max_packet = max_packet
        self.connect_limit_us = connect_limit_us
        self.linger_us = linger_us
        self.judge_keepalive = judge_keepalive
        self.retained_first = retained_first
        self.refuse_filter = refuse_filter
        self.on_published = on_published
        self.faults = Faults()
        self.down = False  # True: whoever connects is closed at once
        self.published = []
        self.wills = []
        self.violations = []
        self.violation_count = 0
        self.timeouts = 0  # connections that ended by keepalive
        self.arrivals = Counter()  # "PUBLISH qos 1 dup", "PINGREQ", … as they came
        self.retained = {}  # topic -> (payload, qos)
        self.history = {}  # client id -> deque of Record, the last 1000
        self._sessions = {}
        self._links = {}  # conn -> Link
        self._ended = {}  # the last connections that said DISCONNECT: what they say now is wrong
        self._dirty = []  # links with something to write
        self._number = 0
        self._now = 0

    # What the network calls.

    def connected(self, conn, now_us=None):
        """A TCP connection has come up. `conn` has `send(bytes)` and `close()`."""
        self._now = self._time(conn, now_us)
        if self.down:
            conn.close()
            return
        self._number += 1
        link = Link(conn, self.faults, self._number, self._now, self.max_packet)
        self._links[conn] = link

    def received(self, conn, data, now_us):
        """Bytes of the client, in any pieces."""
        self._now = now_us
        link = self._links.get(conn)
        if link is None:
            if data and conn in self._ended:
                client_id, number = self._ended.pop(conn)  # told once
                self._note(client_id, number, "3.14.4-2", "bytes after DISCONNECT", data)
            return
        room = link.receive_limit
        if room is not None:
            data = data[: max(0, room - link.record.bytes_in)]
        link.record.bytes_in += len(data)
        link.framer.feed(data)
        if not link.busy:
            link.busy = True
            self._drain(link)
            link.busy = False
        if room is not None and link.record.bytes_in >= room:
            self._drop(link, "fault")
        self._write()

    def closed(self, conn, now_us=None):
        """The TCP connection is gone, by whoever's doing."""
        self._now = self._time(conn, now_us)
        self._ended.pop(conn, None)
        link = self._links.get(conn)
        if link is not None:
            self._drop(link, "disconnect" if link.ended else "closed", by_us=False)
        self._write()

    def poll(self, now_us):
        """Do what is due; the absolute time (us) of the next call, or None."""
        self._now = now_us
        due = None
        for link in list(self._links.values()):
            if link.gone:
                continue
            link.mature(now_us)
            self._flush(link)
            if not link.gone and link.closing and link.idle():
                self._drop(link, link.closing)
            deadline, why = self._deadline(link)
            if deadline is not None and now_us >= deadline and not link.gone:
                self._expire(link, why)
        self._write()
        for link in self._links.values():
            for at in (self._deadline(link)[0], link.next_due()):
                if at is not None and (due is None or at < due):
                    due = at
        return due

    # What a test calls.

    def publish(self, topic, payload, qos=0, retain=False, now_us=None, copies=1):
        """Publish from the server's side. `copies` > 1 (QoS 1, 2): again at once with DUP."""
        self._now = self._now if now_us is None else now_us
        self._route(_bytes(topic), _bytes(payload), qos, retain, copies)
        self._write()

    def subscriptions(self, client_id):
        """{filter: granted QoS} of the client's session; empty without one."""
        session = self._sessions.get(_bytes(client_id))
        return dict(session.subscriptions) if session else {}

    def online(self, client_id):
        return self._link(client_id) is not None

    def sessions(self):
        """Client identifiers that have a session."""
        return list(self._sessions)

    def unacknowledged(self, client_id):
        """Messages for the client that it has not fully acknowledged, queued ones included."""
        session = self._sessions.get(_bytes(client_id))
        return len(session.outbound.inflight) + len(session.outbound.queue) if session else 0

    def waiting(self, client_id):
        """Packet identifiers of the client that the broker has not fully acknowledged."""
        session = self._sessions.get(_bytes(client_id))
        return session.inbound.waiting() if session else []

    def send_raw(self, client_id, data, now_us=None):
        """Write any bytes to a connected client (one of `broker_faults.MALFORMED`, say)."""
        self._send_odd(client_id, None, data, 0, now_us)

    def send_unsolicited(self, client_id, kind, packet_id, now_us=None):
        """Write an acknowledgement of `kind` (`mqtt_wire.PUBACK` …) that nobody asked for."""
        self._send_odd(client_id, kind, unsolicited(kind, packet_id), packet_id, now_us)

    def disconnect(self, client_id, now_us=None):
        """Close the client's connection, if it has one."""
        self._now = self._now if now_us is None else now_us
        link = self._link(client_id)
        if link:
            self._drop(link, "fault")
        self._write()

    def forget(self, client_id):
        """Lose the session (subscriptions, everything in flight); its connection is closed."""
        self.disconnect(client_id)
        self._sessions.pop(_bytes(client_id), None)

    def forgive(self, client_id):
        """The device itself has lost its memory: do not hold its earlier promises against it."""
        session = self._sessions.get(_bytes(client_id))
        if session:
            session.inbound.forgive()

    def excuse(self, conn):
        """The network has gone silent under this connection: not the client's violation."""
        if conn in self._links:
            self._links[conn].excused = True

    def restart(self, now_us=None, forget=False):
        """Crash and come back: connections close, delayed answers and wills are lost; `forget`
        loses sessions and retained messages too (no persistence)."""
        self._now = self._now if now_us is None else now_us
        for link in list(self._links.values()):
            link.will = None
            self._drop(link, "restart", flush=False)
        if forget:
            self._sessions.clear()
            self.retained.clear()

    # Inside.

    def _time(self, conn, now_us):
        """Now, from a network that says it, or whose connections know it (`conn.now_us`)."""
        return getattr(conn, "now_us", self._now) if now_us is None else now_us

    def _link(self, client_id):
        session = self._sessions.get(_bytes(client_id))
        return session.link if session else None

    def _send_odd(self, client_id, kind, data, packet_id, now_us):
        self._now = self._now if now_us is None else now_us
        link = self._link(client_id)
        if link is None:
            raise LookupError(f"{client_id!r} is not connected")
        link.written(kind, data, packet_id, unasked=True)
        self._dirty.append(link)
        self._write()

    def _note(self, client_id, number, statement, text, packet):
        self.violation_count += 1
        if len(self.violations) < _MAX_VIOLATIONS:
            self.violations.append(
                Violation(self._now, client_id, number, statement, text, bytes(packet[:256]))
            )

    def _violation(self, link, statement, text, packet=b""):
        self._note(link.record.client_id, link.record.number, statement, text, packet)

    def _drain(self, link):
        while not link.gone and not link.closing:
            packet = None
            try:
                if link.ended:
                    if len(link.framer):
                        raise Wrong("3.14.4-2", "bytes after DISCONNECT")
                    return
                packet = link.framer.next()
                if packet is None:
                    return
                self._packet(link, packet)
            except Wrong as e:
                self._violation(link, e.statement, e.text, packet or link.framer.peek())
                self._drop(link, "violation")
                return
            if link.packet_limit is not None and link.record.packets >= link.packet_limit:
                self._drop(link, "fault")

    def _packet(self, link, packet):
        kind = packet[0] >> 4
        record = link.record
        record.packets += 1
        if record.packets > 1:
            record.longest_gap_us = max(record.longest_gap_us, self._now - link.last_us)
        link.last_us = self._now
        if kind != wire.PUBLISH:
            self.arrivals[wire.NAMES[kind]] += 1
        if not link.connected and kind != wire.CONNECT:
            raise Wrong("3.1.0-1", f"{wire.NAMES[kind]} before CONNECT")
        if link.session is None and link.connected and kind != wire.CONNECT:
            return  # its CONNACK has been replaced by something else
        getattr(self, HANDLERS[kind])(link, packet)

    def _send(self, link, kind, data, packet_id=0, qos=0):
        delay = self.ack_delay_us
        outcome = link.put(kind, data, packet_id, qos, self._now, delay)
        if outcome == "close":
            self._drop(link, "fault")
        elif outcome == "written":
            self._dirty.append(link)

    def _write(self):
        while self._dirty:
            link = self._dirty.pop()
            if link.gone:
                continue
            self._flush(link)
            if link.closing and link.idle():
                self._drop(link, link.closing)

    def _flush(self, link):
        if link.flush(self._now):
            self._drop(link, "fault")

    def _drop(self, link, reason, by_us=True, flush=True):
        """The end of a connection: its will, its session, its place in the history."""
        if link.gone:
            return
        if by_us and flush:
            link.flush(self._now, final=True)
        if link.gone:
            return
        link.gone = True
        del self._links[link.conn]
        link.record.closed_us = self._now
        link.record.reason = reason
        session = link.session
        if session is not None:
            session.link = None
            if session.clean and self._sessions.get(session.client_id) is session:
                del self._sessions[session.client_id]
        if link.ended and by_us:
            self._ended[link.conn] = (link.record.client_id, link.record.number)
            if len(self._ended) > 64:
                del self._ended[next(iter(self._ended))]
        if by_us:
            link.conn.close()
        will, link.will = link.will, None
        if will is not None:
            self.wills.append(WillPublished(self._now, link.record.client_id, *will))
            self._route(will.topic, will.payload, will.qos, will.retain)

    def _deadline(self, link):
        """`(when, why)` this connection ends if nothing arrives."""
        if link.ended:
            return link.ended_us + self.linger_us, "linger"
        if not link.connected:
            return link.record.opened_us + self.connect_limit_us, "connect"
        if link.keepalive_us and not link.closing:
            return link.last_us + link.keepalive_us * 3 // 2, "keepalive"
        return None, None

    def _expire(self, link, why):
        if why == "linger":
            if self.linger_us:
                text = "the client has not closed the connection after DISCONNECT"
                self._violation(link, "3.14.4-1", text)
            self._drop(link, "disconnect")
            return
        if why == "keepalive":
            self.timeouts += 1
            if self.judge_keepalive and not link.excused:
                text = f"nothing for 1.5 times the keepalive of {link.record.keepalive_s} s"
                self._violation(link, "3.1.2-23", text)
        self._drop(link, why)
