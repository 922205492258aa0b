"""What applications see of HTTP, whoever does it: our client, or the module's own.

`Request` checks what is asked, remembers what was answered, and hands the body to a sink or puts
it into the caller's bytearray. Those who do the work derive from it; they call `started`,
`head_is_there`, `take`, `finish`.
"""

from uplink import exact, log
from uplink.errors import LinkDown, TimeoutError_, TLSError, UplinkError, closed_text
from uplink.loop import Event

from .parser import const

# Request.why; those of errors.CLOSED_ are the others.
RUNNING = -2
WHOLE = -1  # the whole answer is there, whatever its status
TOO_LARGE = 16
HELD = 17
SINK = 18
UNABLE = 19
REDIRECT = 20
UNSAID = 21

_RUNNING = const(-2)
_WHOLE = const(-1)
_TIMEOUT = const(3)
_TLS = const(6)
_CERTIFICATE = const(7)
_DAMAGED = const(8)
_PROTOCOL = const(9)
_UNOPENED = const(10)
_TOO_LARGE = const(16)
_SINK = const(18)

_PIECE = const(256)

_TEXTS = (
    "the body is longer than `most`: raise it, or take it with a sink",
    "no TLS connection of the module is left, another user holds it: close that first",
    "the sink failed",
    "the module cannot do that: use a socket of it",
    "the server redirects, and the module does not tell where to",
    "no connection, the module does not tell why: check host, port, tls.ca, the clock",
)


class HTTPError(UplinkError):
    """The exchange failed for a reason of HTTP's: `code` is that of the request."""

    def __init__(self, code, text):
        super().__init__("HTTP: %s" % text)
        self.code = code


def text_of(value, first):
    """`value` as bytes; ValueError where it cannot stand in a request or a command line."""
    if isinstance(value, str):
        value = value.encode()
    for c in value:
        if c < first or c == 34 or c == 92 or c > 126:
            raise ValueError("http: character not allowed")
    return value


class Request:
    """One exchange at a time. `await http.get(…)` gives True when the whole answer is there.

    status      of the answer (200 …); 0 where there is none
    announced   bytes of the body, by the server's own word; -1: it did not say
    count       bytes of the body that have come
    location    where a redirect leads: reported, never followed
    why         RUNNING, WHOLE, or why it failed: a CLOSED_ code of `errors`, TOO_LARGE, …
    """

    def __init__(self, loop):
        self.host = b""
        self.port = 443
        self.tls = True
        self.path = b""
        self.header = b""
        self.mime = b""
        self.content = None  # what is posted
        self.store = None
        self.most = 0
        self.sink = None
        self.begun = False  # the sink was told
        self.why = _WHOLE
        self.status = 0
        self.announced = -1
        self.count = 0
        self.location = b""
        self.pause_ms = 60_000  # limit for each answer and each pause in one
        self.total_ms = 600_000  # limit for the whole exchange
        self._event = Event(loop)
        self._piece = exact.buffer(_PIECE)
        self._copy = exact.Copier(_PIECE)

    # ---- for applications -----------------------------------------------------------------------

    def get(self, host, path, store=None, sink=None, most=1024, port=443, tls=True, header=b""):
        """GET. The body goes into the bytearray `store`, `most` bytes of it at most (no heap where
        it has that room: `exact.buffer`), or to `sink.begin(status, length)`, `write(piece)`,
        `end(whole)`; with neither it is only counted. `header`: one more line, `Name: value`.
        ValueError: a request is running, or something cannot be said.
        """
        return self._ask(host, path, None, b"", store, sink, most, port, tls, header)

    def post(
        self,
        host,
        path,
        content,
        mime=b"application/octet-stream",
        store=None,
        sink=None,
        most=1024,
        port=443,
        tls=True,
        header=b"",
    ):
        """POST `content`, which is `mime`; a bytearray is to be left alone until the end."""
        if isinstance(content, str):
            content = content.encode()
        return self._ask(host, path, content, mime, store, sink, most, port, tls, header)

    def __iter__(self):
        while self.why == _RUNNING:
            yield from self._event.wait()
        return self.why == _WHOLE

    __await__ = __iter__

    def error(self):
        """Why there is no answer, as an exception to look at or raise; None (allocates)."""
        code = self.why
        if code < 0:
            return None
        text = closed_text(code)
        if code == _TLS or code == _CERTIFICATE or code == _UNOPENED:
            return TLSError(text)
        if code == _TIMEOUT:
            return TimeoutError_("HTTP: no answer in time")
        if code >= _TOO_LARGE:
            return HTTPError(code, _TEXTS[code - _TOO_LARGE])
        if code == _PROTOCOL or code == _DAMAGED:
            return HTTPError(code, text)
        return LinkDown(text)

    # ---- for those who do it --------------------------------------------------------------------

    def _free(self):
        if self.why == _RUNNING:
            raise ValueError("http: a request is running")

    def _ask(self, host, path, content, mime, store, sink, most, port, tls, header):
        self._free()
        host = text_of(host, 33)
        path = text_of(path, 33)
        header = text_of(header, 32)
        mime = text_of(mime, 32)
        if not host or not path or path[0] != 47 or not 0 < port < 65536:
            raise ValueError("http: bad host, path or port")
        if header and header.find(b":") < 1:
            raise ValueError("http: a header line is `Name: value`")
        self.host = host
        self.path = path
        self.header = header
        self.mime = mime
        self.content = content
        self.store = store
        self.sink = sink
        self.most = most
        self.port = port
        self.tls = tls
        self.status = 0
        self.announced = -1
        self.count = 0
        self.begun = False
        self.location = b""
        if store is not None:
            exact.clear(store)
        self.why = _RUNNING
        self._event.clear()
        self.started()  # type: ignore[attr-defined]
        return self

    def head_is_there(self, status, length):
        """The answer's status and announced length (-1: none)."""
        self.status = status
        self.announced = length
        if self.sink is not None:
            self.begun = True
            try:
                self.sink.begin(status, length)
            except Exception as error:
                log.error("http", "sink", error)
                self.sink = None
                self.finish(_SINK)

    def take(self, buf, off, n):
        """A piece of the body; False where no more is wanted: the request has been finished."""
        if self.why != _RUNNING:
            return False
        store = self.store
        sink = self.sink
        self.count += n
        if store is None and sink is None:
            return True
        if store is not None and self.count > self.most:
            self.finish(_TOO_LARGE)
            return False
        piece = self._piece
        while n > 0:
            k = n if n < _PIECE else _PIECE
            self._copy.set(piece, buf, off, k)
            if store is not None:
                store.extend(piece)
            if sink is not None:
                try:
                    sink.write(piece)
                except Exception as error:
                    log.error("http", "sink", error)
                    self.finish(_SINK)
                    return False
                if self.why != _RUNNING:
                    return False
            off += k
            n -= k
        return True

    def finish(self, code):
        """The exchange is over: WHOLE, or why not."""
        if self.why != _RUNNING:
            return
        self.why = code
        self.content = None
        self.store = None
        sink = self.sink
        self.sink = None
        self.over()  # type: ignore[attr-defined]
        self._event.set()
        # last: it may ask for something else
        if sink is not None and self.begun:
            try:
                sink.end(code == _WHOLE)
            except Exception as error:
                log.error("http", "sink", error)
                if self.why == _WHOLE:
                    self.why = _SINK
