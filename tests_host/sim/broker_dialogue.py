"""How the broker answers each packet of a client, and how messages reach their receivers.

The half of `Broker` that knows MQTT's dialogue; connections, faults and time are in broker.py.
"""

from collections import deque, namedtuple

from . import mqtt_wire as wire
from .broker_session import Message, Session
from .mqtt_wire import Wrong

Published = namedtuple("Published", "now_us client_id topic payload qos retain dup packet_id")
WillPublished = namedtuple("WillPublished", "now_us client_id topic payload qos retain")

HANDLERS = {
    wire.CONNECT: "_connect",
    wire.PUBLISH: "_publish",
    wire.PUBACK: "_puback",
    wire.PUBREC: "_pubrec",
    wire.PUBREL: "_pubrel",
    wire.PUBCOMP: "_pubcomp",
    wire.SUBSCRIBE: "_subscribe",
    wire.UNSUBSCRIBE: "_unsubscribe",
    wire.PINGREQ: "_pingreq",
    wire.DISCONNECT: "_disconnect",
}


class Dialogue:
    """A base of `Broker`, which has the state."""

    # One method for each packet that a client may send.

    def _connect(self, link, packet):
        if link.connected:
            raise Wrong("3.1.0-2", "a second CONNECT")
        link.connected = True
        c = wire.parse_connect(packet)
        record = link.record
        record.client_id = client_id = c.client_id or b"auto-%d" % record.number
        record.connect_us, record.clean = self._now, c.clean
        record.keepalive_s = c.keepalive_s
        known = client_id in self.history
        self.history.setdefault(client_id, deque(maxlen=1000)).append(record)
        answer = self.faults.connect_answer()
        if answer is not None:
            link.written(wire.CONNACK, answer)
            link.muted = True
            self._dirty.append(link)
            return
        code = self._login(link, c, packet)
        if code:
            record.code = code
            self._send(link, wire.CONNACK, wire.connack(0, code))
            link.closing = "refused"
            self._dirty.append(link)
            return
        old = self._sessions.get(client_id)
        if old is not None and old.link is not None:
            self._drop(old.link, "taken over")
            old = self._sessions.get(client_id)
        if c.clean or old is None:
            session, present = Session(client_id, self.max_inflight, self.max_queued), False
            self._sessions[client_id] = session
        else:
            session, present = old, True
        session.clean = c.clean
        session.link, link.session = link, session
        session.inbound.begin(present, known, c.clean)
        session.outbound.begin()
        link.will, link.keepalive_us = c.will, c.keepalive_s * 1_000_000
        record.code, record.session_present = 0, present
        self._send(link, wire.CONNACK, wire.connack(present, 0))
        for m in list(session.outbound.inflight.values()):
            if m.released:
                self._send(link, wire.PUBREL, wire.ack(wire.PUBREL, m.packet_id), m.packet_id)
            else:
                self._send(link, wire.PUBLISH, m.bytes(True), m.packet_id, m.qos)
        self._pump(session)

    def _login(self, link, c, packet):
        """The CONNACK return code."""
        if c.level != 4:
            self._violation(link, "3.1.2-2", f"protocol level {c.level}", packet)
            return 1
        if not c.client_id and not c.clean:
            text = "an empty client identifier without a clean session"
            self._violation(link, "3.1.3-7", text, packet)
            return 2
        refusal = self.faults.refusal()
        if refusal is not None:
            return refusal
        users = self.users
        if users is not None and (c.user not in users or users[c.user] != c.password):
            return self.bad_login_code
        return 0

    def _publish(self, link, packet):
        p = wire.parse_publish(packet)
        self.arrivals[f"PUBLISH qos {p.qos}{' dup' if p.dup else ''}"] += 1
        link.record.resent += p.dup
        client_id = link.record.client_id
        if p.qos == 0 or link.session.inbound.publish(p):
            entry = Published(self._now, client_id, *p)
            if self.on_published is not None:
                self.on_published(entry)
            else:
                self.published.append(entry)
            self._route(p.topic, p.payload, p.qos, p.retain)
        if p.qos and not link.gone:
            kind = wire.PUBACK if p.qos == 1 else wire.PUBREC
            self._send(link, kind, wire.ack(kind, p.packet_id), p.packet_id)

    def _puback(self, link, packet):
        link.session.outbound.puback(wire.parse_ack(packet))
        self._pump(link.session)

    def _pubrec(self, link, packet):
        packet_id = wire.parse_ack(packet)
        link.session.outbound.pubrec(packet_id)
        self._send(link, wire.PUBREL, wire.ack(wire.PUBREL, packet_id), packet_id)

    def _pubrel(self, link, packet):
        packet_id = wire.parse_ack(packet)
        link.session.inbound.pubrel(packet_id)
        self._send(link, wire.PUBCOMP, wire.ack(wire.PUBCOMP, packet_id), packet_id)

    def _pubcomp(self, link, packet):
        link.session.outbound.pubcomp(wire.parse_ack(packet))
        self._pump(link.session)

    def _subscribe(self, link, packet):
        packet_id, wanted = wire.parse_subscribe(packet)
        session = link.session
        session.inbound.request(packet_id)
        codes, granted = bytearray(), []
        for topic_filter, qos in wanted:
            if self.refuse_filter and self.refuse_filter(session.client_id, topic_filter):
                codes.append(0x80)
                continue
            qos = min(qos, self.max_qos)
            session.subscriptions[topic_filter] = qos
            granted.append((topic_filter, qos))
            codes.append(qos)
        if self.retained_first:
            self._send_retained(session, granted)
        self._send(link, wire.SUBACK, wire.suback(packet_id, codes), packet_id)
        if not self.retained_first:
            self._send_retained(session, granted)

    def _unsubscribe(self, link, packet):
        packet_id, filters = wire.parse_unsubscribe(packet)
        link.session.inbound.request(packet_id)
        for topic_filter in filters:
            link.session.subscriptions.pop(topic_filter, None)
        self._send(link, wire.UNSUBACK, wire.ack(wire.UNSUBACK, packet_id), packet_id)

    def _pingreq(self, link, packet):
        wire.parse_empty(packet)
        self._send(link, wire.PINGRESP, wire.PINGRESP_BYTES)

    def _disconnect(self, link, packet):
        wire.parse_empty(packet)
        link.will = None
        link.ended = True
        link.ended_us = self._now
        if len(link.framer):
            return
        if not self.linger_us:
            self._drop(link, "disconnect")

    # Messages on their way to clients.

    def _route(self, topic, payload, qos, retain, copies=1):
        if retain and payload:
            self.retained[topic] = (payload, qos)
        elif retain:
            self.retained.pop(topic, None)
        for session in list(self._sessions.values()):
            granted = session.granted(topic)
            if granted is not None:
                self._deliver(session, Message(topic, payload, min(qos, granted), False, copies))

    def _send_retained(self, session, granted):
        for topic_filter, best in granted:
            for topic, (payload, qos) in list(self.retained.items()):
                if wire.matches(topic_filter, topic):
                    self._deliver(session, Message(topic, payload, min(qos, best), True))

    def _deliver(self, session, message):
        if message.qos:
            session.outbound.put(message)
            self._pump(session)
        elif session.link is not None:
            self._send(session.link, wire.PUBLISH, message.bytes(False))

    def _pump(self, session):
        """Send what the in-flight window allows."""
        while session.link is not None and not session.link.muted:
            message = session.outbound.ready()
            if message is None:
                return
            for i in range(message.copies):
                if session.link is not None:
                    data = message.bytes(i > 0)
                    self._send(session.link, wire.PUBLISH, data, message.packet_id, message.qos)
