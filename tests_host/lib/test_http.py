"""The HTTP client over a transport: requests, answers of all forms, limits, errors, the heap."""

from http_bench import Bench, Clock, Sink

from uplink import exact, log
from uplink.errors import LinkDown, TimeoutError_, TLSError
from uplink.http import HTTP, HTTPError
from uplink.loop import Loop

try:
    import micropython
except ImportError:
    micropython = None

WHOLE = -1
RUNNING = -2
PROTOCOL = 9


def quiet(level, room, text, a=None, b=None):
    pass


def refused(call, *args, **more):
    try:
        call(*args, **more)
    except ValueError:
        return True
    return False


def test_get():
    b = Bench()
    into = bytearray()
    b.http.get("host", "/path?x=1", store=into)
    assert b.connect() == (
        b"GET /path?x=1 HTTP/1.1\r\nHost: host\r\nAccept-Encoding: identity\r\n\r\n"
    )
    assert b.wire.target == (b"host", 443, True)
    b.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    assert b.http.why == RUNNING and b.http.status == 200 and b.http.announced == 5
    b.say(b"llo")
    assert b.http.why == WHOLE and bytes(into) == b"hello" and b.http.count == 5
    assert not b.wire.state and b.http.error() is None and b.wire.proofs == 1


def test_post_and_header():
    b = Bench()
    b.http.post(
        b"host", b"/p", b"a=1", mime=b"text/plain", port=8080, tls=False, header=b"X-A: b c"
    )
    assert b.connect() == (
        b"POST /p HTTP/1.1\r\nHost: host:8080\r\n"
        b"Accept-Encoding: identity\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n"
        b"X-A: b c\r\n\r\na=1"
    )
    assert b.wire.target == (b"host", 8080, False)
    b.say(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    assert b.http.why == WHOLE and b.http.status == 201
    b.http.post(b"host", b"/p", b"", mime=b"")
    assert b.connect().endswith(b"Content-Length: 0\r\n\r\n")


def test_ways_in_which_an_answer_ends():
    for answer, ends, body in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", False, b"hi"),
        (b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH:2 \r\nContent-Length: 2\r\n\r\nhi", False, b"hi"),
        (b"HTTP/1.0 200\r\n\r\nto the end", True, b"to the end"),
        (b"HTTP/1.1 200 OK\n\nto the end", True, b"to the end"),
        (b"HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n", False, b""),
        (b"HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", False, b""),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", False, b"no"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n\r\n"
            b"5\r\nhello\r\n00c ;x=y\r\n world\r\nOK\r\n\r\n0\r\nX: y\r\n\r\n",
            False,
            b"hello world\r\nOK\r\n",
        ),
        (
            b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Hints\r\nLocation: /x\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
            False,
            b"1",
        ),
    ):
        for piece in (0, 1, 2, 3, 7):
            b = Bench()
            assert b.answer(answer, ends, piece) == body, (answer, piece)
            assert b.http.why == WHOLE and not b.wire.state and not b.http.location


def test_what_is_no_answer():
    for answer in (
        b"SSH-2.0\r\n\r\n",
        b"\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n",
        b"HTTP/1.1 600 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 101 Switch\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n",
        b"HTTP/1.1 200 OK\r\nX: y\r\n folded: z\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:" + b" " * 300 + b"2\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
        b"HTTP/1.1 200 OK\r\nX: \x00\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 0123456789abcdef0123456789abcdef\r\n" * 300,
        b"x" * 10_000,
    ):
        for piece in (0, 1):
            b = Bench()
            b.answer(answer, False, piece)
            assert b.http.why == PROTOCOL, answer
            assert not b.wire.state and isinstance(b.http.error(), HTTPError)


def test_an_answer_that_is_cut_short_is_none():
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    for n in range(len(whole)):
        b = Bench()
        b.answer(whole[:n], True)
        assert b.http.why == 1 and isinstance(b.http.error(), LinkDown), n
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    for n in range(len(chunked)):
        b = Bench()
        b.answer(chunked[:n], True)
        assert b.http.why == 1, n
    b = Bench()
    b.http.get(b"host", b"/")
    b.connect()
    b.say(b"HTTP/1.0 200 OK\r\n\r\nsome")
    b.lose(2)
    assert b.http.why == 2, "the link was lost: nobody knows whether that was all"


