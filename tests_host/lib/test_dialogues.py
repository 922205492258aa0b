"""What Quectel's and Telit's tables say and understand, byte by byte, as their documents have it.

`Talk` is the modem's core, online, with the test in the place of the module: `says` hands it
bytes in pieces of 1, 7 or all, `hears` gives what it says next.
"""

from test_heap import CFG

from uplink import log
from uplink.modem.core import Core
from uplink.modems import quectel, telit
from uplink.ring import Ring

ONLINE = 110
FILES = 105
ATTACH = 108


def quiet(level, room, text, a=None, b=None):
    pass


class Talk(Core):
    def __init__(self, vendor, piece=7, **tls):
        self.clock = 1000
        self.piece = piece
        cfg = {name: dict(section) for name, section in CFG.items()}
        cfg["modem"]["sockets"] = 2
        cfg["tls"].update(tls)
        cfg["tls"]["level"] = "compatible"
        super().__init__(cfg, vendor, Ring(512))
        log.sink = quiet
        self.phase = ONLINE
        self.online = self.registered = self.address = self.wanted = True
        self.poll_at = self.clock + 1_000_000
        self.data_in = bytearray()
        self.log = []
        for s in self.sockets:
            s.listener = self

    # the owner
    def time(self):
        self.now = self.clock
        return self.now

    def changed(self):
        pass

    def wake(self):
        pass

    go = wake

    def network_time(self, *parts):
        self.log.append(parts)

    # the sockets' listener
    def opened(self, now):
        self.log.append("opened")

    def received(self, buf, off, n, now):
        self.data_in += buf[off : off + n]

    def sent(self, now):
        self.log.append("sent")

    def closed(self, reason, now):
        self.log.append(("closed", reason))

    # the test
    def hears(self, after_ms=30):
        """What it says within the pause between commands."""
        out = b""
        for _ in range(after_ms):
            self.clock += 1
            self.now = self.clock
            while True:
                self.poll(self.clock)
                engine = self.engine
                n = engine.out_end - engine.out_pos
                if n <= 0:
                    break
                out += bytes(engine.out[engine.out_pos : engine.out_end])
                engine.out_pos = engine.out_end
        return out

    def says(self, data, after_ms=30):
        """The module says it; what is asked then."""
        ring = self.engine.ring
        for i in range(0, len(data), self.piece):
            part = data[i : i + self.piece]
            for k in range(len(part)):
                ring.stage[k] = part[k]
            ring.put(len(part))
            self.now = self.clock
            self.engine.heard(self.clock)
        return self.hears(after_ms)

    def ok(self, expected, answer=b"OK"):
        """It asks `expected` next, and is answered."""
        found = self.waits
        assert found == expected, found
        self.waits = self.says(b"\r\n" + answer + b"\r\n")

    def start(self, script, phase=ONLINE):
        self.phase = phase
        self.run(ord(script), 0, self.clock)
        self.waits = self.hears()


def each(test):
    for piece in (1, 7, 1000):
        test(piece)


def opened(talk, index=0, tls=True):
    """An open connection, without having been opened."""
    s = talk.sockets[index]
    s.tls = tls
    s.number(talk.vendor.NUMBERS)
    s.state = 2
    return s


# ---- Quectel


def test_qssl_open_says_what_the_note_asks_for():
    def dialogue(piece):
        talk = Talk(quectel, piece, ca="c", cert="d", key="e")
        talk.files.good = True
        s = talk.sockets[0]
        s.open(b"mqtt.example.org", 8883, True)
        talk.waits = talk.hears()
        talk.ok(b"AT+QSSLCLOSE=0\r", b"ERROR")
        talk.ok(b"AT+QICLOSE=0\r", b"0, CLOSE OK")
        talk.ok(b'AT+QSSLCFG="sslversion",0,3\r')
        talk.ok(b'AT+QSSLCFG="ciphersuite",0,"0X003D"\r')
        talk.ok(b'AT+QSSLCFG="seclevel",0,2\r')
        talk.ok(b'AT+QSSLCFG="cacert",0,"NVRAM:CA0"\r')
        talk.ok(b'AT+QSSLCFG="clientcert",0,"NVRAM:CC0"\r')
        talk.ok(b'AT+QSSLCFG="clientkey",0,"NVRAM:CK0"\r')
        talk.ok(b'AT+QSSLCFG="ignorertctime",0\r')
        talk.ok(b'AT+QSSLOPEN=0,0,"mqtt.example.org",8883,0,80\r')
        assert talk.log == [] and s.state == 1
        talk.says(b"\r\n+QSSLOPEN: 1,0\r\n")  # another one's
        assert talk.log == []
        talk.says(b"\r\n+QSSLOPEN: 0,0\r\n")
        assert talk.log == ["opened"]

    each(dialogue)


