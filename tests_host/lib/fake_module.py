"""A board with an always willing module and broker behind its UART, small enough for MicroPython:
`FakeBoard` has a SIM7000, `FakeQuectel` an M95, `FakeTelit` an LE910C1.

Only to measure heap: it runs inside the same interpreter, unlocks the heap while it works itself
and locks it again, so what it counts is the firmware's. How modems really behave is the business
of the virtual modem and its tests on CPython.
"""

from uplink.port.ticks import ticks_add, ticks_diff

try:
    import micropython
except ImportError:
    micropython = None


class Pin:
    wired = False

    def set(self, asserted):
        pass

    def get(self):
        return False


class Heap:
    """`lock` and `unlock` the heap where there is a MicroPython to do it."""

    def __init__(self):
        self.locked = 0

    def lock(self):
        if micropython is not None:
            micropython.heap_lock()
            self.locked += 1

    def unlock(self):
        if micropython is not None and self.locked:
            micropython.heap_unlock()
            self.locked -= 1
            return True
        return False

    def again(self, was):
        if was:
            self.lock()


class FakeBoard:
    """The board's interface; `heap` tells whether the firmware runs without one."""

    TYPE = b"sim7000"
    TLS = False
    VERIFY = "ca"
    TIME = b'*PSUTTZ: 26/06/13,22:40:35","-16",1'
    LOST = b"+CEREG: 2"
    RESTARTED = b"RDY"
    SENT = b"OK"
    CLOSED = b"+CASTATE: 0,0"
    WAITING = b"+CADATAIND: 0"
    ANSWERS = {
        b"AT+CMEE?": b"+CMEE: 2",
        b"AT+IPR?": b"+IPR: 115200",
        b"AT+CSCLK?": b"+CSCLK: 0",
        b"AT+CNMP?": b"+CNMP: 38",
        b"AT+CMNB?": b"+CMNB: 1",
        b"AT+CNETLIGHT?": b"+CNETLIGHT: 1",
        b"AT+CLTS?": b"+CLTS: 1",
        b"AT+CGMM": b"SIMCOM_SIM7000G",
        b"AT+CGMR": b"Revision:1351B04SIM7000G",
        b"AT+GSN": b"869951037053562",
        b"AT+CPIN?": b"+CPIN: READY",
        b"AT+CIMI": b"901405101234567",
        b"AT+CCID": b"8944501012345678901F",
        b"AT+COPS?": b'+COPS: 0,0,"FloLive",7',
        b"AT+CEREG?": b"+CEREG: 1,5",
        b"AT+CNACT?": b'+CNACT: 1,"100.64.132.137"',
        b"AT+CCLK?": b'+CCLK: "26/06/13,18:40:54-16"',
        b"AT+CSQ": b"+CSQ: 25,99",
    }

    def __init__(self, heap):
        self.heap = heap
        self.now = 1000
        self.to_host = b""
        self.line = b""
        self.want = 0
        self.tcp = b""
        self.inbox = b""
        self.armed = True
        self.open = False
        self.answers = self.ANSWERS
        # what the broker has seen
        self.connects = 0
        self.publishes = [0, 0, 0]
        self.pings = 0
        self.acked = 0

    # ---- the board --------------------------------------------------------------------------

    def ticks_ms(self):
        return self.now

    def uart(self, cfg):
        return self

    def output(self, cfg, name):
        return Pin()

    input = output

    def set_clock(self, unix_s):
        pass

    def clock(self):
        return 0

    def rand(self, n):
        return 0

    def idle(self, ms, data=True):
        if not (data and self.to_host):
            self.now = ticks_add(self.now, ms)

    # ---- the UART ---------------------------------------------------------------------------

    def any(self):
        return len(self.to_host)

    def set_baud(self, rate):
        pass

    def readinto(self, buf):
        was = self.heap.unlock()
        n = min(len(buf), len(self.to_host))
        for i in range(n):
            buf[i] = self.to_host[i]
        self.to_host = self.to_host[n:]
        self.heap.again(was)
        return n

    def write(self, buf, off, n):
        was = self.heap.unlock()
        self._hear(bytes(buf[off : off + n]))
        self.heap.again(was)
        return n

    # ---- the module -------------------------------------------------------------------------

    def say(self, text):
        self.to_host += b"\r\n" + text + b"\r\n"

    def _hear(self, data):
        while data:
            if self.want:
                self.tcp += data[: self.want]
                taken = min(self.want, len(data))
                data = data[taken:]
                self.want -= taken
                if not self.want:
                    self.say(self.SENT)
                    self._broker()
                continue
            end = data.find(b"\r")
            if end < 0:
                self.line += data
                return
            line = self.line + data[:end]
            self.line = b""
            data = data[end + 1 :]
            self._command(line)

    def _command(self, line):
        if line in self.answers:
            self.say(self.answers[line])
        elif line.startswith(b"AT+CASTATE?"):
            self.say(b"+CASTATE: 0,%d" % self.open)
        elif line.startswith(b"AT+CAOPEN="):
            self.open = True
            self.inbox = b""
            self.tcp = b""
            self.armed = True
            self.say(b"+CAOPEN: 0,0")
        elif line.startswith(b"AT+CASEND="):
            if not self.open:
                self.say(b"ERROR")
                return
            self.want = int(line[line.find(b",") + 1 :])
            self.to_host += b"\r\n> "
            return
        elif line.startswith(b"AT+CARECV="):
            n = min(int(line[line.find(b",") + 1 :]), len(self.inbox))
            if n:
                self.to_host += b"\r\n+CARECV: %d," % n + self.inbox[:n] + b"\r\nOK\r\n"
                self.inbox = self.inbox[n:]
                if not self.inbox:
                    self.armed = True
                return
            self.armed = True
            self.say(b"+CARECV: 0")
        elif line.startswith(b"AT+CACLOSE="):
            self.open = False
        self.say(b"OK")

    def hang_up(self):
        """The server closes."""
        was = self.heap.unlock()
        self.open = False
        self.say(self.CLOSED)
        self.heap.again(was)

    def restart(self):
        """The module starts anew."""
        was = self.heap.unlock()
        self.open = False
        self.want = 0
        self.say(self.RESTARTED)
        self.heap.again(was)

    def urc(self, text):
        was = self.heap.unlock()
        self.say(text)
        self.heap.again(was)

    # ---- the broker -------------------------------------------------------------------------

    def deliver(self, data):
        """Bytes from the broker to the device."""
        was = self.heap.unlock()
        self.inbox += data
        if self.armed:
            self.armed = False
            self.say(self.WAITING)
        self.heap.again(was)

    def publish(self, topic, payload, qos, packet_id):
        was = self.heap.unlock()
        body = bytes([0, len(topic)]) + topic
        if qos:
            body += bytes([packet_id >> 8, packet_id & 255])
        body += payload
        data = bytes([0x30 | qos << 1, len(body)]) + body
        self.heap.again(was)
        self.deliver(data)

    def _broker(self):
        while len(self.tcp) >= 2:
            n = 0
            shift = 0
            i = 1
            while True:
                if i >= len(self.tcp):
                    return
                n |= (self.tcp[i] & 127) << shift
                shift += 7
                i += 1
                if not self.tcp[i - 1] & 128:
                    break
            if len(self.tcp) < i + n:
                return
            first = self.tcp[0]
            body = self.tcp[i : i + n]
            self.tcp = self.tcp[i + n :]
            self._packet(first, body)

    def _packet(self, first, body):
        kind = first >> 4
        if kind == 1:
            self.connects += 1
            self.deliver(b"\x20\x02" + (b"\x01" if self.connects > 1 else b"\x00") + b"\x00")
        elif kind == 3:
            qos = first >> 1 & 3
            self.publishes[qos] += 1
            n = body[0] << 8 | body[1]
            if qos:
                ident = body[2 + n : 4 + n]
                self.deliver((b"\x40\x02" if qos == 1 else b"\x50\x02") + ident)
        elif kind == 4 or kind == 7:
            self.acked += 1
        elif kind == 5:
            self.deliver(b"\x62\x02" + body[:2])
        elif kind == 6:
            self.deliver(b"\x70\x02" + body[:2])
        elif kind == 8:
            self.deliver(b"\x90\x03" + body[:2] + b"\x01")
        elif kind == 12:
            self.pings += 1
            self.deliver(b"\xd0\x00")


