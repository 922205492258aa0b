"""Telit: +CME ERROR codes beyond 27.007, and their texts.

830 to 841: the guide's 12.2. 550 to 568, FTP and network codes: the AT reference guides. The
number of "Resource used by another instance" is in no text that is at hand: chosen.
"""

from .. import cme

GENERIC = 550
ALREADY_ACTIVE = 553
ACTIVATION_FAILED = 555
NOT_ACTIVE = 556
NO_SOCKET = 557
NO_ADDRESS = 558
OPEN_TIMEOUT = 559
CANNOT_OPEN = 560
REMOTE_CLOSED = 561
CONNECTION_FAILED = 562
SEND_FAILED = 563
WRONG_PDP = 568
FTP_NOT_CONNECTED = 615
FTP_TIMEOUT = 643
IN_USE = 1000

SSL_GENERIC = 830
SSL_CANNOT_ACTIVATE = 831
SSL_SOCKET = 832
SSL_NOT_CONNECTED = 833
SSL_CONNECTED = 834
SSL_ACTIVATED = 835
SSL_NOT_ACTIVATED = 836
SSL_CERTIFICATES = 837
SSL_DATA = 838
SSL_HANDSHAKE = 839
SSL_DISCONNECTED = 840
SSL_STATE = 841

TEXTS = {
    **cme.TEXTS,
    GENERIC: "generic undocumented error",
    551: "wrong state",
    552: "wrong mode",
    ALREADY_ACTIVE: "context already activated",
    554: "stack already active",
    ACTIVATION_FAILED: "activation failed",
    NOT_ACTIVE: "context not opened",
    NO_SOCKET: "cannot setup socket",
    NO_ADDRESS: "cannot resolve DN",
    OPEN_TIMEOUT: "time-out in opening socket",
    CANNOT_OPEN: "cannot open socket",
    REMOTE_CLOSED: "remote disconnected or time-out",
    CONNECTION_FAILED: "connection failed",
    SEND_FAILED: "tx error",
    564: "already listening",
    WRONG_PDP: "wrong PDP",
    FTP_NOT_CONNECTED: "FTP not connected",
    FTP_TIMEOUT: "FTP communication timeout",
    SSL_GENERIC: "SSL generic error",
    SSL_CANNOT_ACTIVATE: "SSL cannot activate",
    SSL_SOCKET: "SSL socket error",
    SSL_NOT_CONNECTED: "SSL not connected",
    SSL_CONNECTED: "SSL already connected",
    SSL_ACTIVATED: "SSL already activated",
    SSL_NOT_ACTIVATED: "SSL not activated",
    SSL_CERTIFICATES: "SSL certs and keys wrong or not stored",
    SSL_DATA: "SSL error enc/dec data",
    SSL_HANDSHAKE: "SSL error during handshake",
    SSL_DISCONNECTED: "SSL disconnected",
    SSL_STATE: "SSL invalid state",
    IN_USE: "Resource used by another instance",
}

# what opening a socket came to, as plain sockets and as TLS tell it
PLAIN = {
    "dns": NO_ADDRESS,
    "refused": CANNOT_OPEN,
    "timeout": OPEN_TIMEOUT,
    "lost": NOT_ACTIVE,
}
TLS = {
    "dns": SSL_SOCKET,
    "refused": SSL_SOCKET,
    "timeout": SSL_SOCKET,
    "lost": SSL_SOCKET,
    "untrusted": SSL_HANDSHAKE,
    "handshake": SSL_HANDSHAKE,
    "name": SSL_HANDSHAKE,
    "dates": SSL_HANDSHAKE,
    "name+dates": SSL_HANDSHAKE,
    "files": SSL_CERTIFICATES,
}
