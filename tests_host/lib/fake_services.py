"""Modules whose own services work: HTTP, FTP and MQTT of a Telit, HTTP of an M66."""

from fake_module import FakeQuectel
from fake_tls import SecureTelit

BODY = b"\r\nOK\r\n<<<" * 150


class TelitServices(SecureTelit):
    """HTTP: once with a length, once without. FTP: a file of one length. MQTT: any topic."""

    TLS = False  # (of our own client, over a socket)
    counted = True
    left = b""
    asked = 0
    opened = 0
    mq_up = False
    mq_connects = 0
    mq_published = 0
    mq_waits = b""
    posting = False

    def _command(self, line):
        if line.startswith(b"AT#HTTP"):
            self._http(line)
        elif line.startswith(b"AT#FTP"):
            self._ftp(line)
        elif line.startswith(b"AT#MQ"):
            self._mq(line)
        else:
            self.posting = False
            SecureTelit._command(self, line)

    def _http(self, line):
        if line.startswith(b"AT#HTTPCFG?"):
            self.say(b'#HTTPCFG: 0,"",80,0,"",0,120,1')
        elif line.startswith(b"AT#HTTPQRY="):
            self.asked += 1
            self.left = BODY
            self.say(b"OK")
            size = len(BODY) if self.counted else 0
            self.say(b'#HTTPRING: 0,200,"text/plain",%d' % size)
            return
        elif line.startswith(b"AT#HTTPRCV="):
            n = 1000 if b"," in line else len(self.left)
            self.to_host += b"\r\n<<<" + self.left[:n] + b"\r\n\r\nOK\r\n"
            self.left = self.left[n:]
            return
        self.say(b"OK")

    def _ftp(self, line):
        if line.startswith(b"AT#FTPCFG?"):
            self.say(b"#FTPCFG: 100,0,0")
        elif line.startswith(b"AT#FTPOPEN="):
            self.opened += 1
        elif line.startswith(b"AT#FTPFSIZE="):
            self.say(b"#FTPFSIZE: %d" % len(BODY))
        elif line.startswith(b"AT#FTPGETPKT="):
            self.left = BODY
        elif line.startswith(b"AT#FTPGET="):
            self.to_host += b"\r\nCONNECT\r\n" + BODY + b"\r\nNO CARRIER\r\n"
            return
        elif line.startswith(b"AT#FTPRECV="):
            n = min(len(self.left), 1000)
            self.to_host += b"\r\n#FTPRECV: %d\r\n" % n + self.left[:n]
            self.left = self.left[n:]
        elif line.startswith(b"AT#FTPGETPKT?"):
            self.say(b'#FTPGETPKT: "file",0,%d' % (not self.left))
        self.say(b"OK")

    def _mq(self, line):
        if line.startswith(b"AT#MQCONN="):
            self.mq_up = True
            self.mq_connects += 1
        elif line.startswith(b"AT#MQCONN?"):
            self.say(b"#MQCONN: 1,%d" % self.mq_up)
        elif line.startswith(b"AT#MQPUBSEXT="):
            if not self.mq_up:
                self.say(b"ERROR")
                return
            self.posting = True
            self.want = int(line[line.rfind(b",") + 1 :])
            self.to_host += b"\r\n> "
            return
        elif line.startswith(b"AT#MQREAD="):
            self.to_host += b"\r\n<<<" + self.mq_waits + b"\r\n\r\nOK\r\n"
            return
        elif line.startswith(b"AT#MQ") and line.endswith(b"?"):
            self.say(b"ERROR")
            return
        self.say(b"OK")

    def _broker(self):
        if self.posting:
            self.tcp = b""
            self.posting = False
            self.mq_published += 1
        else:
            SecureTelit._broker(self)

    def mq_message(self, payload):
        """A message waits in the module."""
        was = self.heap.unlock()
        self.mq_waits = payload
        self.say(b"#MQRING: 1,1,devices/7/cmd,%d" % len(payload))
        self.heap.again(was)

    def mq_lost(self):
        """The module's broker has gone, without a word."""
        self.mq_up = False


class QuectelServices(FakeQuectel):
    """HTTP with a head (M66) or, `heads` False, without (the others)."""

    TYPE = b"m66"
    VERIFY = "none"
    heads = True
    asked = 0
    counted = True
    url = False

    def _command(self, line):
        self.SENT = b"SEND OK"
        if line.startswith(b"AT+QHTTPCFG="):
            if not self.heads:
                self.say(b"ERROR")
                return
            if not line.endswith(b",1"):
                self.say(b'+QHTTPCFG: "responseheader",1')
        elif line.startswith(b"AT+QHTTPURL="):
            self.url = True
            self.SENT = b"OK"
            self.want = int(line[12 : line.find(b",")])
            self.say(b"CONNECT")
            return
        elif line.startswith(b"AT+QHTTPGET="):
            self.asked += 1
        elif line.startswith(b"AT+QHTTPREAD="):
            self.to_host += b"\r\nCONNECT\r\n"
            if self.heads:
                self.to_host += b"HTTP/1.1 200 OK\r\n"
                if self.counted:
                    self.to_host += b"Content-Length: %d\r\n" % len(BODY)
                self.to_host += b"\r\n"
            self.to_host += BODY
        else:
            FakeQuectel._command(self, line)
            return
        self.say(b"OK")

    def _broker(self):
        if self.url:
            self.tcp = b""
            self.url = False
        else:
            FakeQuectel._broker(self)


class QuectelBare(QuectelServices):
    TYPE = b"m95"
    heads = False
