"""`ModuleSSL`: every setting of the module's own TLS, and sends of text up to Ctrl-Z.

    ssl = ModuleSSL(modem)
    await ssl.ask("seclevel", 0); ssl.value           # b"2"
    await ssl.set("smtpsctxi", 3)
    await ssl.open(socket, b"host", 443)              # by what was set
    await ssl.text(socket, b"GET / HTTP/1.0")         # without a length; Ctrl-Z ends it

Sockets set what they need in their context before each opening; what is set here for that
context lasts until then.
"""

from uplink import exact, log
from uplink.errors import ATError, LinkDown, closed_text
from uplink.modem.states import const
from uplink.port.ticks import FOREVER

from .service import Service

_OPENING = const(1)
_OPEN = const(2)
_RUNNING = const(-2)
_WHOLE = const(-1)
_PEER = const(1)  # of errors.CLOSED_
_DAMAGE = const(8)
_UNOPENED = const(10)
_BUSY = const(21)

_TIMEOUT = const(5)  # of at.codes
_AGAIN = const(12)

_ASK = const(97)  # the scripts by letter
_SET = const(98)
_DELETE = const(100)
_CONNECT = const(111)
_TEXT = const(116)

_DOING_SEND = const(18)  # of core
_CTRL_Z = b"\x1a"

BUSY = 21  # ModuleSSL.why: the module cannot send now, later it can (SEND FAIL)