def test_qssl_open_that_fails():
    talk = Talk(quectel, ca="c")
    s = talk.sockets[0]
    s.tls = s.asked = True
    s.state = 1
    talk.files.good = talk.checked = True
    # soon: the handshake; each of the three suites is tried
    for log in ([], [], [("closed", 6)]):
        s.asked = True
        s.opened_at = talk.clock
        talk.says(b"\r\n+QSSLOPEN: 0,-1\r\n", 0)
        assert talk.log == log


def test_qi_open_is_told_by_a_line_that_begins_with_its_number():
    for line, told in ((b"0, CONNECT OK", "opened"), (b"0, CONNECT FAIL", ("closed", 3))):
        talk = Talk(quectel)
        talk.sockets[0].open(b"h", 7, False)
        talk.waits = talk.hears()
        talk.ok(b"AT+QSSLCLOSE=0\r", b"ERROR")
        talk.ok(b"AT+QICLOSE=0\r", b"ERROR")
        talk.ok(b'AT+QIOPEN=0,"TCP","h",7\r')
        talk.says(b"\r\n" + line + b"\r\n")
        assert talk.log == [told]


def test_qssl_send_and_its_final_result_codes():
    def dialogue(piece):
        talk = Talk(quectel, piece)
        s = opened(talk)
        payload = b"\r\nERROR\r\n> 1, CLOSED\r\n\x1a"
        assert s.send(payload, 0, len(payload))
        assert talk.hears() == b"AT+QSSLSEND=0,%d\r" % len(payload)
        assert talk.says(b"\r\n> ") == payload
        talk.says(b"\r\nSEND FAIL\r\n")
        assert talk.log == [] and s.state == 2 and s.held
        assert talk.hears(1200) == b"AT+QSSLRECV=0,0,1500\r"  # the pause before it is tried again
        assert talk.says(b"\r\nOK\r\n") == b"AT+QSSLSEND=0,%d\r" % len(payload)
        assert talk.says(b"\r\n> ") == payload
        talk.says(b"\r\nSEND OK\r\n")
        assert talk.log == ["sent"] and not s.busy
        assert s.send(payload, 0, 1)
        assert talk.hears() == b"AT+QSSLSEND=0,1\r"
        talk.says(b"\r\nERROR\r\n")  # 2.2.4: open it again
        assert talk.log[1:] == [("closed", 8)]

    each(dialogue)


def test_qssl_recv_until_there_is_no_more():
    def dialogue(piece):
        talk = Talk(quectel, piece)
        opened(talk)
        ask = b"AT+QSSLRECV=0,0,1500\r"
        assert talk.says(b'\r\n+QSSLURC: "recv",0,0\r\n') == ask
        data = b"\r\nOK\r\n+QSSLURC\r\n"
        head = b"\r\n+QSSLRECV: 116.247.104.27:465,TCP,%d\r\n" % len(data)
        assert talk.says(head + data + b"\r\nOK\r\n") == ask
        assert talk.says(b"\r\nOK\r\n") == b""
        assert bytes(talk.data_in) == data
        assert talk.hears(1100) == ask  # the announcement can be missing
        talk.says(b"\r\nERROR\r\n")
        assert talk.log == [("closed", 1)]

    each(dialogue)


def test_more_than_was_asked_for_is_damage():
    talk = Talk(quectel)
    opened(talk)
    talk.says(b'\r\n+QSSLURC: "recv",0,0\r\n')
    talk.says(b"\r\n+QSSLRECV: 1.2.3.4:465,TCP,1501\r\n")
    talk.says(b"\r\nOK\r\n")
    assert talk.log == [("closed", 1)]


def test_quectel_connections_are_closed_by_their_kind():
    talk = Talk(quectel)
    opened(talk, 0, True)
    opened(talk, 1, False)
    talk.says(b"\r\n0, CLOSED\r\n")  # no plain one has that number
    assert talk.log == []
    talk.says(b'\r\n+QSSLURC: "closed",0\r\n')
    assert talk.log == [("closed", 1)] and talk.sockets[1].state == 2
    talk.says(b"\r\n1, CLOSED\r\n")
    assert len(talk.log) == 2


