"""A TCP or TLS connection as the transport that `uplink.mqtt` uses (`lib/uplink/README.md`).

Non-blocking (but for the look-up of the host name): the owner waits for `fileno()` to be readable,
and for writable while `wants_write`, and calls `step(now)`.
"""

import errno
import select
import socket
import ssl

from uplink.errors import (
    CLOSED_CERTIFICATE,
    CLOSED_DNS,
    CLOSED_LINK,
    CLOSED_LOCAL,
    CLOSED_PEER,
    CLOSED_REFUSED,
    CLOSED_TIMEOUT,
    CLOSED_TLS,
)
from uplink.port.ticks import ticks_add, ticks_diff

CLOSED, OPENING, OPEN, CLOSING = range(4)

_CHUNK = 65536
_READS = 16  # in one step: others want their turn


def tls_context(cafile=None, cert=None, key=None, insecure=False):
    """What to trust and what to show. `insecure`: the host name is not checked, the CA is."""
    context = ssl.create_default_context(cafile=cafile)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if insecure:
        context.check_hostname = False
    if cert:
        context.load_cert_chain(cert, key or None)
    return context


class Transport:
    """`context`: for TLS; `limit_ms`: longest time that an opening takes."""

    def __init__(self, context=None, limit_ms=30_000):
        self.state = CLOSED
        self.listener = None
        self.detail = ""  # what the system says about the last failure
        self.reason = CLOSED_LOCAL
        self.proofs = self.doubts = 0
        self._context = context
        self._limit_ms = limit_ms
        self._sock = None
        self._addresses = []
        self._host = b""
        self._tls = False
        self._shaking = False
        self._out = None
        self._want_write = False
        self._deadline = None
        self._failed = None  # a reason, told in the next step

    # What the client calls.

    def open(self, host, port, tls):
        if self.state != CLOSED:
            raise ValueError("transport: open() while not closed")
        self.state = OPENING
        self.detail = ""
        self._host = host
        self._tls = tls
        self._deadline = None
        self._failed = None
        try:
            self._addresses = socket.getaddrinfo(host.decode(), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self._fail(CLOSED_DNS, error)
            return
        self._next_address()

    def send(self, buf, off, n):
        if self.state != OPEN or self._out is not None or n <= 0:
            return False
        self._out = memoryview(bytes(buf[off : off + n]))  # `buf` may grow meanwhile
        return True

    def close(self):
        if self.state != CLOSED:
            self.state = CLOSING

    def proved(self):
        self.proofs += 1

    def doubt(self):
        self.doubts += 1

    # What the owner of the loop calls.

    def fileno(self):
        """The socket to wait for, or -1."""
        return self._sock.fileno() if self._sock is not None else -1

    @property
    def wants_write(self):
        return (
            self._want_write
            or self._out is not None
            or (self.state == OPENING and not self._shaking)
        )

    @property
    def urgent(self):
        """`step` has something to do without waiting for the socket."""
        return self.state == CLOSING or self._failed is not None or self._buffered()

    def due(self, now):
        """ms until `step` must be called in any case."""
        if self.urgent:
            return 0
        if self.state != OPENING:
            return 1 << 28
        if self._deadline is None:
            self._deadline = ticks_add(now, self._limit_ms)
        return max(ticks_diff(self._deadline, now), 0)

    def step(self, now):
        """Do what the socket allows."""
        if self.state == OPENING and self._failed is None:
            self._opening(now)
        if self.state == OPEN:
            self._write(now)
        if self.state == OPEN:
            self._read(now)
        if self.state == OPEN:
            self._write(now)
        if self.state == CLOSING:
            self._over(CLOSED_LOCAL, now)
        elif self._failed is not None:
            self._over(self._failed, now)

    # Inside.

    def _buffered(self):
        return (
            self.state == OPEN
            and isinstance(self._sock, ssl.SSLSocket)
            and self._sock.pending() > 0
        )

    def _fail(self, reason, error):
        self.detail = str(
            error.strerror if isinstance(error, OSError) and error.strerror else error
        )
        if isinstance(error, ssl.SSLCertVerificationError):
            self.detail = error.verify_message
        elif isinstance(error, ssl.SSLError):
            self.detail = error.reason or str(error)
        self._failed = reason

    def _next_address(self):
        """Try the next address of the host."""
        self._drop()
        family, kind, protocol, _, address = self._addresses.pop(0)
        try:
            self._sock = socket.socket(family, kind, protocol)
            self._sock.setblocking(False)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self._sock.connect_ex(address)
            if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
                raise OSError(code, errno.errorcode.get(code, "error"))
        except OSError as error:
            self._refused(error)

    def _refused(self, error):
        if self._addresses:
            self._next_address()
        elif isinstance(error, ConnectionRefusedError) or error.errno == errno.ECONNREFUSED:
            self._fail(CLOSED_REFUSED, error)
        else:
            self._fail(CLOSED_LINK, error)

    def _opening(self, now):
        if self.due(now) == 0:
            self._fail(CLOSED_TIMEOUT, OSError(errno.ETIMEDOUT, "no answer within the limit"))
            return
        if not self._shaking:
            # writable says that the attempt is over, SO_ERROR how it ended
            if not select.select([], [self._sock], [], 0)[1]:
                return
            code = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                self._refused(OSError(code, errno.errorcode.get(code, "error")))
                return
            if not self._tls:
                self._opened(now)
                return
            self._shaking = True
            context = self._context or tls_context()
            try:
                self._sock = context.wrap_socket(
                    self._sock,
                    server_hostname=self._host.decode(),
                    do_handshake_on_connect=False,
                )
            except (OSError, ValueError) as error:
                self._fail(CLOSED_TLS, error)
                return
        self._want_write = False
        try:
            self._sock.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            self._want_write = True
        except ssl.SSLCertVerificationError as error:
            self._fail(CLOSED_CERTIFICATE, error)
        except OSError as error:
            self._fail(CLOSED_TLS, error)
        else:
            self._opened(now)

    def _opened(self, now):
        self.state = OPEN
        self._want_write = False
        self.listener.opened(now)

    def _write(self, now):
        while self._out is not None and self.state == OPEN:
            self._want_write = False
            try:
                n = self._sock.send(self._out)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except ssl.SSLWantWriteError:
                self._want_write = True
                return
            except OSError:
                return  # what the server said before it closed is still to be read
            self._out = self._out[n:]
            if not self._out:
                self._out = None
                self.listener.sent(now)

    def _read(self, now):
        for _ in range(_READS):
            try:
                data = self._sock.recv(_CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except ssl.SSLError as error:
                self._fail(CLOSED_TLS, error)
                return
            except OSError as error:
                self._fail(CLOSED_PEER, error)
                return
            if not data:
                self._fail(CLOSED_PEER, OSError(0, "closed by the server"))
                return
            self.listener.received(data, 0, len(data), now)
            if self.state != OPEN:
                return

    def _drop(self):
        if self._sock is not None:
            self._sock.close()
        self._sock = None
        self._out = None
        self._shaking = self._want_write = False

    def _over(self, reason, now):
        self._drop()
        self._failed = None
        self.state = CLOSED
        self.reason = reason
        self.listener.closed(reason, now)
