"""The module's own TCP and TLS sockets.

A socket tells the page `data_waiting(modem, cid)` and `socket_closed(modem, cid)`. What opening
came to is one word: "ok", "dns", "refused", "timeout", "untrusted", "handshake", "name",
"dates", "name+dates", "lost".
"""

from .tls import ClientTLS, client_context


class Trust:
    """How a socket does TLS: whom it trusts, who it is, what it asks for."""

    named = True  # the name in the certificate is checked
    always_dated = False  # its dates are, even where nobody is verified
    session = None  # a session that can be resumed; the last one after a handshake
    host = None  # whose name that is, where it is not the connection's
    quiet_us = None  # how long the server may be silent in the handshake
    largest = None  # bytes of a certificate that the module can take
    bare = ""  # why no TLS can be done here (the PC lacks it): the stream stays as it is

    def __init__(self, version="1.2", ca=None, pair=None, ciphers=None, sni=None, dates=True):
        self.version = version  # a key of tls.VERSIONS, or two with a dash
        self.ca = ca  # PEM; None: any server is trusted
        self.pair = pair  # (certificate PEM, key PEM) or None
        self.ciphers = ciphers  # OpenSSL names joined by ":", or None
        self.sni = sni  # server name to send; it is also the name that is checked
        self.dates = dates  # check dates against the module's clock


class ModemSocket:
    """One connection identifier."""

    def __init__(self, modem, cid):
        self.modem = modem
        self.cid = cid
        self.state = "opening"  # opening, open, closed
        self.buffer = bytearray()
        self.armed = True  # the next data to wait is announced
        self.trust = None
        self.tls = None
        self.host = b""
        self.stream = None
        self.sent = 0
        self.received = 0
        self._done = None
        self._limit = None

    def open(self, host, port, trust, limit_us, done):
        """Connect; done(word) once, later."""
        modem = self.modem
        self.host = host
        self.trust = trust
        self._done = done
        self._limit = modem.after(limit_us, self._late)
        modem.event("socket", f"{self.cid} connecting")
        self.stream = modem.network.connect(host, port, self, modem.now)

    def _late(self):
        self._opened("timeout")

    def _go_on_waiting(self):
        """TLS has begun, or its server has said something: the limit is on its silence."""
        if self.trust.quiet_us is not None:
            self.modem.timers.cancel(self._limit)
            self._limit = self.modem.after(self.trust.quiet_us, self._opened, "handshake")

    def _opened(self, word):
        done, self._done = self._done, None
        if done is None:
            return
        modem = self.modem
        modem.timers.cancel(self._limit)
        self.state = "open" if word == "ok" else "closed"
        modem.event("socket", f"{self.cid} {'open' if word == 'ok' else 'failed: ' + word}")
        if word != "ok" and self.stream is not None:
            self.stream.close(modem.now)
        done(word)
        if word == "ok":
            self._announce()

    # told by the network

    def stream_open(self, now_us):
        if self.state != "opening":
            return
        if self.trust is None:
            self._opened("ok")
        elif self.trust.bare:
            self.modem.event("tls", f"{self.cid} NO REAL HANDSHAKE: {self.trust.bare}")
            self._opened("ok")
        else:
            self._start_tls()

    def secure(self, trust, limit_us, done):
        """TLS on a plain connection that is open; done(word) once, later."""
        self.trust = trust
        self.state = "opening"
        self._done = done
        self._limit = self.modem.after(limit_us, self._late)
        self.stream_open(self.modem.now)

    def _start_tls(self):
        trust = self.trust
        try:
            context = client_context(trust.version, trust.ca, trust.pair, trust.ciphers)
            self.tls = ClientTLS(context, trust.sni, trust.session)
        except (OSError, ValueError):  # no such cipher, unreadable certificate, no host name
            self._opened("handshake")
            return
        self.tls.step()
        self._flush()
        self._go_on_waiting()

    def stream_failed(self, why, now_us):
        if self.state == "opening":
            self._opened("timeout" if why == "unreachable" else why)

    def stream_data(self, data, now_us):
        if self.state == "closed" or self.modem.power.wedged:
            return
        if self.tls is None:
            self._plain(data)
            return
        tls = self.tls
        was = tls.done
        plain = tls.step(data)
        self._flush()
        if tls.failed:
            self.modem.event("tls", f"{self.cid} {tls.failed}: {tls.reason}")
            if self.state == "opening":
                self._opened(tls.failed)
            else:
                self._gone()
            return
        if tls.done and not was and not self._judge():
            return
        if not tls.done:
            self._go_on_waiting()
        if plain:
            self._plain(plain)
        if tls.ended:
            self.stream.close(now_us)
            self._gone()

    def stream_closed(self, now_us):
        if self.state == "opening":
            self._opened("refused" if self.trust is None else "handshake")
        elif self.state == "open":
            self._gone()

    def _judge(self):
        """The certificate's name and dates; True when the socket may be used."""
        trust, tls, modem = self.trust, self.tls, self.modem
        name = trust.sni or trust.host or self.host.decode("latin-1")
        word = tls.judge(
            name if trust.named else None, modem.radio.unix(), trust.dates, trust.always_dated
        )
        if trust.largest and len(tls.ssl.getpeercert(True) or b"") > trust.largest:
            word = "untrusted"
        how = "verified" if tls.verifies else "NOT verified: no CA"
        if tls.ssl.session_reused:
            how += ", resumed"
        trust.session = tls.ssl.session
        modem.event("tls", f"{self.cid} {tls.ssl.version()} {how}{' but ' + word if word else ''}")
        self._opened(word or "ok")
        return not word

    def _plain(self, data):
        self.received += len(data)
        self.buffer += data
        self._announce()

    def _announce(self):
        if self.buffer and self.armed and self.state in ("open", "ending"):
            self.armed = False
            self.modem.page.data_waiting(self.modem, self.cid)

    def _gone(self):
        """Closed by the other side: what was not read is lost."""
        if self.state == "open" and self.buffer and self.modem.page.KEEPS_UNREAD:
            self.state = "ending"
            self.modem.event("socket", f"{self.cid} closed by the peer, {len(self.buffer)} unread")
        elif self.state in ("open", "ending"):
            lost = len(self.buffer)
            self.buffer.clear()
            self.state = "closed"
            self.modem.event("socket", f"{self.cid} closed by the peer, {lost} bytes unread")
            self.modem.sockets.discard(self.cid)
            self.modem.page.socket_closed(self.modem, self.cid)

    def _flush(self):
        out = self.tls.out()
        if out:
            self.stream.send(out, self.modem.now)

    # told by the page

    def send(self, data) -> bool:
        if self.state != "open":
            return False
        self.sent += len(data)
        if self.tls is None:
            self.stream.send(data, self.modem.now)
        else:
            self.tls.write(data)
            self._flush()
        return True

    def read(self, count) -> bytes:
        """Up to `count` bytes; empty again, the next data is announced anew."""
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        if not self.buffer:
            self.armed = True
            if self.state == "ending":
                self.modem.after(0, self._gone)
        return data

    def close(self):
        """Closed by us, in good order."""
        self._done = None
        self.modem.timers.cancel(self._limit)
        if self.state != "closed" and self.stream is not None:
            if self.tls is not None:
                out = self.tls.goodbye()
                if out:
                    self.stream.send(out, self.modem.now)
            self.stream.close(self.modem.now)
        self.state = "closed"
        self.buffer.clear()


