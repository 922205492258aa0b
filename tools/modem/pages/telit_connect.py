"""Telit: one way to open a connection, plain or by what a secure socket is configured for."""

from . import telit_errors as err
from .telit_security import trust_of

CONNECT_US = 140_000_000  # resolving and connecting, at most


def connect(
    modem, cid, where, number, limit_us, done, session=None, name=None, quiet_us=20_000_000
):
    """Open `cid` to where = (host, port); done(word) later, words as in ../sockets.py and "files".

    `number`: the secure socket whose settings hold, None for plain TCP. `name`: what the server
    is called, where that is not its host. `quiet_us`: how long it may be silent in the handshake.
    Returns the Trust."""
    host, port = where
    trust = None
    if number is not None:
        trust = trust_of(modem, number, name or host)
        if trust is None:
            modem.event("tls", f"{cid} not started: certificates or key unusable")
            modem.after_ms(300, done, "files")
            return None
        trust.session = session
        trust.host = name
        trust.quiet_us = quiet_us
        if trust.bare and not modem.options.legacy_server:
            modem.event("tls", f"{cid} NO REAL HANDSHAKE: {trust.bare}; taken as refused")
            modem.after_ms(modem.options.connect_ms + 900, done, "handshake")
            return trust
    data = host.encode("latin-1")
    delay = modem.options.connect_ms
    modem.after_ms(delay, modem.sockets.open, cid, data, port, trust, limit_us, done)
    return trust


def refuse(c, word, secure):
    """The error for what opening came to."""
    c.cme(err.TLS[word] if secure else err.PLAIN.get(word, err.CANNOT_OPEN))
