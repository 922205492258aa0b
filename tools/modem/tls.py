"""TLS for both ends, really done (ssl.MemoryBIO), over any stream of bytes.

OpenSSL judges dates by the PC's clock, the modem by its own: OpenSSL is told to leave the
dates alone, and they are checked here against the modem's clock; so is the host name, since
a modem reports name and dates separately.
"""

import ipaddress
import os
import ssl
import tempfile
import warnings
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME
_PARTIAL_CHAIN = 0x80000  # X509_V_FLAG_PARTIAL_CHAIN: a server's own certificate as "CA"

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}

_contexts = {}  # a week's reconnects need the same one


def _load_pair(context, cert_pem, key_pem):
    """load_cert_chain reads files only: hand it memory where there is any, else a private file."""
    data = cert_pem + b"\n" + key_pem
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("pair")
        try:
            os.write(fd, data)
            context.load_cert_chain(f"/proc/self/fd/{fd}")
        finally:
            os.close(fd)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pair.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(data)
        context.load_cert_chain(path)


def _only(context, version):
    """Allow one version, or a range; that the old ones are deprecated is known here."""
    low, _, high = version.partition("-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = VERSIONS[low]
        context.maximum_version = VERSIONS[high or low]


def client_context(version, ca_pem=None, pair=None, ciphers=None):
    """The context of a modem's connection: `version` is a key of VERSIONS, `pair` (cert, key)."""
    key = (version, ca_pem, pair, ciphers)
    if key in _contexts:
        return _contexts[key]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _only(context, version)
    wanted = ciphers or "DEFAULT"
    context.set_ciphers(wanted + ("" if version == "1.2" else ":@SECLEVEL=0"))
    context.options |= ssl.OP_NO_TICKET
    if ca_pem is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        pem = b"-----BEGIN" in ca_pem
        context.load_verify_locations(cadata=ca_pem.decode("ascii", "replace") if pem else ca_pem)
        context.verify_flags |= _NO_CHECK_TIME | _PARTIAL_CHAIN
    if pair is not None:
        _load_pair(context, *pair)
    if len(_contexts) > 32:
        _contexts.clear()
    _contexts[key] = context
    return context


def server_context(cert_pem, key_pem, client_ca_pem=None, version=None, ciphers=None):
    """The context of a server in the simulation; with a CA it demands client certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if client_ca_pem is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca_pem.decode("ascii"))
        context.verify_flags |= _NO_CHECK_TIME
    if version is not None:
        _only(context, version)
        if version != "1.2":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if ciphers is not None:
        context.set_ciphers(ciphers)
    _load_pair(context, cert_pem, key_pem)  # (a key is judged by the level that was set)
    return context


class _Session:
    """A TLS session over bytes handed in and out."""

    def __init__(self, context, server_side, server_name=None, session=None):
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self.ssl = context.wrap_bio(self._in, self._out, server_side, server_name, session)
        self.done = False  # handshake finished
        self.failed = None  # "untrusted" or "handshake"
        self.reason = ""  # OpenSSL's word for it
        self.ended = False  # the peer has said goodbye

    def step(self, data=b"") -> bytes:
        """Take bytes from the wire, return the plain text in them. Look at `out` after it."""
        if data:
            self._in.write(data)
        if self.failed or self.ended:
            return b""
        if not self.done:
            try:
                self.ssl.do_handshake()
                self.done = True
            except ssl.SSLWantReadError:
                return b""
            except ssl.SSLCertVerificationError as error:
                self.failed, self.reason = "untrusted", error.verify_message
                return b""
            except ssl.SSLError as error:
                self.failed, self.reason = "handshake", error.reason or str(error)
                return b""
        return self._read()

    def _read(self):
        plain = bytearray()
        while True:
            try:
                piece = self.ssl.read(16384)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                self.ended = True
                break
            except ssl.SSLError as error:
                self.failed, self.reason = "handshake", error.reason or str(error)
                break
            if not piece:
                self.ended = True
                break
            plain += piece
        return bytes(plain)

    def write(self, data):
        self.ssl.write(data)

    def out(self) -> bytes:
        """What has to go onto the wire."""
        return self._out.read()

    def goodbye(self) -> bytes:
        """close_notify, as bytes for the wire."""
        if self.done and not self.failed:
            try:
                self.ssl.unwrap()
            except (ssl.SSLError, OSError):
                pass
        return self.out()


class ClientTLS(_Session):
    """The modem's end. After `done`, `judge` says what is wrong with the certificate."""

    def __init__(self, context, server_name=None, session=None):
        super().__init__(context, False, server_name, session)
        self.verifies = context.verify_mode == ssl.CERT_REQUIRED

    def judge(self, host, unix_s, check_dates=True, unverified=False):
        """What is wrong with the certificate: nothing (""), "name", "dates" or "name+dates".

        An unverified session is not judged (unless `unverified` wants its dates): without a CA
        any server is trusted. `host` None: the name does not matter."""
        if not self.verifies and not unverified:
            return ""
        leaf = x509.load_der_x509_certificate(self.ssl.getpeercert(True))
        faults = []
        if self.verifies and host is not None and not name_matches(leaf, host):
            faults.append("name")
        if check_dates and not all(in_time(one, unix_s) for one in self._chain(leaf)):
            faults.append("dates")
        return "+".join(faults)

    def _chain(self, leaf):
        chain = getattr(getattr(self.ssl, "_sslobj", None), "get_verified_chain", None)
        if chain is None or not self.verifies:
            return [leaf]
        found = []
        for one in chain() or ():  # (of a session that is resumed there is none)
            der = one if isinstance(one, bytes) else one.public_bytes(2)  # 2: ENCODING_DER
            found.append(x509.load_der_x509_certificate(der))
        return found or [leaf]


def in_time(certificate, unix_s) -> bool:
    """Whether `unix_s` lies between the certificate's dates."""
    now = datetime.fromtimestamp(unix_s, UTC)
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def name_matches(certificate, host: str) -> bool:
    """RFC 6125: subject alternative names; the common name only where there are none."""
    host = host.rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    try:
        names = certificate.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return any(_one_name(str(one.value), host) for one in common)
    if address is not None:
        return address in names.get_values_for_type(x509.IPAddress)
    return any(_one_name(name, host) for name in names.get_values_for_type(x509.DNSName))


def _one_name(pattern, host):
    pattern = pattern.rstrip(".").lower()
    if pattern.startswith("*."):
        _, _, rest = host.partition(".")
        return bool(rest) and rest == pattern[2:]
    return pattern == host


class _TLSConn:
    """A connection inside TLS, as the inner service sees it."""

    def __init__(self, service, outer, context):
        self.service = service
        self.outer = outer
        self.session = _Session(context, True)
        self.announced = False
        self.host, self.port = outer.host, outer.port
        self.peer_certificate = None  # DER, when the client showed one

    @property
    def now_us(self):
        return self.outer.now_us

    def send(self, data):
        if self.outer not in self.service._conns:
            return  # closed meanwhile
        self.session.write(data)
        self.outer.send(self.session.out())

    def close(self):
        if self.outer not in self.service._conns:
            return
        self.outer.send(self.session.goodbye())
        self.outer.close()
        self.service._conns.pop(self.outer, None)


class TLSService:
    """Puts TLS in front of a service: `TLSService(broker, cert_pem, key_pem, client_ca_pem)`.

    `handshakes` counts those that ended well, `failures` holds OpenSSL's reasons of the others.
    """

    def __init__(self, service, cert_pem, key_pem, client_ca_pem=None, version=None, ciphers=None):
        self.service = service
        self.context = server_context(cert_pem, key_pem, client_ca_pem, version, ciphers)
        self.context.sni_callback = self._sni
        self.handshakes = 0
        self.failures = []
        self.names = []  # the server names that were asked for
        self._conns = {}

    def _sni(self, _ssl, name, _context):
        self.names.append(name)

    def connected(self, conn):
        self._conns[conn] = _TLSConn(self, conn, self.context)

    def received(self, conn, data, now_us):
        inner = self._conns.get(conn)
        if inner is None:
            return
        session = inner.session
        plain = session.step(data)
        out = session.out()
        if out:
            conn.send(out)
        if session.failed:
            self.failures.append(session.reason)
            self._end(conn, inner)
            conn.close()
            return
        if session.done and not inner.announced:
            inner.announced = True
            inner.peer_certificate = session.ssl.getpeercert(True)
            self.handshakes += 1
            self.service.connected(inner)
        if plain:
            self.service.received(inner, plain, now_us)
        if session.ended and conn in self._conns:
            conn.send(session.goodbye())  # without it OpenSSL forgets the session
            self._end(conn, inner)
            conn.close()

    def closed(self, conn):
        inner = self._conns.get(conn)
        if inner is not None:
            self._end(conn, inner)

    def _end(self, conn, inner):
        del self._conns[conn]
        if inner.announced:
            self.service.closed(inner)

    def poll(self, now_us):
        poll = getattr(self.service, "poll", None)
        return None if poll is None else poll(now_us)