def test_redirects_are_told_and_not_followed():
    b = Bench()
    b.answer(b"HTTP/1.1 302 Found\r\nLocation:  https://x/y \r\nContent-Length: 0\r\n\r\n")
    assert b.http.why == WHOLE and b.http.status == 302
    assert bytes(b.http.location) == b"https://x/y" and b.poll() and b.wire.opens == 1
    b.answer(b"HTTP/1.1 302 Found\r\nLocation: /" + b"x" * 300 + b"\r\nContent-Length: 0\r\n\r\n")
    assert b.http.why == WHOLE and not b.http.location, "half of an address is none"


def test_a_body_that_is_too_long_ends_it():
    b = Bench()
    body = b.answer(b"HTTP/1.1 200 OK\r\n\r\n0123456789x", piece=1, most=10)
    assert body == b"0123456789" and isinstance(b.http.error(), HTTPError)
    assert b.http.why == 16 and not b.wire.state
    assert b.answer(b"HTTP/1.1 200 OK\r\n\r\n0123456789", True, 3, most=10) == b"0123456789"
    assert b.http.why == WHOLE


def test_sink():
    b = Bench()
    sink = Sink()
    b.http.get(b"host", b"/", sink=sink)
    b.connect()
    body = bytes(i & 255 for i in range(1000))
    b.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body)
    assert sink.said == [(200, 1000), True] and sink.got == body
    sink = Sink()
    b.http.get(b"host", b"/", sink=sink)
    b.connect()
    b.say(b"HTTP/1.1 200 OK\r\n\r\nx")
    b.lose(8)
    assert sink.said == [(200, -1), False] and b.http.why == 8
    sink = Sink()
    b.http.get(b"host", b"/", sink=sink)
    b.connect()
    b.lose(4)
    assert sink.said == []


class Failing(Sink):
    def __init__(self, where):
        super().__init__()
        self.where = where

    def begin(self, status, length):
        if self.where == 0:
            raise RuntimeError("begin")

    def write(self, piece):
        if self.where == 1:
            raise RuntimeError("write")

    def end(self, whole):
        if self.where == 2:
            raise RuntimeError("end")


def test_a_sink_that_fails_ends_the_request_and_nothing_else():
    sink = log.sink
    log.sink = quiet
    try:
        for where in range(3):
            b = Bench()
            b.http.get(b"host", b"/", sink=Failing(where))
            b.connect()
            b.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1)
            assert b.http.why == 18 and not b.wire.state, where
            assert b.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") == b"hi"
    finally:
        log.sink = sink


class Again(Sink):
    def __init__(self, http):
        super().__init__()
        self.http = http

    def end(self, whole):
        self.http.get(b"other", b"/2")


def test_the_end_of_one_may_ask_for_the_next():
    b = Bench()
    b.http.get(b"host", b"/", sink=Again(b.http))
    b.connect()
    b.say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert b.http.why == RUNNING
    assert b.connect().startswith(b"GET /2 ")


def test_limits():
    b = Bench()
    b.http.get(b"host", b"/")
    assert b.poll() == 60_000 and b.wire.state == 1
    b.poll(59_999)
    assert b.http.why == RUNNING
    b.poll(1)
    assert b.http.why == 3 and not b.wire.state and isinstance(b.http.error(), TimeoutError_)
    # a server that says one byte each 50 s has ten minutes
    b.http.get(b"host", b"/")
    b.connect()
    b.say(b"HTTP/1.1 200 OK\r\n\r\n")
    for i in range(12):
        assert b.http.why == RUNNING, i
        b.poll(50_000)
        b.say(b"x")
    assert b.http.why == 3 and b.http.count == 11
    # a transport that takes nothing
    b.wire.deaf = True
    b.http.get(b"host", b"/")
    assert b.connect() == b"" and b.poll() == 100
    b.wire.deaf = False
    b.poll(100)
    assert b.wire.out.startswith(b"GET / ")
    # one that does not close
    b.http.cancel()
    b.wire.state = 3
    b.http.get(b"host", b"/")
    b.poll()
    b.poll(60_000)
    assert b.http.why == 3


