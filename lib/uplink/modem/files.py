"""Keeps the certificates in the module's file system equal to those on the board's flash.

For each of CA, client certificate and key: ask for the size; where it is the same, read the file
back and compare it byte by byte; upload only when it differs; after an upload ask and read back
again. What the configuration does not name any more is removed. At the end the module converts
what changed into its own form (and again when an open was refused: `doubtful`).

Some modules keep certificates where nobody can read them. What is there is ours then when it was
uploaded since our own start, and the module tells the same of it (`sums`) as it did then.
"""

from uplink import exact, log
from uplink.modem.states import const

# What is due: the letter of the vendor's script, 0 when everything is as it should be.
_STAT = const(68)  # D
_READ = const(69)  # E
_WRITE = const(70)  # F
_DELETE = const(71)  # G
_CONVERT_CA = const(72)  # H
_CONVERT_CLIENT = const(73)  # I

_CA = const(1)  # what has to be converted
_CLIENT = const(2)

_CHECK = const(26)  # of states

_PIECE = const(128)  # of a file at a time

_FILE_MAX = const(11)  # of vendor.NUMBERS
_HIDDEN = const(15)  # 0: files can be read back; 1: their checksum can, 2: that they are there

_NEVER = const(-2)
_SUMS = const(24)


class Files:
    """`core.cfg` has the paths, `core.vendor` the names in the module and the scripts."""

    def __init__(self, core):
        tls = core.cfg["tls"]
        self.core = core
        self.paths = (tls["ca"], tls["cert"], tls["key"])
        # the broker's connection, or another of the application's, is to be secure
        self.wanted = core.cfg["broker"]["tls"] or tls["ca"] is not None
        self.index = 0
        self.store = 0  # some keep them for each TLS connection: of which
        self.due = 0
        self.found = -1  # size in the module, -1 = not there
        self.size = 0  # size on the board
        self.sizes = [0, 0, 0]
        # of our uploads, where they cannot be read back; three a store
        self.sums = [_NEVER] * _SUMS
        self.uploads = 0  # tries for the present file
        self.changed = 0
        # convert again although nothing changed: a restart may have come before it was done
        self.doubtful = True
        self.volatile = (
            False  # keep them where a restart forgets them, if the module has such a place
        )
        self.good = False  # what the module has is ours, read back and converted
        self.failed = False
        self.equal = False
        self.compared = 0
        self.file = None
        self.form = 49  # 1 PEM, 0 DER: that is counted, nothing else ends it
        self.buf = bytearray(_PIECE)
        # counters
        self.uploaded = 0
        self.removed = 0

    def start(self):
        """Begin with the first file."""
        self.failed = False
        self.good = False
        self.index = -1
        self.store = 0
        self._next(self.wanted)

    def name(self):
        """The present file's name in the module."""
        return self.core.vendor.FILES[self.index]

    def script(self):
        """The letter of the script that is due; 0 when everything is as it should be."""
        due = self.due
        self.found = -1
        if due == _READ or due == _WRITE:
            self.compared = 0
            self.equal = True
            if self.file is not None:
                self.file.seek(0)
        elif not due:
            self._next(False)
            self.good = True
        return due

    def done(self, good):
        """The script has ended, `good` or not; decide what comes next."""
        due = self.due
        i = self.index
        sum = i + 3 * self.store
        numbers = self.core.vendor.NUMBERS
        hidden = numbers[_HIDDEN]
        if due == _DELETE:
            self.removed += 1
            self._next(True)
        elif due == _STAT and not good:
            self.failed = True
        elif due == _STAT and self.paths[i] is None:
            if self.found >= 0:
                self.due = _DELETE
            else:
                self._next(True)
        elif due == _STAT and hidden and self.found == self.sums[sum]:
            self._next(True)
        elif due == _STAT and not hidden and self.found == self.size:
            self.due = _READ
        elif due == _READ and good and self.equal and self.compared == self.size:
            self._next(True)
        elif due == _WRITE and good:
            self.uploaded += 1
            if hidden == 2:
                self.sums[sum] = 1
            self.changed |= _CLIENT if i else _CA
            self.due = _STAT
        elif due < _CONVERT_CA:  # it differs
            self.failed = True
            if self.uploads >= 2:
                log.error("modem", "upload not verified", self.name())
            elif not 1 <= self.size <= numbers[_FILE_MAX]:
                log.error("modem", "certificate missing or too large", self.name(), self.size)
            else:
                self.failed = False
                self.uploads += 1
                log.info("modem", "uploading", self.name(), self.size)
                self.due = _WRITE
        elif not good:
            log.error("modem", "certificate refused by the module", self.name())
            self.failed = True
        else:
            self.changed &= _CLIENT if due == _CONVERT_CA else 0
            self._convert()

    def _next(self, more):
        """The next file, if there is to be one; then what has to be converted."""
        if self.file is not None:
            self.file.close()
            self.file = None
        self.uploads = 0
        self.size = 0
        self.due = 0
        if not more:
            return
        self.index += 1
        if self.index > 2:
            self.index = 0
            self.store += 1
        if self.store >= self.core.security.stores:
            if self.doubtful:
                self.changed = _CA | _CLIENT
            self._convert()
            return
        self.due = _STAT
        path = self.paths[self.index]
        if path is not None:
            self.form = 49  # (connections say it, too: it stays that of the last file)
            try:
                self.file = open(path, "rb")
                self.size = self.file.seek(0, 2)
                self.file.seek(0)
                if self.file.read(1) == b"0":  # a SEQUENCE
                    self.form = 48
                self.sizes[self.index] = self.size
            except (OSError, MemoryError):
                log.error("modem", "cannot read", path)

    def _convert(self):
        ca, cert, key = self.paths
        if self.core.vendor.NUMBERS[_HIDDEN]:
            self.changed = 0
        if self.changed & _CA and ca is not None:
            self.due = _CONVERT_CA
        elif self.changed & _CLIENT and cert is not None and key is not None:
            self.due = _CONVERT_CLIENT
        else:
            self.doubtful = False
            self.due = 0

    def payload(self, engine):
        """The next piece of the file behind the prompt; False at its end."""
        exact.resize(self.buf, _PIECE)
        n = self.file.readinto(self.buf) if self.file is not None else 0
        engine.out_pos = 0
        engine.out_end = n
        if n:
            engine.out = self.buf
        elif engine.out is self.buf:
            # behind the last piece, what ends the input there
            engine.out = tail = b"" if self.form == 48 else self.core.vendor.TAIL
            engine.out_end = n = len(tail)
        return n > 0

    def data(self, buf, off, n):
        """A piece of the file read back: compare."""
        self.compared += n
        piece = self.buf
        while n > 0 and self.equal:
            # at C speed: at 921,600 baud a byte comes each 11 us
            k = n if n < _PIECE else _PIECE
            exact.resize(piece, k)
            if self.file.readinto(piece) != k or buf.find(piece, off, off + k) < 0:
                self.equal = False
            off += k
            n -= k

    def check(self):
        """Once after each open that succeeded: are the certificates in the module ours?"""
        core = self.core
        if core.checked:
            return
        core.checked = True
        if self.wanted:
            self.doubtful = True
            if core.vendor.NUMBERS[_HIDDEN] == 2:
                for i in range(_SUMS):
                    self.sums[i] = _NEVER
            core.event(_CHECK)

    def clock_needed(self):
        """True when certificates' dates will be checked."""
        tls = self.core.cfg["tls"]
        return self.wanted and tls["verify"] != "none" and tls["check_dates"]
