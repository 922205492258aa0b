"""The module's own FTP: files from a server, over TLS (explicit, both connections) or without."""

from uplink.http.request import text_of
from uplink.modem.states import const
from uplink.port.ticks import ticks_add

from .http import ModuleHTTP

_WHOLE = const(-1)
_PEER = const(1)  # of errors.CLOSED_
_ASK = const(97)
_READ = const(114)
_LOOK_MS = const(500)  # until it is asked again where nothing had come


class ModuleFTP(ModuleHTTP):
    """`await ftp.get(…)`: as `get` of HTTP, which see; `status` stays 0."""

    ONLINE = False  # whether files can come in data mode

    def __init__(self, core, vendor):
        super().__init__(core, vendor)
        self.name = "ftp"
        self.file = b""
        self.user = b""
        self.password = b""
        self.piece = 0  # bytes of the last read
        self.all_there = False  # the module has all of the file
        self.other_port = 0  # of the server that the module's HTTP is set to
        self.online = False  # the file comes in data mode

    def get(  # type: ignore[override]
        self,
        host,
        path,
        user=b"anonymous",
        password=b"",
        store=None,
        sink=None,
        most=1024,
        port=21,
        tls=True,
        online=False,
    ):
        """The file `path` into the bytearray `store` (`most` bytes of it) or to `sink`.

        `online`: in data mode (AT#FTPGET) instead of counted pieces, between which others speak:
        faster, and the line is the file's alone. ValueError: not in this image.
        """
        if online and not self.ONLINE:
            raise ValueError("ftp: online: not in this image (services)")
        user = text_of(user, 33)
        password = text_of(password, 33)
        path = text_of(path, 33)
        if not path:
            raise ValueError("ftp: no path")
        self._free()
        self.file = path
        self.user = user
        self.password = password
        self.piece = 0
        self.all_there = False
        self.online = online
        return self._ask(host, b"/", None, b"", store, sink, most, port, tls, b"")

    def post(self, *args, **more):
        """Nothing is sent by FTP."""
        raise ValueError("ftp: only get")

    def ended(self, letter, result, now):
        if result or self.draining or (letter != _ASK and letter != _READ):
            ModuleHTTP.ended(self, letter, result, now)
        elif letter == _ASK:
            self.since = now
            self.phase = _READ
            self.head_is_there(0, self.announced)
        elif self.piece:
            self.since = now
        elif not self.all_there:
            self.due_at = ticks_add(now, _LOOK_MS)
        else:
            short = 0 <= self.count < self.announced
            self.close(_PEER if short else _WHOLE)

    def taken(self, buf, off, n, now):
        self.since = now
        if self.letter:  # (else it is of a file that nobody wants any more)
            self.take(buf, off, n)
