"""TLS in the module: may a connection be opened, with which cipher suite, and who refused it."""

from uplink import log
from uplink.modem.states import const
from uplink.modems import policy

_CONNECTIONS = const(17)  # of vendor.NUMBERS
_NAMED = const(21)
_ONE_SUITE = const(22)

_TLS_REFUSED = const(8)  # so many refused handshakes in a row count as a failure of the link


class Security:
    """What the module can, by its vendor's tables, and what came of it."""

    def __init__(self, core):
        self.core = core
        self.most = 0  # connections at a time
        self.stores = 1  # of so many each has certificates of its own
        self.named = 0  # it compares the server's name with the certificate's
        self.suites = 0  # where the cipher suites of this model stand in vendor.SUITES
        self.suite = 0  # which of them, where it takes one at a time
        self.refused = 0  # handshakes that the server refused, in a row
        self.failed = 0  # opens that failed, TLS or not, in a row

    def adopt(self, numbers):
        """Another vendor's tables are used from now on."""
        self.most = numbers[_CONNECTIONS]
        self.named = numbers[_NAMED]
        self.stores = 1
        self.suites = 0
        self.suite = 0

    def may_open(self, s):
        """Warn about weak settings; refuse to open without what verification needs.

        False: the log says why; it is for the caller to close it (`CLOSED_UNOPENED`).
        """
        core = self.core
        files = core.files
        tls = core.cfg["tls"]
        others = 0
        for other in core.sockets:
            others += other is not s and other.tls and other.state > 0
        if others >= self.most:
            log.error("modem", "the module has no other TLS connection", s.cid)
            return False
        if not policy.admits(core.vendor.SUITES, self.suites, tls["level"], self.suite):
            return False
        if tls["verify"] == "none":
            log.warn("modem", "TLS WITHOUT verification")
        elif not tls["ca"] or not files.good:
            if not tls["ca"]:
                log.error("modem", "no CA: set tls.ca")
            else:
                log.error("modem", "certificates in the module not verified")
                core.checked = False
            files.check()
            return False
        elif not self.named:
            log.warn("modem", "the server's name is not checked by this module")
        if tls["version"] != "1.2":
            log.warn("modem", "weak TLS allowed", tls["version"])
        if not tls["check_dates"]:
            log.warn("modem", "certificate dates not checked")
        return True

    def another_suite(self):
        """The server said no; perhaps not to the next of the suites that are tried one by one.

        After the last of them the first is next, and the answer is False.
        """
        core = self.core
        self.suite += core.vendor.NUMBERS[_ONE_SUITE]
        if policy.place(core.vendor.SUITES, self.suites, core.cfg["tls"]["level"], self.suite) < 0:
            self.suite = 0
        return self.suite > 0

    def is_refused(self):
        """The server was reached and said no; True when that is no failure of the link.

        Only a module that is stuck says so for ever.
        """
        self.refused += 1
        return self.refused % _TLS_REFUSED > 0
