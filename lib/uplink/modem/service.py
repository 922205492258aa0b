"""What is done while online: sockets served in turn, supervision, sleep between messages."""

from uplink import errors, log
from uplink.at import codes
from uplink.modem import doing, ladder, socket, states
from uplink.modem.machine import Machine
from uplink.port.ticks import ticks_add, ticks_diff

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_WATCH_SOON_MS = const(2_000)
_POLL_MS = const(2_000)
_WATCH_MS = const(60_000)
_SEARCH_LIMIT = const(4)  # supervisions that may find "searching" before registration is lost
_TLS_REFUSED = const(8)  # so many refused handshakes in a row count as a failure of the link
_SEND_DOUBT_MS = const(2_000)  # a stray result so soon after a send puts the send in doubt


class Service(Machine):
    """Base of `Core`: serves sockets."""

    def _start_online(self, now):
        count = len(self.sockets)
        for i in range(count):
            s = self.sockets[(self.turn + i) % count]
            work = s.next_work(now)
            if work == socket.DO_OPEN and not self.facts.registered:
                continue  # supervision decides first whether there is a network
            if work:
                self.turn = (s.cid + 1) % count
                self._serve(s, work, now)
                return True
        if self._untrusted() and not self.checked:
            self._check_files()
            return True
        if self.ping_host:
            self.doing = doing.PING
            self.engine.run(self.vendor.PING, now)
            return True
        if ticks_diff(now, self.poll_at) >= 0:
            self.poll_at = ticks_add(now, _WATCH_MS)
            self.doing = doing.WATCH
            self.facts.watched()
            self.engine.run(self.vendor.WATCH, now)
            return True
        if self._may_sleep(now):
            self.event(states.SLEEP)
            return True
        return False

    def _may_sleep(self, now):
        modem = self.cfg["modem"]
        if not modem["sleep"] or not self.has_dtr or self.rung >= 0:
            return False
        quiet_ms = modem["idle_sleep_s"] * 1000
        if ticks_diff(now, self.entered_at) < quiet_ms:
            return False
        for s in self.sockets:
            if s.state == socket.OPENING or s.state == socket.CLOSING:
                return False
            if s.state == socket.OPEN and ticks_diff(now, s.active_at) < quiet_ms:
                return False
        return True

    def _serve(self, s, work, now):
        vendor = self.vendor
        self.active = s
        self.work = work
        self.doing = doing.SOCKET
        if work == socket.DO_READ:
            self.reading = s
            s.waiting = False
            s.reads += 1
            self.asked_bytes = self.facts.read_max or vendor.READ_MAX
            self.got_bytes = 0
            self.engine.run(vendor.READ, now)
        elif work == socket.DO_SEND:
            s.chunk = s.out_left if s.out_left < vendor.SEND_MAX else vendor.SEND_MAX
            self.engine.run(vendor.SEND, now)
        elif work == socket.DO_OPEN:
            if s.tls and not self._secure(s, now):
                return
            s.opened_at = now
            self.engine.run(vendor.OPEN, now)
        else:
            self.engine.run(vendor.CLOSE, now)

    def _secure(self, s, now):
        """Warn about weak settings; refuse to open without what verification needs."""
        tls = self.cfg["tls"]
        if tls["verify"] == "none":
            log.warn("modem", "TLS WITHOUT verification: tls.verify is none")
        elif not tls["ca"]:
            log.error("modem", "no CA to verify the server with: set tls.ca")
            return self._not_secure(s, now)
        elif not self.files.good:
            log.error("modem", "the module's certificates are not known to be ours: checking")
            self.checked = False
            return self._not_secure(s, now)
        if tls["version"] != "1.2":
            log.warn("modem", "TLS older than 1.2 allowed: tls.version is", tls["version"])
        if not tls["check_dates"]:
            log.warn("modem", "certificate dates are not checked: tls.check_dates is false")
        return True

    def _not_secure(self, s, now):
        self.doing = doing.NOTHING
        self.active = None
        s.is_closed(errors.CLOSED_CERTIFICATE, now)
        self._check_files()
        return False

    def _check_files(self):
        """Once after each open that succeeded: are the certificates in the module ours?"""
        if not self.checked and self.files.wanted:
            self.checked = True
            self.files.doubtful = True
            self.event(states.CHECK)

    def _watch_done(self, result, now):
        facts = self.facts
        if result != codes.OK or self.state != states.ONLINE:
            return
        if not facts.sim_ready or self.engine.cme == 10:  # SIM not inserted
            self.event(states.NO_SIM)
        elif not facts.registered:
            self.searching += 1
            self.poll_at = ticks_add(now, _POLL_MS)
            if facts.stat == 3 or facts.stat == 0 or self.searching > _SEARCH_LIMIT:
                self.event(states.NO_NETWORK)
        elif not facts.address:
            self.event(states.NO_DATA)
        else:
            self.searching = 0
            self._missed_closes(now)

    def _missed_closes(self, now):
        """A connection that the module does not list as open any more has been closed."""
        listed = self.facts.listed
        if not listed & 128:
            return  # there was no list
        for s in self.sockets:
            if s.state == socket.OPEN and not listed & (1 << s.cid):
                if not 0 <= ticks_diff(now, s.opened_at) <= _WATCH_SOON_MS:
                    s.is_closed(errors.CLOSED_PEER, now)

    def _socket_done(self, s, result, now):
        work = self.work
        if work == socket.DO_READ:
            self._read_done(s, result, now)
        elif work == socket.DO_OPEN:
            self._open_done(s, result, now)
        elif work == socket.DO_SEND:
            self._send_done(s, result, now)
        elif s.state == socket.CLOSING:
            s.is_closed(errors.CLOSED_LOCAL, now)

    def _send_done(self, s, result, now):
        if not s.chunk:
            return  # closed meanwhile
        if result == codes.OK:
            s.is_sent(now)
            return
        # part of it may be queued: the stream cannot be continued
        log.warn("modem", "send failed", codes.name(result), s.cid)
        s.chunk = 0
        self._close_broken(s, errors.CLOSED_DAMAGED, now)
        self.poll_at = ticks_add(now, _WATCH_SOON_MS)
        if result != codes.DAMAGED:
            self._climb(ladder.RETRY)

    def _open_done(self, s, result, now):
        if s.state != socket.OPENING and s.state != socket.CLOSING:
            return
        if result == codes.OK:
            self.form_failed = 0
            if s.state == socket.CLOSING:
                s.asked = False  # closes with its own command now
            return  # opened, or the URC will tell
        refused = result == codes.ERROR or result == codes.CME
        if refused and s.asked and self.form_failed < self.vendor.FORMS - 1:
            # some firmwares take the command in another form
            self.form_failed += 1
            self.form = (self.form + 1) % self.vendor.FORMS
            s.asked = False
            return
        self.form_failed = 0
        self.open_failed(
            s, errors.CLOSED_TIMEOUT if result == codes.TIMEOUT else errors.CLOSED_LINK
        )

    def _read_done(self, s, result, now):
        if s.state != socket.OPEN:
            return
        if result == codes.TIMEOUT:
            self._close_broken(s, errors.CLOSED_DAMAGED, now)
        elif result != codes.OK or s.ending:
            self._close_broken(s, errors.CLOSED_PEER, now)
        elif self.got_bytes == 0:
            s.rearm(now)
        elif self.got_bytes >= self.asked_bytes:
            s.waiting = True
        else:
            s.arm(now)

    def unasked(self, now):
        """A final result code that nothing was asked for: the module heard something else.

        If it was a send, its stream is not what we think it is.
        """
        self.now = now
        for s in self.sockets:
            recent = 0 <= ticks_diff(now, s.sent_at) < _SEND_DOUBT_MS
            if s.state == socket.OPEN and s.sent and recent:
                log.warn("modem", "the module did not hear what was sent, socket", s.cid)
                self._close_broken(s, errors.CLOSED_DAMAGED, now)

    def opened(self, s):
        """The module has connected."""
        self.refused = -1
        self.tls_refused = 0
        if s.tls:
            self.checked = False
        s.is_open(self.now)

    def sent_count(self, s, n):
        """The module tells how many bytes it took with the last send."""
        if s.state == socket.OPEN and n != s.sent_last:
            log.warn("modem", "the module took another number of bytes", n, s.sent_last)
            self._close_broken(s, errors.CLOSED_DAMAGED, self.now)

    def open_failed(self, s, reason):
        """The module could not connect."""
        if s.state != socket.OPENING and s.state != socket.CLOSING:
            return
        self.refused = reason
        log.warn("modem", errors.closed_text(reason), s.cid)
        s.asked = False
        s.is_closed(reason, self.now)
        if reason == errors.CLOSED_LINK:
            self.poll_at = self.now
        if reason == errors.CLOSED_TLS:
            # the server was reached and said no: only a module that is stuck says so for ever
            self.tls_refused += 1
            if self.tls_refused % _TLS_REFUSED:
                return
        if reason != errors.CLOSED_CERTIFICATE and reason != errors.CLOSED_REFUSED:
            for other in self.sockets:
                if other is not s and other.state == socket.OPEN:
                    return  # the path works: it is this server
            self._climb(ladder.RETRY)

    def open_took_ms(self, s):
        """How long the open has lasted."""
        return ticks_diff(self.now, s.opened_at)

    def _untrusted(self):
        """The last open was refused for what the certificates say."""
        return self.refused == errors.CLOSED_CERTIFICATE or self.refused == errors.CLOSED_TLS

    def peer_closed(self, s):
        """The connection is gone; what the module still held of it is lost."""
        if s.state == socket.OPENING and s.asked:
            return  # the open command's own result will come
        if self.reading is s:
            s.ending = True  # what the read in flight brings is still ours
            return
        s.is_closed(errors.CLOSED_PEER, self.now)
