"""A certificate authority in memory: small EC keys (or RSA), any dates."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
END = datetime(2034, 1, 1, tzinfo=UTC)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class CA:
    """Signs certificates; everything is PEM."""

    def __init__(self, name="Bench CA", use_rsa=False):
        self.name = name
        self.use_rsa = use_rsa
        self.key = self._new_key()
        self.pem, _ = self._make(name, self.key, None, BEGIN, END, True)

    def issue(self, name, begin=BEGIN, end=END, more=()):
        """(certificate, key) for a host name or device, and for the names in `more`."""
        key = self._new_key()
        return self._make(name, key, [name, *more], begin, end, False)

    def _new_key(self):
        if self.use_rsa:
            return rsa.generate_private_key(65537, 2048)
        return ec.generate_private_key(ec.SECP256R1())

    def _make(self, subject, key, hosts, begin, end, is_ca):
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(is_ca, None), True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, False)
        certificate = builder.sign(self.key, hashes.SHA256())
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return certificate.public_bytes(serialization.Encoding.PEM), secret