def test_qisend_and_qird_beside_it():
    talk = Talk(quectel)
    s = opened(talk, 1, False)
    assert s.send(b"ab", 0, 2) and talk.hears() == b"AT+QISEND=1,2\r"
    assert talk.says(b"\r\n>") == b"ab"
    talk.says(b"\r\nSEND OK\r\n")
    assert talk.says(b"\r\n+QIRDI: 0,1,1\r\n") == b"AT+QIRD=0,1,1,1500\r"
    talk.says(b"\r\n+QIRD: 1.2.3.4:6021,TCP,5\r\nAbcde\r\nOK\r\n")
    assert bytes(talk.data_in) == b"Abcde"


def test_qilocip_is_answered_without_ok():
    talk = Talk(quectel)
    talk.address = False
    talk.cfg["sim"]["apn"] = b"net"
    talk.start("l", ATTACH)
    talk.ok(b"AT+QILOCIP\r", b"ERROR")
    talk.ok(b"AT+CGATT?\r", b"+CGATT: 1\r\n\r\nOK")
    talk.ok(b"AT+CGREG?\r", b"+CGREG: 0,5\r\n\r\nOK")
    talk.ok(b"AT+QIDEACT\r", b"DEACT OK")
    talk.ok(b"AT+QIFGCNT=0\r")
    talk.ok(b'AT+QICSGP=1,"net"\r')
    talk.ok(b"AT+QIREGAPP\r")
    talk.ok(b"AT+QIACT\r")
    talk.ok(b"AT+QILOCIP\r", b"10.1.83.188")
    assert talk.address and bytes(talk.ip) == b"10.1.83.188"
    talk.ok(b"AT+QIMUX=1\r")
    talk.ok(b"AT+QINDI=1\r")
    talk.ok(b"AT+QIDNSIP=1\r")
    assert talk.engine.idle and not talk.engine.late


def test_packet_data_fails_where_it_is_not_registered():
    talk = Talk(quectel)
    talk.address = False
    talk.cfg["sim"]["apn"] = b"net"
    talk.start("l", ATTACH)
    talk.ok(b"AT+QILOCIP\r", b"ERROR")
    talk.ok(b"AT+CGATT?\r", b"+CGATT: 0\r\n\r\nOK")
    talk.ok(b"AT+CGATT=1\r")
    talk.ok(b"AT+CGREG?\r", b"+CGREG: 0,2\r\n\r\nOK")
    assert talk.waits == b"" and talk.engine.failed_result == 10


def test_pdp_deact_and_the_stacks_state():
    talk = Talk(quectel)
    talk.says(b"\r\n+PDP DEACT\r\n")
    assert not talk.address
    for state, address in (("IP INITIAL", False), ("IP STATUS", True), ("PDP DEACT", False)):
        talk = Talk(quectel)
        talk.start("W")
        talk.ok(b"AT+CPIN?\r", b"+CPIN: READY\r\n\r\nOK")
        talk.ok(b"AT+CREG?\r", b"+CREG: 1,1\r\n\r\nOK")
        text = '+QSSLSTATE: "%s"\r\n' % state
        text += '+QSSLSTATE: 1,"TCP","1.2.3.4",465,"CONNECTED",1\r\n\r\nOK'
        talk.ok(b"AT+QSSLSTATE\r", text.encode())
        assert bool(talk.address) == address and talk.listed == 130, state


