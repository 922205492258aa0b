"""One connection to the broker: what is on its way out, and what will be remembered of it."""

from collections import deque, namedtuple
from heapq import heappop, heappush

from . import mqtt_wire as wire

Violation = namedtuple("Violation", "now_us client_id connection statement text packet")

_ACKS = (wire.PUBACK, wire.PUBREC, wire.PUBCOMP)


class Record:
    """The history of one connection. Times are microseconds of the simulation, None = never."""

    def __init__(self, number, opened_us):
        self.number = number
        self.client_id = None
        self.opened_us = opened_us
        self.connect_us = None
        self.closed_us = None
        self.code = None  # the CONNACK return code
        self.session_present = False
        self.clean = None
        self.keepalive_s = None
        self.reason = None  # why it ended, see README.md
        self.packets = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.resent = 0  # PUBLISH with DUP
        self.longest_gap_us = 0  # between two packets of the client

    def __repr__(self):
        return f"Record({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class Link:
    """A live connection. The broker hands it packets; it delays, cuts and writes them."""

    def __init__(self, conn, faults, number, now_us, max_packet):
        self.conn = conn
        self.framer = wire.Framer(max_packet)
        self.record = Record(number, now_us)
        self.session = None
        self.will = None
        self.keepalive_us = 0
        self.last_us = now_us
        self.connected = False  # CONNECT has arrived
        self.muted = False  # nothing more is written (CONNACK withheld or replaced)
        self.closing = None  # reason: close when all has been written
        self.ended = False  # DISCONNECT has arrived
        self.ended_us = 0
        self.excused = False  # its silence is the network's fault
        self.busy = False
        self.gone = False
        self.faults = faults
        self.receive_limit, self.packet_limit, self._send_limit = faults.limits()
        self._out = []
        self._later = []
        self._due = {}
        self._order = 0
        self._raw = deque()

    def put(self, kind, data, packet_id, qos, now_us, ack_delay_us):
        """Write a packet now, or later as the faults say; "close" = the connection ends here."""
        if self.muted or self.closing or self.gone:
            return "dropped"
        faults = self.faults
        if faults.closes(kind):
            return "close"
        if faults.swallows(kind):
            self.muted = kind == wire.CONNACK
            return "dropped"
        due = now_us + faults.delay_of(kind) + (ack_delay_us if kind in _ACKS else 0)
        due = max(due, self._due.get(kind, 0), self._due.get(wire.CONNACK, 0))
        self._due[kind] = due
        if due <= now_us:
            self.written(kind, data, packet_id, qos)
            return "written"
        self._order += 1
        heappush(self._later, (due, self._order, kind, data, packet_id, qos))
        return "later"

    def written(self, kind, data, packet_id=0, qos=0, unasked=False):
        """The packet leaves the broker: from here on the client may have seen it."""
        self._out.append(data)
        if self.session is None:
            return
        if kind in (wire.PUBLISH, wire.PUBREL):
            self.session.outbound.written(kind, packet_id, qos)
        else:
            self.session.inbound.answered(kind, packet_id, unasked)

    def mature(self, now_us):
        """Write what has been delayed until now."""
        later = self._later
        while later and later[0][0] <= now_us:
            _, _, kind, data, packet_id, qos = heappop(later)
            self.written(kind, data, packet_id, qos)

    def flush(self, now_us, final=False):
        """Hand the connection what is due; True when its limit on bytes sent has been reached."""
        if self._out:
            due = now_us
            if self._raw:
                due = max(due, self._raw[-1][0] + self.faults.gap_us)
            for piece in self.faults.shape(self._out):
                self._raw.append((due, piece))
                due += self.faults.gap_us
            self._out = []
        raw = self._raw
        while raw and (final or raw[0][0] <= now_us) and not self.gone:
            piece = raw.popleft()[1]
            if self._send_limit is not None:
                piece = piece[: self._send_limit]
                self._send_limit -= len(piece)
            self.record.bytes_out += len(piece)
            if piece:
                self.conn.send(piece)
            if self._send_limit == 0:
                raw.clear()
                return True
        return False

    def idle(self):
        """Nothing waits to be written."""
        return not (self._out or self._later or self._raw)

    def next_due(self):
        """When something that waits is due (us), or None."""
        due = self._later[0][0] if self._later else None
        if self._raw and (due is None or self._raw[0][0] < due):
            due = self._raw[0][0]
        return due