class ModuleSSL(Service):
    """One question, setting or text at a time; each is awaited: True, or `why` and `error()`."""

    def __init__(self, core):
        super().__init__(core, core.texts("ssl", "settings of TLS"), "ssl")
        self.kind = b""
        self.index = -1
        self.value = exact.buffer(192)  # what was told, as the module writes it
        self.wanted = 0
        self.socket = None
        self.limit_s = 80
        self.result = 0
        core.add(self)

    # ---- for the application --------------------------------------------------------------------

    def ask(self, name, index=0):
        """What AT+QSSLCFG has for the type `name` (of context `index`, where it is a context's);
        "ctxindex": all of that context. The answer is in `value`.
        """
        self._named(name, index)
        return self._start(_ASK)

    def set(self, name, value, index=0):
        """Set it: a number, a file's name, or cipher suites (`"0X003D"` or several in a list).
        ValueError: the note has no such type, or not that value.
        """
        at = self._named(name, index)
        how = self.vendor.TYPES[at + 1]
        if how == 115 or how == 99:  # s, c
            if isinstance(value, bytes) or isinstance(value, str):
                self._quoted(value, how)
            elif not value or (how == 115 and len(value) > 1):
                raise ValueError("ssl: value")
            else:
                for one in value:
                    self._quoted(one, how)
        elif how == 45 or not isinstance(value, int) or not 0 <= value <= how - 48:
            raise ValueError("ssl: value")
        else:
            self.value.append(48 + value)
        return self._start(_SET)

    def open(self, socket, host, port, limit_s=80):
        """Open a socket over TLS by context 0 as it was set here, not by the configuration: the
        server may be left unverified, and each opening says so in the log. Its listener is told
        as ever. (Where the server refuses that, the socket tries by the configuration.)

        `limit_s`: what the module is told to give up after, 10 to 80; None: nothing is said of it
        (its default is 90 s, 2.2.2; our own limit ends it then).
        """
        self._free()
        if limit_s is not None and not 10 <= limit_s <= 80:
            raise ValueError("ssl: 10 to 80 s")
        self.limit_s = limit_s
        socket.open(host, port, True)
        socket.asked = True  # the core has nothing to do for it
        socket.opened_at = self.core.time()
        self.socket = socket
        self.host = host
        self.port = port
        return self._start(_CONNECT)

    def delete(self):
        """Delete our certificates and key from the module; sockets over TLS are refused then,
        until they have been written again.
        """
        self._free()
        self.core.files.good = False
        return self._start(_DELETE)

    def text(self, socket, content):
        """Send bytes over an open socket of this modem without saying how many: Ctrl-Z ends them.
        ValueError: it is not open or busy, or there is a Ctrl-Z or escape in them, or too many.

        `why` BUSY: nothing was sent, the same can be tried again later. After any other failure
        the socket is closed: open it again.
        """
        self._free()
        if socket.state != _OPEN or socket.out_left:
            raise ValueError("ssl: the socket is not open, or busy")
        if not 0 < len(content) <= self.vendor.TEXT_MAX:
            raise ValueError("ssl: 1 to %d bytes" % self.vendor.TEXT_MAX)
        for c in content:
            if c == 26 or c == 27:
                raise ValueError("ssl: Ctrl-Z and escape have a meaning here: use send")
        self.socket = socket
        self.content = content
        self.tls = socket.tls
        return self._start(_TEXT)

    def error(self):
        code = self.why
        if code < 0:
            return None
        if code == _BUSY:
            return LinkDown("the module cannot send now: try again later")
        if self.result:
            engine = self.core.engine
            text = closed_text(code) if code < _UNOPENED else ""  # (it cannot be said: UNABLE)
            return ATError(self.core.failed.decode(), engine.failed_cme, text)
        return LinkDown(closed_text(code))

    # ---- how it is done -------------------------------------------------------------------------

    def _named(self, name, index):
        self._free()
        name = name.encode() if isinstance(name, str) else name
        at = self.vendor.kind(name)
        if at < 0:
            raise ValueError("ssl: no such type")
        if not 0 <= index <= 5:
            raise ValueError("ssl: contexts are 0 to 5")
        self.kind = name
        self.index = index if self.vendor.TYPES[at] == 49 else -1
        exact.clear(self.value)
        return at

    def _quoted(self, one, how):
        """Append a name of a file, or a cipher suite, to what is set."""
        one = one.encode() if isinstance(one, str) else one
        text = self.value
        if how == 115:
            good = one.startswith(b"RAM:") or one.startswith(b"NVRAM:")
        else:
            good = len(one) == 6 and one.startswith(b"0X")
        for c in one:
            good = good and 32 < c < 127 and c != 34 and c != 92
        if not good or len(text) + len(one) > 140:
            raise ValueError("ssl: value")
        text.extend(b',"' if text else b'"')
        text.extend(one)
        text.append(34)

    def _start(self, letter):
        self.why = _RUNNING
        self._event.clear()
        self.result = 0
        self.wanted = letter
        self.wants()
        return self

    def over(self):
        self.wanted = 0
        self.state = 0
        self.tls = False

    def begin(self):
        return self.wanted

    def serve(self, now):
        if self.wanted == _TEXT and self.socket.state != _OPEN:
            self.finish(_PEER)
            return
        if self.wanted == _CONNECT:
            if self.socket.state != _OPENING:
                self.finish(_PEER)
                return
            self.socket.number(self.core.vendor.NUMBERS)
            self.socket.opened_at = now
            log.warn("modem", "TLS is set in the application's own words", self.socket.cid)
        Service.serve(self, now)
        if self.wanted == _TEXT:
            self.core.doing = _DOING_SEND  # (cut off, it leaves a module that waits for the rest)

    def payload(self, engine):
        """The text, and what ends it."""
        content = self.content
        if engine.out is _CTRL_Z or content is None:
            return False
        engine.out = _CTRL_Z if engine.out is content else content
        engine.out_pos = 0
        engine.out_end = len(engine.out)
        return True

    def ended(self, letter, result, now):
        self.result = result
        if letter != _TEXT:
            reason = self.reason(result) if result else _WHOLE
            if letter == _CONNECT and result:
                self.socket.failed(reason, now)
            self.finish(reason)
            return
        s = self.socket
        n = len(self.content or b"")
        if not result:
            s.sent += n
            s.sent_last = n
            s.sent_at = now
            s.arm(now)
            self.finish(_WHOLE)
        elif result == _AGAIN:
            self.finish(_BUSY)
        else:
            # part of it may be queued: the stream cannot be continued
            core = self.core
            s.is_closed(_DAMAGE, now)
            if result == _TIMEOUT:
                core.unsent()
            self.finish(_DAMAGE)

    def failed(self, reason, now):
        if self.wanted == _CONNECT:
            self.socket.is_closed(reason, now)
        self.finish(reason)

    def sweep(self, now):
        return False

    def poll(self, now):
        return FOREVER
