"""Small HTTP and FTP servers for the simulated network."""

from tools.modem import TLSService
from tools.modem.tls import _Session, server_context

SUITES = "DEFAULT:@SECLEVEL=0"


class Web:
    """Answers each request with `answer` (bytes, or a function of the request) and closes."""

    def __init__(self, answer, closes=True):
        self.answer = answer
        self.closes = closes
        self.requests = []
        self._got = {}

    def connected(self, conn):
        self._got[conn] = b""

    def received(self, conn, data, now_us):
        self._got[conn] += data
        head, end, body = self._got[conn].partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.split(b"\r\n")
        sizes = [line for line in lines if line.lower().startswith(b"content-length:")]
        if sizes and len(body) < int(sizes[0].split(b":")[1]):
            return
        self.requests.append((lines[0], head, body))
        answer = self.answer(lines[0]) if callable(self.answer) else self.answer
        if answer is not None:
            conn.send(answer)
            if self.closes:
                conn.close()

    def closed(self, conn):
        self._got.pop(conn, None)

    def poll(self, now_us):
        return None


def page(body, kind=b"text/html", status=b"200 OK"):
    """An HTTP answer."""
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (status, kind, len(body)) + body


class _Data:
    """The data connections of one FTP session."""

    def __init__(self, ftp):
        self.ftp = ftp
        self.conn = None

    def connected(self, conn):
        self.conn = conn
        self.ftp.data_moves()

    def received(self, conn, data, now_us):
        self.ftp.stored += data

    def closed(self, conn):
        self.conn = None
        self.ftp.data_closed()

    def poll(self, now_us):
        return None


class FTP:
    """An FTP server; explicit TLS with a certificate. One session at a time.

    `files`: name -> bytes. `said`: the commands that came, without arguments of PASS."""

    ADDRESS = "10.9.8.7"
    HOST = "ftp.example"

    def __init__(self, files, pair=None, user=("user", "secret")):
        self.files = dict(files)
        self.pair = pair
        self.user = user
        self.network = None
        self.said = []
        self.stored = b""
        self._conn = self._tls = None
        self._got = b""
        self._port = 40_000
        self._data = None
        self._doing = None
        self._private = False
        self._rest = 0

    def connected(self, conn):
        self._conn, self._tls, self._got = conn, None, b""
        self._private = False
        self.reply("220-ready\r\n220 go on")

    def closed(self, conn):
        self._conn = None

    def poll(self, now_us):
        return None

    def reply(self, text):
        data = text.encode() + b"\r\n"
        if self._tls is None:
            self._conn.send(data)
        else:
            self._tls.write(data)
            self._conn.send(self._tls.out())

    def received(self, conn, data, now_us):
        if self._tls is not None:
            plain = self._tls.step(data)
            out = self._tls.out()
            if out:
                conn.send(out)
            if self._tls.failed:
                conn.close()
                return
            data = plain
        self._got += data
        while b"\r\n" in self._got and self._conn is not None:
            line, _, self._got = self._got.partition(b"\r\n")
            verb, _, rest = line.decode().partition(" ")
            self.said.append(verb if verb == "PASS" else line.decode())
            handler = getattr(self, "_do_" + verb.lower(), None)
            self.reply("500 no such command") if handler is None else handler(rest)

    def _do_auth(self, rest):
        if self.pair is None:
            self.reply("502 no TLS")
            return
        self.reply("234 go")
        context = server_context(*self.pair, ciphers=SUITES)
        self._tls = _Session(context, True)

    def _do_pbsz(self, rest):
        self.reply("200 ok")

    def _do_prot(self, rest):
        self._private = rest == "P"
        self.reply("200 ok")

    def _do_user(self, rest):
        self._name = rest
        self.reply("331 password")

    def _do_pass(self, rest):
        self.reply("230 in" if (self._name, rest) == self.user else "530 no")

    def _do_type(self, rest):
        self.reply("200 ok")

    def _do_rest(self, rest):
        self._rest = int(rest)
        self.reply("350 ok")

    def _do_pwd(self, rest):
        self.reply('257 "/"')

    def _do_cwd(self, rest):
        self.reply("250 ok" if rest == "dir" else "550 no")

    def _do_size(self, rest):
        self.reply(f"213 {len(self.files[rest])}" if rest in self.files else "550 no")

    def _do_dele(self, rest):
        self.reply("250 gone" if self.files.pop(rest, None) is not None else "550 no")

    def _do_pasv(self, rest):
        self._port += 1
        self._data = _Data(self)
        service = self._data
        if self._private:
            service = TLSService(self._data, *self.pair, ciphers=SUITES)
        for name in (self.ADDRESS, self.HOST):
            self.network.services[(name.encode(), self._port)] = service
        numbers = self.ADDRESS.replace(".", ",")
        self.reply(f"227 ({numbers},{self._port >> 8},{self._port & 255})")

    def _do_retr(self, rest):
        if rest not in self.files:
            self.reply("550 no such file")
            return
        self.reply("150 here it comes")
        data, self._rest = self.files[rest][self._rest :], 0
        self._doing = ("out", data)
        self.data_moves()

    def _do_list(self, rest):
        self.reply("150 here it comes")
        listing = "".join(f"{name} {len(data)}\r\n" for name, data in self.files.items())
        self._doing = ("out", listing.encode())
        self.data_moves()

    def _do_stor(self, rest):
        self.stored = b""
        self.reply("150 go")
        self._doing = ("in", rest)

    def _do_appe(self, rest):
        self._do_stor(rest)
        self.stored = self.files.get(rest, b"")

    def _do_quit(self, rest):
        self.reply("221 bye")
        self._conn.close()

    def data_moves(self):
        if self._data is None or self._data.conn is None or self._doing is None:
            return
        if self._doing[0] == "out":
            conn, data = self._data.conn, self._doing[1]
            self._doing = None
            if data:
                conn.send(data)
            conn.close()
            self.reply("226 done")

    def data_closed(self):
        if self._doing is not None and self._doing[0] == "in":
            self.files[self._doing[1]] = self.stored
            self._doing = None
            self.reply("226 done")