def test_reasons():
    for reason, kind in ((2, LinkDown), (4, LinkDown), (6, TLSError), (7, TLSError)):
        b = Bench()
        b.http.get(b"host", b"/")
        b.poll()
        b.lose(reason)
        assert b.http.why == reason and isinstance(b.http.error(), kind), reason
    b = Bench()
    b.http.get(b"host", b"/")
    b.http.cancel()
    assert b.http.why == 0 and b.poll() > 60_000 and not b.wire.opens


def test_what_cannot_be_asked_for():
    b = Bench()
    for host, path in (
        (b"", b"/"),
        (b"ho st", b"/"),
        (b'ho"st', b"/"),
        (b"host\r\nX: y", b"/"),
        (b"host", b""),
        (b"host", b"x"),
        (b"host", b"/a b"),
        (b"host", b"/\r\n"),
        (b"host", b"/\\"),
        ("h\u00f6st", "/"),
    ):
        assert refused(b.http.get, host, path), (host, path)
    assert refused(b.http.get, b"host", b"/", port=0)
    assert refused(b.http.get, b"host", b"/", port=65536)
    assert refused(b.http.get, b"host", b"/", header=b"X: y\r\nZ: 1")
    assert refused(b.http.get, b"host", b"/", header=b"no colon")
    assert refused(b.http.post, b"host", b"/", b"", mime=b"a\r\nb")
    b.http.get(b"host", b"/")
    assert refused(b.http.get, b"host", b"/"), "one at a time"


def test_awaited():
    b = Bench()
    loop = Loop(Clock())
    http = HTTP(loop, b.wire)
    found = []

    async def ask():
        found.append(await http.get(b"host", b"/"))
        found.append(await http.get(b"host", b"/"))

    async def serve():
        while b.wire.state != 1:
            await loop.sleep_ms(1)
        b.wire.state = 2
        http.opened(loop.now())
        b.say(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    task = loop.spawn(ask())
    loop.spawn(serve())
    loop.run(task)
    assert found == [True, False] and http.why == 3


class Server:
    """A transport whose server answers in place: nothing here takes heap."""

    def __init__(self, answer):
        self.state = 0
        self.listener = None
        self.answer = bytearray(answer)
        self.sends = 0

    def open(self, host, port, tls):
        self.state = 1

    def send(self, buf, off, n):
        self.sends += 1
        return True

    def close(self):
        self.state = 0
        self.listener.closed(0, 0)

    def proved(self):
        pass


class Still:
    def begin(self, status, length):
        pass

    def write(self, piece):
        pass

    def end(self, whole):
        pass


def _exchange(http, server, into, sink, content):
    if content is None:
        http.get(b"host", b"/", store=into, sink=sink, most=600)
    else:
        http.post(b"host", b"/", content, store=into, sink=sink, most=600)
    http.poll(5)
    server.state = 2
    http.opened(6)
    http.sent(7)
    if content is not None:
        http.sent(8)
    for i in range(len(server.answer)):
        http.received(server.answer, i, 1, 9)
        if not server.state:
            break


def test_no_heap_after_start():
    head = b"HTTP/1.1 302 OK\r\nLocation: /elsewhere\r\n"
    sink = Still()
    into = exact.buffer(600)
    content = b"a" * 300
    for rest in (
        b"Content-Length: 600\r\n\r\n" + b"x" * 600,
        b"Transfer-Encoding: chunked\r\n\r\n12c\r\n" + b"x" * 300 + b"\r\n0\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
    ):
        server = Server(head + rest)
        loop = Loop(Clock())
        http = HTTP(loop, server)
        loop.step()
        _exchange(http, server, into, sink, None)
        if micropython is not None:
            micropython.heap_lock()
        try:
            _exchange(http, server, into, sink, None)
            _exchange(http, server, into, None, content)
        finally:
            if micropython is not None:
                micropython.heap_unlock()
        assert http.why == (PROTOCOL if rest.startswith(b"Content-Length: x") else WHOLE)
        assert server.sends == 4
