"""The HTTP client on any split of an answer, and on any bytes at all."""

import sys

from hypothesis import given, settings, strategies as st

from tests_host.conftest import ROOT

sys.path.insert(0, str(ROOT / "tests_host" / "lib"))
from http_bench import Bench, Sink

from uplink.http.parser import Parser

HEADS = (
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404 No\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 204 None\r\n",
)
LINES = (
    b"Content-Type: text/plain\r\n",
    b"X:\r\n",
    b"Location: /x\r\n",
    b"X: " + b"y" * 400 + b"\n",
)


@st.composite
def answers(draw):
    """(bytes, body): an answer as servers give them."""
    head = draw(st.sampled_from(HEADS)) + b"".join(draw(st.lists(st.sampled_from(LINES))))
    body = draw(st.binary(max_size=600))
    if b" 204 " in head:
        return head + b"\r\n", b""
    form = draw(st.sampled_from(("length", "chunks", "end")))
    if form == "chunks" and b"1.0" not in head:
        cuts = sorted(draw(st.lists(st.integers(0, len(body)))))
        pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        text = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces if p)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + text + b"0\r\n\r\n", body
    if form == "length":
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body, body
    return head + b"\r\n" + body, body


def play(pieces):
    """What the application sees of an answer in these pieces, and of its end."""
    b = Bench()
    sink = Sink()
    b.http.get(b"host", b"/", sink=sink)
    b.connect()
    for piece in pieces:
        b.say(piece)
    if b.wire.state:
        b.lose()
    http = b.http
    return (
        http.why,
        http.status,
        http.announced,
        http.count,
        bytes(http.location),
        sink.got,
        sink.said,
    )


def split(data, cuts):
    cuts = sorted(min(cut, len(data)) for cut in cuts)
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


CUTS = st.lists(st.integers(0, 2000), max_size=30)


@given(answers(), CUTS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_split_gives_the_same(answer, cuts):
    data, body = answer
    whole = play([data])
    assert whole[0] == -1 and whole[5] == body
    assert play(split(data, cuts)) == whole
    assert play([data[i : i + 1] for i in range(len(data))]) == whole


@given(answers(), st.data(), CUTS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_damaged_answers_end_the_same_way_however_they_come(answer, data, cuts):
    text = bytearray(answer[0])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not text:
            text = bytearray(b"x")
    text = bytes(text)
    whole = play([text])
    assert play(split(text, cuts)) == whole
    assert whole[0] in (-1, 1, 9)


class Nobody:
    def head(self):
        pass

    def body(self, buf, off, n):
        return True


@given(
    st.sampled_from(
        (
            b"",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 100 C\r\n\r\n",
        )
    ),
    st.lists(st.binary(min_size=1, max_size=300), max_size=40),
    st.integers(1, 50),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_grows(begin, pieces, times):
    parser = Parser(Nobody())
    verdict = parser.feed(begin, 0, len(begin)) if begin else 0
    for piece in pieces * times:
        if verdict:
            break
        verdict = parser.feed(piece, 0, len(piece))
        assert len(parser.line) <= 256 and len(parser.location) <= 256
        assert parser.spent <= 8192 + 300
