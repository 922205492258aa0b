"""The modules of fake_module.py over TLS (as far as they show it on their line)."""

from fake_module import FakeBoard, FakeQuectel, FakeTelit


class SecureBoard(FakeBoard):
    TLS = True
    VERIFY = "none"
    secured = 0  # commands of a connection over TLS

    def _command(self, line):
        if line.startswith(b"AT+CASEND=") or line.startswith(b"AT+CASSLCFG="):
            self.secured += 1
        FakeBoard._command(self, line)


class SecureQuectel(FakeQuectel):
    """Its secure sockets."""

    TLS = True
    VERIFY = "none"
    secured = 0
    CLOSED = b'+QSSLURC: "closed",0'
    WAITING = b'+QSSLURC: "recv",0,0'

    def _command(self, line):
        if line.startswith(b"AT+QSSLOPEN="):
            self.open = True
            self.inbox = b""
            self.tcp = b""
            self.armed = True
            self.say(b"OK")
            self.say(b"+QSSLOPEN: 0,0")
        elif line.startswith(b"AT+QSSLSTATE"):
            self.say(b'+QSSLSTATE: "IP PROCESSING"')
            state = b"CONNECTED" if self.open else b"INITIAL"
            self.say(b'+QSSLSTATE: 0,"TCP","203.0.113.1",8883,"%s",1' % state)
            self.say(b"OK")
        elif line.startswith(b"AT+QSSLSEND="):
            self.secured += 1
            FakeQuectel._command(self, b"AT+QISEND=" + line[12:])
        elif line.startswith(b"AT+QSSLRECV="):
            n = min(int(line[line.rfind(b",") + 1 :]), len(self.inbox))
            if n:
                self.to_host += b"\r\n+QSSLRECV: 203.0.113.1:8883,TCP,%d\r\n" % n
                self.to_host += self.inbox[:n]
                self.inbox = self.inbox[n:]
            else:
                self.armed = True
            self.say(b"OK")
        elif line.startswith(b"AT+QICLOSE="):
            self.say(b"ERROR")
        else:
            FakeQuectel._command(self, line)


class SecureTelit(FakeTelit):
    """Its one secure socket."""

    TLS = True
    VERIFY = "none"
    secured = 0
    WAITING = b"SSLSRING: 1"

    def _command(self, line):
        if line.startswith(b"AT#SSLD="):
            FakeTelit._command(self, b"AT#SD=")
        elif line.startswith(b"AT#SSLS="):
            self.say(b"#SSLS: 1,%d" % (2 * self.open))
            self.say(b"OK")
        elif line == b"AT#SS":
            self.say(b"#SS: 1,0")
            self.say(b"OK")
        elif line.startswith(b"AT#SSLSENDEXT="):
            self.secured += 1
            FakeTelit._command(self, b"AT#SSENDEXT=" + line[14:])
        elif line.startswith(b"AT#SSLRECV="):
            n = min(int(line.split(b",")[1]), len(self.inbox))
            self.armed = n == len(self.inbox)
            if n:
                self.to_host += b"\r\n#SSLRECV: %d\r\n" % n + self.inbox[:n]
                self.inbox = self.inbox[n:]
            else:
                self.say(b"#SSLRECV: 0")
                self.say(b"TIMEOUT")
            self.say(b"OK")
            if self.inbox:
                self.say(self.WAITING)
        elif line.startswith(b"AT#SSLH="):
            self.open = False
            self.say(b"OK")
        elif line == b"AT#SSLSECDATA?":
            self.say(b"#SSLSECDATA: 1,0,0,0")
            self.say(b"OK")
        elif line.startswith(b"AT#SSL"):
            self.say(b"OK")
        else:
            FakeTelit._command(self, line)


def telit(kind, product, model, revision):
    """A Telit of another platform."""

    class One(kind):
        TYPE = product
        ANSWERS = dict(kind.ANSWERS)

    One.ANSWERS[b"AT+CGMM"] = model
    One.ANSWERS[b"AT+CGMR"] = revision
    return One


# One for each row of telit_platforms, but that of an LE910C1.
PLATFORMS = (
    (b"gl865", b"GL865-QUAD", b"10.00.186"),
    (b"he910", b"HE910", b"12.00.004"),
    (b"ge910", b"GE910-QUAD", b"13.00.007"),
    (b"le910", b"LE910-EU1", b"20.00.402"),
    (b"le866", b"LE866-SV1", b"23.00.203"),
    (b"le910c1", b"LE910C1-EUX", b"25.30.001"),
    (b"me910c1", b"ME910C1-E1", b"30.00.002"),
    (b"me310g1", b"ME310G1-WW", b"37.00.213"),
    (b"le910q1", b"LE910Q1-EU", b"52.00.001"),
)
