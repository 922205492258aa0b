"""The one family of exceptions, and the small integers that the engines use instead.

Inside the engines a failure is an `int` (no heap, no unwinding); an exception is raised
only at the application's edge, and its message says what happened, where, and what to do.
"""

# Why a connection is closed, from 0 on: `Socket` hands one of these to its listener. The module
# has them as `CLOSED_LOCAL` and so on. (As one text they take no RAM and the least of flash.)
_REASONS = (
    "LOCAL "  # we closed it
    "PEER "  # the server closed it
    "LINK "  # registration, packet data or the modem itself is gone
    "TIMEOUT "  # no answer within the limit
    "REFUSED "  # the server (or the network) refused the connection
    "DNS "  # the host name has no address
    "TLS "  # the TLS handshake failed
    "CERTIFICATE "  # the server's certificate was not accepted
    "DAMAGED "  # bytes were lost on the UART: the stream is no longer whole
    "PROTOCOL "  # the peer broke the protocol above (MQTT)
    "UNOPENED"  # we did not open it: the configuration, or who has TLS, does not allow it
)


def __getattr__(name):
    names = _REASONS.split()
    if name[:7] == "CLOSED_" and name[7:] in names:
        return names.index(name[7:])
    raise AttributeError(name)


_CLOSED = (
    "closed by us",
    "closed by the server",
    "link lost",
    "timed out",
    "refused by the server: check host and port",
    "host name has no address: check broker.host",
    "TLS handshake failed: check the server's TLS version and this device's certificate",
    "server certificate not accepted: check tls.ca, the host name and the clock",
    "bytes lost on the UART: check wiring, baud rate and flow control",
    "protocol violated by the server",
)


def closed_text(reason):
    """The sentence for one of the CLOSED_ codes.

    Those above them are of `http.request`: what a service would not open either (HELD).
    """
    if reason < len(_CLOSED):
        return _CLOSED[reason]
    return "not opened: tls.level, CA, clock or TLS in use forbid it, see the log"


class UplinkError(Exception):
    """What every error of this package is."""


class TimeoutError_(UplinkError):
    """A limit passed. (The underscore keeps Python's own name free.)"""


class ATError(UplinkError):
    """The modem said no: `command`, `code` (-1 where it gave none) and its text."""

    def __init__(self, command, code=-1, text=""):
        super().__init__("%s: %s (%d)" % (command, text or "ERROR", code))
        self.command = command
        self.code = code
        self.text = text


class LinkDown(UplinkError):
    """There is no connection to the network, or none to the server."""


class TLSError(UplinkError):
    """The secure connection was refused; the message says by whom and what to do."""


class MQTTError(UplinkError):
    """The broker refused or broke the protocol: `code` and its OASIS name."""

    def __init__(self, code, name):
        super().__init__("MQTT: %s (%d)" % (name, code))
        self.code = code
        self.name = name


class ConfigError(UplinkError):
    """A configuration that cannot be used: file, key, and what was expected."""

    def __init__(self, file, key, expected):
        super().__init__("%s: %s: expected %s" % (file, key, expected))
        self.file = file
        self.key = key
        self.expected = expected