class Memory:
    """A file on the board's flash."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def seek(self, at, whence=0):
        self.at = len(self.data) if whence else at
        return self.at

    def readinto(self, buf):
        part = self.data[self.at : self.at + len(buf)]
        for i in range(len(part)):
            buf[i] = part[i]
        self.at += len(part)
        return len(part)

    def close(self):
        pass


def uploads(talk, data):
    """It is about to write `data` as the CA."""
    files = talk.files
    files.index = 0
    files.size = files.sizes[0] = len(data)
    files.file = Memory(data)
    talk.start("F", FILES)


def test_qsecwrite_takes_counted_bytes_behind_connect():
    def dialogue(piece):
        pem = b"-----BEGIN CERTIFICATE-----\n" + b"x" * 300
        talk = Talk(quectel, piece)
        uploads(talk, pem)
        talk.ok(b'AT+QSECDEL="NVRAM:CA0"\r', b"+CME ERROR: 4")
        assert talk.waits == b'AT+QSECWRITE="NVRAM:CA0",%d,20\r' % len(pem)
        assert talk.says(b"\r\nCONNECT\r\n") == pem
        talk.says(b"\r\n+QSECWRITE: 300,83a7\r\n\r\nOK\r\n")
        assert not talk.engine.failed_result and talk.files.sums[0] == 0x83A7
        talk = Talk(quectel, piece)
        talk.start("D")
        talk.ok(b'AT+QSECREAD="NVRAM:CA0"\r', b"+QSECREAD: 1,83a7\r\n\r\nOK")
        assert talk.files.found == 0x83A7
        talk = Talk(quectel, piece)
        talk.start("D")
        talk.ok(b'AT+QSECREAD="NVRAM:CA0"\r', b"+QSECREAD: 0,83a7\r\n\r\nOK")
        assert talk.files.found == -1

    each(dialogue)


def test_a_large_certificate_goes_to_ram():
    talk = Talk(quectel)
    uploads(talk, b"x" * 2026)
    talk.ok(b'AT+QSECDEL="RAM:CA0"\r')
    assert talk.waits == b'AT+QSECWRITE="RAM:CA0",2026,20\r'


def test_quectel_urcs():
    talk = Talk(quectel)
    talk.says(b'\r\nCall Ready\r\n+QNITZ: "24/06/13,18:40:35-16,1"\r\nUNDER_VOLTAGE WARNING\r\n')
    assert talk.engine.unknown == 0 and talk.restarts == 0
    talk.says(b"\r\nNORMAL POWER DOWN\r\n")
    assert talk.downs == 1
    talk = Talk(quectel)
    talk.says(b"\r\nRDY\r\n")
    assert talk.restarts == 1


# ---- Telit


def line(text):
    from uplink.ring.cursor import Cursor

    c = Cursor()
    c.over(text, 0, len(text))
    return c


def telit_talk(piece, revision, **tls):
    talk = Talk(telit, piece, **tls)
    telit.heard(talk, line(revision), ord("f"))
    talk.files.good = True
    return talk


def test_sslcfg_of_each_platform():
    # revision: what #SSLSECCFG, #SSLSECCFG2 and #SSLCFG are told
    rows = (
        (b"10.00.004", b"1,6,1", None, b""),
        (b"12.00.004", b"1,3,1,1", b"1,3", b""),
        (b"20.00.004", b"1,3,1,1", b"1,3", b""),
        (b"23.00.004", b"1,3,1,1", b"1,3,1", b""),
        (b"25.20.201", b"1,9,1,1", b"1,3", b",0,0"),
        (b"30.00.004", b"1,0,1", b"1,2,1", b",0,0"),
        (b"37.00.004", b"1,0xC02F,1", b"1,2,1,1,0,2", b",0,0,0,600"),
        (b"52.00.004", b"1,0,1", b"1,2,1,1,0,2", b",0,0,0,600"),
    )
    for revision, suite, second, more in rows:
        talk = telit_talk(7, revision, ca="c")
        s = talk.sockets[1]  # whichever of ours: the module's is 1
        s.open(b"h", 8883, True)
        talk.waits = talk.hears()
        talk.ok(b"AT#SSLEN=1,1\r", b"+CME ERROR: 835")
        talk.ok(b"AT#SSLH=1\r", b"+CME ERROR: 833")
        if revision[:2] == b"10":
            talk.ok(b"AT#CPUMODE=2\r")
        talk.ok(b"AT#SSLSECCFG?\r", b"#SSLSECCFG: 1,0,0\r\n\r\nOK")
        talk.ok(b"AT#SSLSECCFG=" + suite + b"\r")
        if second:
            talk.ok(b"AT#SSLSECCFG2?\r", b"#SSLSECCFG2: 1,9,9,0,0,0\r\n\r\nOK")
            talk.ok(b"AT#SSLSECCFG2=" + second + b"\r")
        talk.ok(b"AT#SSLCFG?\r", b"#SSLCFG: 1,1,300,90,100,50,0,0,0,0\r\n\r\nOK")
        talk.ok(b"AT#SSLCFG=1,1,300,90,100,50,1" + more + b"\r")
        talk.ok(b'AT#SSLD=1,8883,"h",0,1,100\r')
        talk.ok(b"AT#SSLS=1\r", b"#SSLS: 1,2,0\r\n\r\nOK")
        assert talk.log == ["opened"], revision


def test_what_is_set_already_is_not_written_again():
    talk = telit_talk(7, b"37.00.004", ca="c")
    talk.sockets[0].open(b"h", 8883, True)
    talk.waits = talk.hears()
    talk.ok(b"AT#SSLEN=1,1\r")
    talk.ok(b"AT#SSLH=1\r")
    rows = b"#SSLSECCFG: 1,0xC02F,1\r\n#SSLSECCFG: 2,0,0\r\n#SSLSECCFG: 3,0,0"
    talk.ok(b"AT#SSLSECCFG?\r", rows + b"\r\n\r\nOK")
    talk.ok(b"AT#SSLSECCFG2?\r", b"#SSLSECCFG2: 1,2,1,1,0,2\r\n\r\nOK")
    talk.ok(b"AT#SSLCFG?\r", b"#SSLCFG: 1,1,300,90,100,50,1,0,0,0,600,0\r\n\r\nOK")
    assert talk.waits == b'AT#SSLD=1,8883,"h",0,1,100\r'


def test_ssld_that_fails_says_why():
    for code, reason in ((837, 7), (839, 6), (832, 3)):
        talk = telit_talk(7, b"30.00.004", ca="c")
        s = talk.sockets[0]
        s.open(b"h", 8883, True)
        talk.waits = talk.hears()
        while not talk.waits.startswith(b"AT#SSLD"):
            assert talk.waits
            talk.waits = talk.says(b"\r\nOK\r\n")
        talk.waits = talk.says(b"\r\n+CME ERROR: %d\r\n" % code)
        assert talk.log == [("closed", reason)], code


def test_sslsendext_and_sslrecv():
    def dialogue(piece):
        talk = telit_talk(piece, b"30.00.004")
        s = opened(talk)
        assert s.send(b"a\x1a\x08b", 0, 4) and talk.hears() == b"AT#SSLSENDEXT=1,4\r"
        assert talk.says(b"\r\n> ") == b"a\x1a\x08b"
        talk.says(b"\r\nOK\r\n")
        assert talk.log == ["sent"]
        assert talk.says(b"\r\nSSLSRING: 1,400\r\n") == b"AT#SSLRECV=1,1000,10\r"
        data = b"\r\nNO CARRIER\r\nOK\r\n"
        talk.says(b"\r\n#SSLRECV: %d\r\n" % len(data) + data + b"\r\n\r\nOK\r\n")
        assert bytes(talk.data_in) == data
        assert talk.hears(2100) == b"AT#SSLRECV=1,1000,10\r"  # a look that nothing announced
        talk.says(b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n\r\nOK\r\n")
        assert talk.log == ["sent"] and not talk.engine.unknown
        talk.says(b"\r\nSSLSRING: 1\r\n")
        talk.says(b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n")
        assert talk.log == ["sent", ("closed", 1)]

    each(dialogue)


def test_data_that_comes_in_a_urc():
    """Mode 2 of #SSLCFG: counted, whatever it looks like; also in the middle of a command."""

    def dialogue(piece):
        talk = telit_talk(piece, b"30.00.004")
        s = opened(talk)
        data = b"\r\nOK\r\n,>"
        talk.says(b"\r\nSSLSRING: 1,%d," % len(data) + data + b"\r\n")
        assert s.send(b"ab", 0, 2) and talk.hears() == b"AT#SSLSENDEXT=1,2\r"
        assert talk.says(b"\r\nSSLSRING:1,1,x\r\n\r\n> ") == b"ab"
        talk.says(b"\r\nOK\r\n")
        assert bytes(talk.data_in) == data + b"x" and talk.log == ["sent"]
        opened(talk, 1, False)
        talk.says(b"\r\nSRING: 2,3,abc\r\n")
        assert bytes(talk.data_in) == data + b"xabc" and not talk.engine.damaged

    each(dialogue)