class Sockets:
    """The sockets of a module, by connection identifier."""

    def __init__(self, modem):
        self.modem = modem
        self.by_cid = {}

    def get(self, cid):
        return self.by_cid.get(cid)

    def open(self, cid, host, port, trust, limit_us, done):
        """Open `cid`; done(word)."""
        one = ModemSocket(self.modem, cid)
        self.by_cid[cid] = one

        def opened(word):
            if word != "ok" and self.by_cid.get(cid) is one:
                del self.by_cid[cid]
            done(word)

        one.open(host, port, trust, limit_us, opened)

    def close(self, cid) -> bool:
        one = self.by_cid.pop(cid, None)
        if one is None:
            return False
        one.close()
        self.modem.event("socket", f"{cid} closed")
        return True

    def discard(self, cid):
        self.by_cid.pop(cid, None)

    def lost(self, cids=None):
        """Packet data is gone, for all or for these: open sockets close (told), opening fail."""
        wanted = self.by_cid if cids is None else cids
        for one in [self.by_cid[cid] for cid in wanted if cid in self.by_cid]:
            if one.state == "opening":
                one._opened("lost")
            else:
                if one.stream is not None:
                    one.stream.close(self.modem.now)
                one.state = "open"
                one.buffer.clear()
                one._gone()

    def vanish(self):
        """Power is gone: the far side is left without a word."""
        for one in self.by_cid.values():
            one.state = "closed"
            one._done = None
            if one.stream is not None:
                one.stream.close(self.modem.now)
        self.by_cid.clear()
