"""The receive buffer: lines and payload in place, whatever the pieces and the noise."""

from uplink.ring import Cursor, Ring

try:
    import micropython
except ImportError:
    micropython = None


class places:
    """Of `uplink.ring.ring`."""

    READ, WRITE, SCAN, FEED, START, END = 0, 1, 2, 3, 4, 5
    JUNK, DISCARDED = 8, 9
    NOTHING, WANTED, OK, LINE = 0, 3, 4, 5


def lines_of(ring, lines):
    """Take every whole line."""
    what = ring.scan(b"", ())
    while what >= places.OK:
        at = ring.at
        ok = what == places.OK
        lines.append(b"OK" if ok else bytes(ring.buf[at[places.START] : at[places.END]]))
        what = ring.scan(b"", ())


def available(ring):
    return ring.at[places.WRITE] - ring.at[places.READ]


def feed(ring, data, piece=64):
    """Put `data` in pieces, collect the lines that come out."""
    lines = []
    for i in range(0, len(data), piece):
        chunk = data[i : i + piece]
        ring.stage[: len(chunk)] = chunk
        ring.put(len(chunk))
        lines_of(ring, lines)
    return lines


ANSWER = b"AT+CSQ\r\r\n+CSQ: 25,99\r\n\r\nOK\r\n"
LINES = [b"+CSQ: 25,99", b"OK"]  # the echo is passed over


def test_lines_come_out_alike_for_any_pieces():
    for piece in (1, 2, 3, 7, 64):
        assert feed(Ring(), ANSWER * 3, piece) == LINES * 3


def test_bare_line_ends_and_junk():
    ring = Ring()
    data = b"\x00\xff\x00RDY\r\nA\rB\nC\r\r\r\nD\n\n\rE\r\n"
    assert feed(ring, data, 5) == [b"RDY", b"A", b"B", b"C", b"D", b"E"]
    assert ring.at[places.JUNK] == 3


def test_line_waits_for_its_line_feed():
    ring = Ring()
    assert feed(ring, b"OK\r") == []
    assert feed(ring, b"\n") == [b"OK"]


def test_overlong_line_is_dropped_and_counted():
    for piece in (1, 7, 64):
        ring = Ring(256, 64)
        lines = feed(ring, b"x" * 1000 + b"\r\nOK\r\n", piece)
        assert lines == [b"OK"], lines
        assert ring.overlong >= 1
        assert ring.at[places.DISCARDED] == 1000, ring.at


def test_endless_noise_never_grows():
    ring = Ring(256, 64)
    capacity = len(ring.buf)
    for _ in range(3000):
        ring.stage[:] = b"\x80z" * 32
        ring.put(64)
        lines_of(ring, [])
        assert len(ring.buf) == capacity and available(ring) <= capacity
    assert feed(ring, b"\r\nOK\r\n") == [b"OK"]


def test_payload_is_taken_by_count():
    ring = Ring(512, 64)
    assert feed(ring, b"head\r\n") == [b"head"]
    payload = b"\r\nOK\r\n>\x00ERROR\r\n" * 20
    taken = b""
    data = payload + b"\r\nOK\r\n"
    left = len(payload)
    lines = []
    for i in range(0, len(data), 13):
        chunk = data[i : i + 13]
        ring.stage[: len(chunk)] = chunk
        ring.put(len(chunk))
        n = min(left, available(ring))
        read = ring.at[places.READ]
        taken += bytes(ring.buf[read : read + n])
        ring.at[places.READ] = read + n
        left -= n
        if not left:
            lines_of(ring, lines)
    assert taken == payload
    assert lines == [b"OK"]


def test_search_is_linear_in_the_bytes():
    """Each byte is searched once: with one-byte pieces `scan` only moves forward."""
    ring = Ring(2048, 64)
    last = 0
    for _ in range(1500):
        ring.stage[0] = 120
        ring.put(1)
        assert ring.scan(b"", ()) == places.NOTHING
        scan = ring.at[places.SCAN]
        assert scan == ring.at[places.WRITE] and scan > last
        last = scan


def test_many_bare_returns_do_not_search_again():
    ring = Ring(2048, 64)
    assert feed(ring, b"a\r" * 500 + b"b\n") == [b"a"] * 500 + [b"b"]


def cursor(text):
    c = Cursor()
    c.over(text, 0, len(text))
    return c


def word(c):
    c.text()
    return bytes(c.buf[c.first : c.last])


def test_cursor_reads_numbers_strings_and_gaps():
    c = cursor(b'0,"AT&T, FloLive", 7,,-3,+12,x1,"",5')
    assert c.int() == 0
    assert word(c) == b"AT&T, FloLive"
    assert c.int() == 7
    assert c.int(-9) == -9
    assert c.int() == -3
    assert c.int() == 12
    assert c.int(-7) == -7
    assert not c.text()
    assert c.more()
    assert c.int() == 5
    assert not c.more()
    assert c.int(4) == 4


def test_cursor_reads_unbalanced_quotes():
    c = cursor(b'24/06/13,22:40:35","-16",1')
    assert word(c) == b"24/06/13"
    assert word(c) == b"22:40:35"
    assert c.int() == -16
    assert c.int() == 1
    c = cursor(b'"open,1')
    assert word(c) == b"open"
    assert c.int() == 1
    assert cursor(b'"').int(3) == 3


def test_cursor_equals_copy_rest_digits():
    c = cursor(b'"1A2B",READY,abc def  ')
    assert c.int(-2) == -2
    assert c.text() and c.equals(b"READY") and not c.equals(b"READ") and not c.equals(b"READY1")
    assert c.rest() and c.equals(b"abc def")
    out = bytearray(8)
    c.copy(out, 4)
    assert out == b"abc "
    d = cursor(b"26/11/21")
    assert d.digits(2) == 26 and d.digits(2) == 11 and d.digits(2) == 21
    assert d.digits(2) == -1


def test_numbers_do_not_overflow_small_ints():
    assert cursor(b"99999999999999999999").int(-5) == -5


def test_no_heap_for_lines_and_numbers():
    if micropython is None:
        return
    ring = Ring(256, 64)
    c = Cursor()
    out = bytearray(16)
    line = ANSWER
    total = 0
    micropython.heap_lock()
    try:
        for _ in range(500):
            k = 0
            for b in line:
                ring.stage[k] = b
                k += 1
            ring.put(k)
            while ring.scan(b"+CSQ: ", ()) >= places.WANTED:
                c = ring.cursor
                if c.more():
                    total += c.int()
                    c.text()
                    c.copy(out)
    finally:
        micropython.heap_unlock()
    assert total == 25 * 500
    assert out == b"99"