def test_telit_plain_connections():
    talk = telit_talk(7, b"12.00.004")
    s = talk.sockets[1]
    s.open(b"h", 7, False)
    talk.waits = talk.hears()
    talk.ok(b"AT#SH=2\r")
    talk.ok(b"AT#SCFG?\r", b"#SCFG: 1,1,300,90,600,50\r\n#SCFG: 2,1,300,90,600,50\r\n\r\nOK")
    talk.ok(b"AT#SCFGEXT?\r", b"#SCFGEXT: 1,0,0,0,0,0\r\n#SCFGEXT: 2,0,0,0,0,0\r\n\r\nOK")
    talk.ok(b"AT#SCFGEXT=2,1,0,0\r")
    talk.ok(b'AT#SD=2,0,7,"h",0,0,1\r')
    talk.ok(b"AT#SS=2\r", b"#SS: 2,2,10.0.0.2,61120,10.0.0.1,7\r\n\r\nOK")
    assert talk.log == ["opened"]
    assert talk.says(b"\r\nSRING: 2,5\r\n") == b"AT#SRECV=2,1000\r"
    talk.says(b"\r\n#SRECV: 2,5\r\nhello\r\n\r\nOK\r\n")
    assert bytes(talk.data_in) == b"hello"
    assert talk.hears(2100) == b"AT#SRECV=2,1000\r"
    talk.says(b"\r\n+CME ERROR: 3\r\n")  # there is nothing
    assert talk.log == ["opened"]


