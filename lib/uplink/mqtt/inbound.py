"""The half of the client that the decoder talks to: what arrives, to whom it goes, its answer."""

from .. import log
from . import packets
from .outbound import Outbound
from .outbox import ACKNOWLEDGED, RELEASED, SENT
from .session import ASKED, GRANTED, REFUSED, UNWANTED, UP, WANTED

_REFUSED = (
    "",
    "unacceptable protocol version",
    "identifier rejected",
    "server unavailable",
    "bad user name or password",
    "not authorized",
)


class Inbound(Outbound):
    """Part of `MQTT`."""

    # ---- the decoder's listener -----------------------------------------------------------------

    def on_bad(self, text):
        """The server broke the protocol."""
        self.malformed += 1
        log.error("mqtt", "malformed or unexpected packet:", text)
        self._close(text)

    def on_connack(self, present, code, now):
        """3.2"""
        self._transport.proved()
        if code:
            self.logins_refused += 1
            self.last_code = code
            text = _REFUSED[code] if code < len(_REFUSED) else "unknown return code"
            log.error("mqtt", "CONNECT refused by the server:", text, code)
            self._long = True
            self._close(text)
            return
        kept = present == 1 and not self._clean
        self.session_present = kept
        if not kept:
            self._received.clear()
        for sub in self._subs:
            if not kept or sub.state != GRANTED:
                if sub.state != UNWANTED:
                    sub.state = WANTED
        self._unasked = True
        self._outbox.resume(kept)
        if self.connects:
            self.reconnects += 1
        self.connects += 1
        self.last_code = 0
        self.last_error = None
        self._was_up = True
        self._ungreeted = False
        self._up_at = now
        self._acked_up = self.acked
        self._sent_at = now
        self.state = UP
        self.connected = True
        log.info("mqtt", "connected, session present:", present)
        self._touch()

    def on_ack(self, kind, number, now):
        """PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK (3.4 to 3.7, 3.11)."""
        self._transport.proved()
        if kind == packets.PUBREL:
            self._received.remove(number)
            self._reply(packets.PUBCOMP, number)
            return
        if kind == packets.UNSUBACK:
            if number == self._sub_id:
                self._left_filters()
            return
        box = self._outbox
        i = box.find(number)
        if i < 0 or (i == self._slot and self._left):
            if kind == packets.PUBREC:
                self._reply(packets.PUBREL, number)
            return
        state = box.state[i]
        qos = box.qos(i)
        if kind == packets.PUBREC:
            if qos == 2 and (state == SENT or state == RELEASED):
                if state == SENT:
                    self._acked_up = -1  # an answer: this connection brings something
                box.state[i] = RELEASED
                box.at[i] = now
                self._reply(packets.PUBREL, number)
        elif (kind == packets.PUBACK and qos == 1 and state == SENT) or (
            kind == packets.PUBCOMP and state == RELEASED
        ):
            if i == self._slot:
                self._slot = -1
            self.acked += 1
            box.end(i, ACKNOWLEDGED)

    def on_suback(self, number, codes, now):
        """3.9: the answers stand in the order of the filters in the SUBSCRIBE."""
        self._transport.proved()
        if number != self._sub_id:
            return
        k = 0
        for sub in self._subs:
            if sub.state == ASKED:
                k += 1
        if k != len(codes):
            self.on_bad("SUBACK with a wrong number of return codes")
            return
        self._sub_id = 0
        self._unasked = True  # there may be more
        k = 0
        for sub in self._subs:
            if sub.state == ASKED:
                if codes[k] == 0x80:
                    sub.state = REFUSED
                    self.filters_refused += 1
                    log.error("mqtt", "subscription refused by the server:", sub.filter.text)
                else:
                    sub.state = GRANTED
                    if codes[k] < sub.qos:
                        log.warn("mqtt", "granted a lower QoS:", sub.filter.text, codes[k])
                k += 1

    def on_pingresp(self, now):
        """3.13"""
        self._pinging = False
        self._transport.proved()

    def on_publish(self, topic, payload, first, number, now):
        """A message that is here as a whole (3.3)."""
        if self._take(first, number):
            self.messages_received += 1
            routed = False
            for sub in self._subs:
                if sub.filter.matches(topic):
                    routed = True
                    if sub.handler is not None:
                        self._deliver(sub, topic, payload)
                    elif sub.sink is not None:
                        self._sink = sub.sink
                        if self._sink_begin(topic, len(payload)):
                            self.on_piece(payload)
                        self._sink_end(True)
            if not routed:
                self.unrouted += 1
        self._took(first, number)

    def on_head(self, topic, size, first, number):
        """The head of a message that is too large: True where its pieces are wanted."""
        self._sink = None
        if not self._take(first, number):
            return False
        if topic is not None:
            for sub in self._subs:
                if sub.sink is not None and sub.filter.matches(topic):
                    self._sink = sub.sink
                    self.messages_received += 1
                    return self._sink_begin(topic, size)
        self.oversize += 1
        log.warn("mqtt", "message too large, not delivered, bytes:", size)
        return False

    def on_piece(self, piece):
        """More of it: True where it is still wanted."""
        try:
            self._sink.write(piece)
            return True
        except Exception as error:
            self._raised(error)
            self._sink_end(False)
            return False

    def on_large_end(self, first, number, now):
        """It is here to its last byte."""
        self._sink_end(True)
        self._took(first, number)

    # ---- receiving ------------------------------------------------------------------------------

    def _take(self, first, number):
        """True where a message must be delivered: not a QoS 2 message that was before."""
        if self.state != UP:
            return False
        if first & 4:
            if self._received.has(number):
                self.duplicates += 1
                return False
            if not self._received.room():
                self._close("more QoS 2 messages in flight than there is room for")
                return False
        if first & 6 and not self._may_reply():
            return False
        return True

    def _took(self, first, number):
        """Acknowledge what the application has."""
        if self.state != UP or not first & 6:
            return
        if first & 2:
            self._reply(packets.PUBACK, number)
            return
        if not self._received.has(number):
            self._received.add(number)
        self._reply(packets.PUBREC, number)

    def _deliver(self, sub, topic, payload):
        try:
            sub.handler(topic, payload)
        except Exception as error:
            self._raised(error)

    def _sink_begin(self, topic, size):
        try:
            self._sink.begin(topic, size)
            return True
        except Exception as error:
            self._sink = None
            self._raised(error)
            return False
