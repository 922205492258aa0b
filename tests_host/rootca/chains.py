"""Chains of certificates for tests, and real TLS servers on 127.0.0.1 that send them."""

import contextlib
import datetime
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "broker.example.org"
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)


def _usage(sign):
    flags = dict.fromkeys(
        "content_commitment key_encipherment data_encipherment key_agreement encipher_only "
        "decipher_only".split(),
        False,
    )
    return x509.KeyUsage(digital_signature=not sign, key_cert_sign=sign, crl_sign=sign, **flags)


class Made:
    """A certificate with its key; `issuer` None: signed by itself. EC P-256, SHA-256."""

    def __init__(self, name, issuer=None, ca=True, hosts=(), days=(-1, 3650), **odd):
        """odd: usage=None leaves key usage out; key=one that is there already; signed_by=another
        Made, whose key signs in the issuer's name; url=where the issuer's certificate can be had;
        padding=n adds n bytes of an unknown extension.
        """
        self.cn = name
        self.key = odd.get("key") or ec.generate_private_key(ec.SECP256R1())
        issuer = issuer or self
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        key = odd.get("signed_by", issuer).key
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(issuer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + days[0] * DAY)
            .not_valid_after(NOW + days[1] * DAY)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        usage = odd.get("usage", _usage(ca))
        if usage is not None:
            builder = builder.add_extension(usage, critical=True)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        if "url" in odd:
            place = x509.UniformResourceIdentifier(odd["url"])
            access = x509.AccessDescription(x509.AuthorityInformationAccessOID.CA_ISSUERS, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), False)
        if "padding" in odd:
            oid = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")
            other = x509.UnrecognizedExtension(oid, bytes(odd["padding"]))
            builder = builder.add_extension(other, critical=False)
        self.certificate = builder.sign(key, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def secret(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@contextlib.contextmanager
def serve(folder, made, *sent, context=None, client_ca=None, version=None):
    """A TLS server with the certificate `made` that sends `sent` behind it; its port.

    The names that clients asked for are in the list that comes with it.
    """
    names = []
    if context is None:
        path = folder / "chain.pem"
        path.write_bytes(made.secret + made.pem + b"".join(one.pem for one in sent))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca.pem.decode())
    if version is not None:
        context.minimum_version = version
    context.sni_callback = lambda _tls, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, context))
        thread.start()
        try:
            yield listener.getsockname()[1], names
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes accept
            thread.join()


def _accept(listener, context):
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        plain.settimeout(10)
        with plain, contextlib.suppress(OSError, ValueError):
            with context.wrap_socket(plain, server_side=True) as tls:
                tls.recv(1)  # until the client has gone