def test_no_carrier_is_no_answer():
    talk = telit_talk(7, b"30.00.004")
    s = opened(talk)
    talk.start("W")
    talk.says(b"\r\nNO CARRIER\r\n")
    assert talk.log == [("closed", 1)] and not talk.engine.idle and not talk.engine.late
    # of two it is not known which: they are asked for
    s.state = 2
    opened(talk, 1, False)
    talk.says(b"\r\nNO CARRIER\r\n")
    assert len(talk.log) == 1 and talk.poll_at == talk.now - 30


def test_pem_ends_with_ctrl_z():
    def dialogue(piece):
        pem = b"-----BEGIN CERTIFICATE-----\n" + b"x" * 300
        talk = telit_talk(piece, b"12.00.004", ca="c")
        uploads(talk, pem)
        talk.ok(b"AT#SSLSECCFG?\r", b"#SSLSECCFG: 1,3,1,1\r\n\r\nOK")
        talk.ok(b"AT#SSLSECDATA=1,0,1\r")
        assert talk.waits == b"AT#SSLSECDATA=1,1,1,%d\r" % len(pem)
        assert talk.says(b"\r\n> ") == pem + b"\x1a"
        talk.says(b"\r\nOK\r\n")
        assert not talk.engine.failed_result
        talk = telit_talk(piece, b"12.00.004", ca="c")
        talk.files.index = 0
        talk.start("D")
        talk.ok(b"AT#SSLEN=1,1\r")
        talk.ok(b"AT#SSLH=1\r", b"+CME ERROR: 833")
        rows = b"#SSLSECDATA: 1,0,1,0\r\n#SSLSECDATA: 2,0,0,0"
        talk.ok(b"AT#SSLSECDATA?\r", rows + b"\r\n\r\nOK")
        assert talk.files.found == 1

    each(dialogue)


def test_a_context_that_is_active_already():
    talk = telit_talk(7, b"30.00.004")
    talk.address = False
    talk.cfg["sim"]["apn"] = b"net"
    talk.start("l", ATTACH)
    talk.ok(b"AT#SGACT?\r", b"#SGACT: 1,0\r\n#SGACT: 2,1\r\n\r\nOK")
    talk.ok(b"AT+CGDCONT?\r", b'+CGDCONT: 1,"IP","net","0.0.0.0",0,0\r\n\r\nOK')
    talk.ok(b"AT#SGACT=1,1\r", b"+CME ERROR: context already activated")
    talk.ok(b"AT+CGPADDR=1\r", b'+CGPADDR: 1,"10.7.125.7"\r\n\r\nOK')
    assert talk.address and bytes(talk.ip) == b"10.7.125.7" and talk.engine.idle


def test_either_registration_will_do():
    for cgreg, cereg, registered in ((b"0", b"5", True), (b"1", None, True), (b"2", b"2", False)):
        talk = telit_talk(7, b"25.00.004")
        talk.start("K")
        talk.ok(b"AT+CGREG?\r", b"+CGREG: 1," + cgreg + b"\r\n\r\nOK")
        talk.ok(b"AT+CEREG?\r", b"+CEREG: 1," + cereg + b"\r\n\r\nOK" if cereg else b"ERROR")
        assert bool(talk.registered) == registered, (cgreg, cereg)


def test_a_restart_without_a_word():
    talk = telit_talk(7, b"25.00.004")
    talk.start("W")
    talk.ok(b"AT+CPIN?\r", b"+CPIN: READY\r\n\r\nOK")
    assert talk.waits == b"AT+CGREG?\r"
    talk.says(b"\r\n+CGREG: 0,5\r\n\r\nOK\r\n")
    assert talk.restarts == 1
