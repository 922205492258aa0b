"""Modules with a data mode: what is sent comes back; and an M95 that takes text up to Ctrl-Z."""

from fake_tls import SecureQuectel, SecureTelit


class Online:
    """Data mode of a fake module; a write of `+++` alone is the escape sequence."""

    TLS = False  # (of our own client, over a socket)
    data = False
    there = False  # the connection
    text = None  # a text up to Ctrl-Z is being typed
    dials = 0
    escapes = 0
    typed = 0

    def _enter(self):
        self.data = True
        self.say(b"CONNECT")

    def _typed(self, data):
        """Text behind a prompt; True while it is that."""
        if self.text is None:
            return False
        self.text += data
        if self.text.endswith(b"\x1a"):
            self.typed += 1
            self._text(self.text[:-1])
            self.text = None
        return True

    def _stream(self, data):
        """Bytes in data mode; True while it is that."""
        if self.data:
            if data == b"+++":
                self.data = False
                self.escapes += 1
                self.say(b"OK")
            else:
                self.to_host += data
            return True
        return False

    def end(self, word=b"NO CARRIER"):
        """The server closes."""
        was = self.heap.unlock()
        self.data = self.there = False
        self.say(word)
        self.heap.again(was)


class TelitOnline(Online, SecureTelit):
    """Its secure socket 1, online and in command mode."""

    waits = b""
    secure = False  # what is being sent goes there
    stores = False  # … is a security datum
    stored = b""

    def _hear(self, data):
        # (`+++` at the command line is heard by nobody)
        if not self._typed(data) and not self._stream(data) and data != b"+++":
            SecureTelit._hear(self, data)

    def _text(self, text):
        self.say(b"OK")
        if self.stores:
            self.stores = False
            self.stored = text
            return
        self.tcp = text
        self.secure = True
        self._broker()

    def _broker(self):
        if not self.secure:
            SecureTelit._broker(self)
            return
        self.secure = False
        self.waits += self.tcp
        self.tcp = b""
        self.say(b"SSLSRING: 1,%d" % len(self.waits))

    def _command(self, line):
        if line.startswith(b"AT#SSLD=") or line.startswith(b"AT#SSLFASTD="):
            self.there = True
            self.dials += 1
            self.waits = b""
            if line.endswith(b",0"):
                self._enter()
            else:
                self.say(b"OK")
        elif line == b"AT#SSLO=1":
            self._enter() if self.there else self.say(b"+CME ERROR: 833")
        elif line.startswith(b"AT#SSLS="):
            self.say(b"#SSLS: 1,%d" % (1 + self.there))
            self.say(b"OK")
        elif line.startswith(b"AT#SSLSECDATA=1,1,"):
            self.stores = True
            self.text = b""
            self.to_host += b"\r\n> "
        elif line == b"AT#SSLSECDATA?":
            self.say(b"#SSLSECDATA: 1,0,%d,0" % (len(self.stored) > 0))
            self.say(b"OK")
        elif line == b"AT#SSLSECCFG2?":
            self.say(b"+CME ERROR: 836")
        elif line == b"AT#SSLSECCFG?":  # (as with AT+CMEE=2)
            self.say(b"+CME ERROR: SSL not activated")
        elif line.startswith(b"AT#SSLSENDEXT="):
            self.secure = True
            self.want = int(line[line.find(b",") + 1 :])
            self.to_host += b"\r\n> "
        elif line.startswith(b"AT#SSLSEND="):
            self.text = b""
            self.to_host += b"\r\n> "
        elif line.startswith(b"AT#SSLRECV="):
            n = min(int(line.split(b",")[1]), len(self.waits))
            self.say(b"#SSLRECV: %d" % n)
            if n:
                self.to_host += self.waits[:n]
                self.waits = self.waits[n:]
            else:
                self.say(b"TIMEOUT")
            self.say(b"OK")
        elif line.startswith(b"AT#SSLH="):
            self.there = False
            self.say(b"OK")
        else:
            SecureTelit._command(self, line)


class QuectelTransparent(Online, SecureQuectel):
    """Its connection 5 in transparent mode."""

    own = 0  # connections over TLS that were opened

    def _hear(self, data):
        if data == b"+++" and not self.data:
            return
        if not self._typed(data) and not self._stream(data):
            SecureQuectel._hear(self, data)

    def _text(self, text):
        self.say(b"SEND OK")

    def _command(self, line):
        if line.startswith(b"AT+QSSLOPEN=5,"):
            self.there = True
            self.dials += 1
            self.say(b"OK")
            self._enter()
        elif line.startswith(b"AT+QSSLOPEN=0,"):
            self.own += 1
            SecureQuectel._command(self, line)
        elif line == b"ATO":
            self._enter() if self.there else self.say(b"NO CARRIER")
        elif line.startswith(b"AT+QSSLCLOSE=5"):
            self.say(b"5, CLOSE OK" if self.there else b"ERROR")
            self.there = False
        elif line == b"AT+QISEND=0" or line == b"AT+QSSLSEND=0":
            self.text = b""
            self.to_host += b"\r\n> "
        elif line == b'AT+QSSLCFG="seclevel",0':
            self.say(b'+QSSLCFG: "seclevel",2')
            self.say(b"OK")
        elif line.startswith(b"AT+QSECDEL="):
            self.say(b"OK")
        else:
            SecureQuectel._command(self, line)