class FakeQuectel(FakeBoard):
    """Plain sockets of an M95."""

    TYPE = b"m95"
    TIME = b'+QNITZ: "26/06/13,18:40:54-16,1"'
    LOST = b"+CREG: 2"
    SENT = b"SEND OK"
    CLOSED = b"0, CLOSED"
    WAITING = b"+QIRDI: 0,1,0"
    ANSWERS = {
        b"AT+CMEE?": b"+CMEE: 2",
        b"AT+IPR?": b"+IPR: 115200",
        b"AT+CGMM": b"Quectel_M95",
        b"AT+CGMR": b"Revision: M95FAR02A08",
        b"AT+GSN": b"869951037053562",
        b"AT+CPIN?": b"+CPIN: READY",
        b"AT+CIMI": b"901405101234567",
        b"AT+QCCID": b"8944501012345678901F",
        b"AT+COPS?": b'+COPS: 0,0,"FloLive"',
        b"AT+CREG?": b"+CREG: 1,5",
        b"AT+CGREG?": b"+CGREG: 0,5",
        b"AT+CGATT?": b"+CGATT: 1",
        b"AT+CCLK?": b'+CCLK: "26/06/13,18:40:54-16"',
        b"AT+CSQ": b"+CSQ: 25,0",
    }

    def _command(self, line):
        if line in self.answers:
            self.say(self.answers[line])
        elif line == b"AT+QILOCIP":
            self.say(b"100.64.132.137")
            return
        elif line == b"AT+QIDEACT":
            self.say(b"DEACT OK")
            return
        elif line.startswith(b"AT+QSSLSTATE"):
            self.say(b'+QSSLSTATE: "IP PROCESSING"')
            state = b"CONNECTED" if self.open else b"INITIAL"
            self.say(b'+QSSLSTATE: 0,"TCP","203.0.113.1",1883,"%s",0' % state)
        elif line.startswith(b"AT+QIOPEN="):
            self.open = True
            self.inbox = b""
            self.tcp = b""
            self.armed = True
            self.say(b"OK")
            self.say(b"0, CONNECT OK")
            return
        elif line.startswith(b"AT+QISEND="):
            if not self.open:
                self.say(b"ERROR")
                return
            self.want = int(line[line.find(b",") + 1 :])
            self.to_host += b"\r\n> "
            return
        elif line.startswith(b"AT+QIRD="):
            n = min(int(line[line.rfind(b",") + 1 :]), len(self.inbox))
            if n:
                self.to_host += b"\r\n+QIRD: 203.0.113.1:1883,TCP,%d\r\n" % n
                self.to_host += self.inbox[:n] + b"\r\nOK\r\n"
                self.inbox = self.inbox[n:]
                return
            self.armed = True
        elif line.startswith(b"AT+QICLOSE=") or line.startswith(b"AT+QSSLCLOSE="):
            if self.open:
                self.open = False
                self.say(b"0, CLOSE OK")
            else:
                self.say(b"ERROR")
            return
        self.say(b"OK")


