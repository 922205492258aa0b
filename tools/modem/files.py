"""The module's file system, and what it makes of certificates."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


class Files:
    """Files by (directory, name), and the certificates converted from them."""

    def __init__(self, capacity=65_536):
        self.capacity = capacity
        self.files = {}
        self.converted = {}  # name -> ("ca", pem) or ("pair", pem, key)
        self.writes = 0
        self.unsafe = None  # (name, us) of what a page has written last

    def free(self):
        return max(0, self.capacity - sum(len(data) for data in self.files.values()))

    def write(self, directory, name, data, append=False) -> bool:
        """Store a file; False when it does not fit."""
        old = self.files.get((directory, name), b"") if append else b""
        room = self.free() + len(self.files.get((directory, name), b""))
        if len(old) + len(data) > room:
            return False
        self.files[(directory, name)] = old + bytes(data)
        self.writes += 1
        return True

    def read(self, directory, name):
        """The whole file, or None."""
        return self.files.get((directory, name))

    def delete(self, directory, name) -> bool:
        if self.files.pop((directory, name), None) is None:
            return False
        self.converted.pop(name, None)
        self.writes += 1
        return True

    def convert_ca(self, directory, name) -> bool:
        """Make a file usable as CA; False when it holds no certificate."""
        data = self.read(directory, name)
        if data is None or certificates(data) is None:
            return False
        self.converted[name] = ("ca", data)
        self.writes += 1
        return True

    def convert_pair(self, directory, cert, key, password=None) -> bool:
        """Make a certificate and its key usable together; False when they do not fit."""
        cert_data = self.read(directory, cert)
        key_data = self.read(directory, key)
        if cert_data is None or key_data is None:
            return False
        chain = certificates(cert_data)
        if chain is None:
            return False
        try:
            private = serialization.load_pem_private_key(key_data, password)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return False
        spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if private.public_key().public_bytes(*spki) != chain[0].public_key().public_bytes(*spki):
            return False
        plain = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.converted[cert] = ("pair", cert_data, plain)
        self.writes += 1
        return True


def pair_kind(cert_pem, key_pem) -> str:
    """What kind of key a certificate and its key have: "rsa", "ec", or "" when they do not fit."""
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    chain = certificates(cert_pem)
    try:
        private = serialization.load_pem_private_key(key_pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    if chain is None:
        return ""
    if private.public_key().public_bytes(*spki) != chain[0].public_key().public_bytes(*spki):
        return ""
    kinds = {rsa.RSAPrivateKey: "rsa", ec.EllipticCurvePrivateKey: "ec"}
    return next((word for kind, word in kinds.items() if isinstance(private, kind)), "")


def certificates(pem):
    """The certificates of a PEM (or one DER) file, or None when there is none in it."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        pass
    try:
        return [x509.load_der_x509_certificate(pem)]
    except ValueError:
        return None
