"""Keeps the certificates in the module's file system equal to those on the board's flash.

For each of CA, client certificate and key: ask for the size; where it is the same, read the file
back and compare it byte by byte; upload only when it differs; after an upload ask and read back
again. What the configuration does not name any more is removed. At the end the module converts
what changed into its own form (and again when an open was refused: `doubtful`).
"""

from uplink import log
from uplink.at import codes

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_STAT = const(0)
_READ = const(1)
_WRITE = const(2)
_DELETE = const(3)
_CONVERT_CA = const(4)
_CONVERT_CLIENT = const(5)
_END = const(6)

_CHUNK = const(128)


class Files:
    """`tls` is the configuration's section; `core.vendor` has the names and the scripts."""

    def __init__(self, core, tls):
        self.core = core
        self.paths = (tls["ca"], tls["cert"], tls["key"])
        # the broker's connection, or another of the application's, is to be secure
        self.wanted = core.cfg["broker"]["tls"] or tls["ca"] is not None
        self.index = 0
        self.phase = _END
        self.found = -1  # size in the module, -1 = not there
        self.size = 0  # size on the board
        self.uploads = 0  # tries for the present file
        self.changed_ca = False
        self.changed_client = False
        # convert again although nothing changed: a restart may have come before it was done
        self.doubtful = True
        self.good = False  # what the module has is ours, read back and converted
        self.failed = False
        self.equal = False
        self.compared = 0
        self.file = None
        self.buf = bytearray(_CHUNK)
        self.pos = 0
        self.have = 0
        # counters
        self.uploaded = 0
        self.removed = 0

    def start(self):
        """Begin with the first file."""
        self.index = 0
        self.phase = _STAT if self.wanted else _END
        self.uploads = 0
        self.failed = False
        self.good = False
        self._open()

    def name(self):
        """The present file's name in the module."""
        return self.core.vendor.FILES[self.index]

    def next_script(self):
        """The script that is due, or None when everything is as it should be."""
        vendor = self.core.vendor
        phase = self.phase
        if phase == _STAT:
            self.found = -1
            return vendor.FILE_STAT
        if phase == _READ:
            self._rewind()
            self.equal = True
            self.compared = 0
            return vendor.FILE_READ
        if phase == _WRITE:
            self._rewind()
            return vendor.FILE_WRITE
        if phase == _DELETE:
            return vendor.FILE_DELETE
        if phase == _CONVERT_CA:
            return vendor.CONVERT_CA
        if phase == _CONVERT_CLIENT:
            return vendor.CONVERT_CLIENT
        self._close()
        self.good = True
        return None

    def done(self, result):
        """The script has ended; decide what comes next."""
        phase = self.phase
        good = result == codes.OK
        if phase == _STAT:
            self._stat_done(good)
        elif phase == _READ:
            if good and self.equal and self.compared == self.size:
                self._next_file()
            else:
                self._differs()
        elif phase == _WRITE:
            if good:
                self.uploaded += 1
                self._changed()
                self.phase = _STAT
            else:
                self._differs()
        elif phase == _DELETE:
            self.removed += 1
            self._next_file()
        elif not good:
            log.error("modem", "the module does not take the certificate", self.name())
            self.uploads = 0
            self.failed = True
        elif phase == _CONVERT_CA:
            self.changed_ca = False
            self._convert()
        elif phase == _CONVERT_CLIENT:
            self.changed_client = False
            self.doubtful = False
            self.phase = _END

    def _stat_done(self, good):
        if not good:
            self.failed = True
        elif self.paths[self.index] is None:
            if self.found >= 0:
                self.phase = _DELETE
            else:
                self._next_file()
        elif self.found == self.size:
            self.phase = _READ
        else:
            self._differs()

    def _differs(self):
        if self.uploads >= 2:
            log.error("modem", "upload could not be verified", self.name())
            self.failed = True
            return
        if self.size < 1 or self.size > self.core.vendor.FILE_MAX:
            log.error("modem", "certificate file missing or too large", self.name(), self.size)
            self.failed = True
            return
        self.uploads += 1
        log.info("modem", "uploading", self.name(), self.size)
        self.phase = _WRITE

    def _changed(self):
        if self.index == 0:
            self.changed_ca = True
        else:
            self.changed_client = True

    def _next_file(self):
        self.index += 1
        self.uploads = 0
        if self.index < len(self.paths):
            self.phase = _STAT
            self._open()
        else:
            self.index = 0
            if self.doubtful:
                self.changed_ca = True
                self.changed_client = True
            self._convert()

    def _convert(self):
        if self.changed_ca and self.paths[0] is not None:
            self.phase = _CONVERT_CA
        elif self.changed_client and self.paths[1] is not None and self.paths[2] is not None:
            self.phase = _CONVERT_CLIENT
        else:
            self.doubtful = False
            self.phase = _END

    # ---- the file on the board --------------------------------------------------------------

    def _open(self):
        self._close()
        self.size = 0
        path = self.paths[self.index] if self.phase != _END else None
        if path is None:
            return
        try:
            self.file = open(path, "rb")
            self.size = self.file.seek(0, 2)
        except (OSError, MemoryError):
            log.error("modem", "cannot read the certificate file", path)

    def _close(self):
        if self.file is not None:
            self.file.close()
            self.file = None

    def _rewind(self):
        self.pos = 0
        self.have = 0
        if self.file is not None:
            self.file.seek(0)

    def payload(self, engine):
        """The next piece of the file behind DOWNLOAD; False at its end."""
        n = self.file.readinto(self.buf) if self.file is not None else 0
        if not n:
            return False
        engine.out = self.buf
        engine.out_pos = 0
        engine.out_end = n
        return True

    def data(self, buf, off, n):
        """A piece of the file read back: compare."""
        end = off + n
        self.compared += n
        while off < end and self.equal:
            if self.pos >= self.have:
                self.have = self.file.readinto(self.buf) or 0
                self.pos = 0
                if not self.have:
                    self.equal = False
                    return
            if buf[off] != self.buf[self.pos]:
                self.equal = False
            off += 1
            self.pos += 1

    def damaged(self):
        """Bytes were lost while reading back."""
        self.equal = False