class FakeTelit(FakeBoard):
    """Plain sockets of an LE910C1."""

    TYPE = b"le910c1"
    TIME = b"#NITZ: 26/06/13,18:40:54-16,1"
    LOST = b"+CEREG: 2"
    RESTARTED = b"+CGREG: 0"  # it says nothing, but that what was set is not set any more
    CLOSED = b"NO CARRIER"
    WAITING = b"SRING: 1"
    ANSWERS = {
        b"AT+CMEE?": b"+CMEE: 1",
        b"AT+IPR?": b"+IPR: 115200",
        b"AT+CFUN?": b"+CFUN: 1",
        b"AT+CGMM": b"LE910C1-EU",
        b"AT+CGMR": b"25.20.201",
        b"AT+CGSN": b"869951037053562",
        b"AT+CPIN?": b"+CPIN: READY",
        b"AT+CIMI": b"901405101234567",
        b"AT#CCID": b"#CCID: 8944501012345678901",
        b"AT+COPS?": b'+COPS: 0,0,"FloLive",7',
        b"AT+CEREG?": b"+CEREG: 1,5",
        b"AT#SGACT?": b"#SGACT: 1,1",
        b"AT+CGPADDR=1": b'+CGPADDR: 1,"100.64.132.137"',
        b"AT+CCLK?": b'+CCLK: "26/06/13,18:40:54-16"',
        b"AT+CSQ": b"+CSQ: 25,0",
        b"AT#SCFG?": b"#SCFG: 1,1,300,90,600,50",
        b"AT#SCFGEXT?": b"#SCFGEXT: 1,1,0,0,0,0",
    }
    restarts = False  # it has, and nothing was set since

    def _command(self, line):
        if line in self.answers:
            self.say(self.answers[line])
        elif line == b"AT+CGREG?":
            self.say(b"+CGREG: %d,0" % (not self.restarts))
        elif line == b"AT+CGREG=1":
            self.restarts = False
        elif line.startswith(b"AT#SSLS="):
            self.say(b"#SSLS: 1,0")
        elif line.startswith(b"AT#SS"):
            if line == b"AT#SS" or line.startswith(b"AT#SS="):
                self.say(b"#SS: 1,%d" % (3 if self.open and self.inbox else 2 * self.open))
            elif line.startswith(b"AT#SSENDEXT="):
                if not self.open:
                    self.say(b"ERROR")
                    return
                self.want = int(line[line.find(b",") + 1 :])
                self.to_host += b"\r\n> "
                return
        elif line.startswith(b"AT#SD="):
            self.open = True
            self.inbox = b""
            self.tcp = b""
            self.armed = True
        elif line.startswith(b"AT#SRECV="):
            n = min(int(line[line.find(b",") + 1 :]), len(self.inbox))
            self.armed = n == len(self.inbox)
            if not n:
                self.say(b"+CME ERROR: 3")
                return
            self.to_host += b"\r\n#SRECV: 1,%d\r\n" % n + self.inbox[:n] + b"\r\n\r\nOK\r\n"
            self.inbox = self.inbox[n:]
            if self.inbox:
                self.say(self.WAITING)
            return
        elif line.startswith(b"AT#SH="):
            self.open = False
        self.say(b"OK")

    def restart(self):
        """The module starts anew, without a word."""
        self.open = False
        self.want = 0
        self.restarts = True


def drive(board, loop, until, limit_ms):
    """Run the loop until `until.met()`; False where that did not come within `limit_ms`."""
    end = ticks_add(board.now, limit_ms)
    while not until.met():
        if ticks_diff(end, board.now) <= 0:
            return False
        ms = loop.step()
        if ms:
            loop.idle(ms if ms < 1000 else 1000)
    return True
