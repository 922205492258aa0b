"""RSA certificates: the modules' cipher suites have no other key exchange. Made once a run."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives import serialization

from tests_host.modem.pki import CA

HOST = "broker.example"
IN_2024 = datetime(2024, 6, 1, tzinfo=UTC).timestamp()


def _device(most=1675):
    """A certificate and its key as PKCS#1 of at most so many bytes: they vary by four."""
    while True:
        cert, key = AUTHORITY.issue("device")
        private = serialization.load_pem_private_key(key, None)
        key = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        if len(key) <= most:
            return cert, key


AUTHORITY = CA(use_rsa=True)
SERVER = AUTHORITY.issue(HOST)
DEVICE = _device()
STRANGER = CA("another CA", use_rsa=True)


def xor16(data):
    """The checksum, computed another way than in the virtual modem."""
    total = 0
    for i in range(0, len(data), 2):
        total ^= int.from_bytes(data[i : i + 2].ljust(2, b"\0"), "big")
    return total


def shaped(pem, size, checksum):
    """A PEM file with text before it, so that size and checksum are the wanted ones."""
    room = size - len(pem)
    assert room >= 4, "our file is larger than the guide's"
    text = bytearray(b"#" * (room - 1) + b"\n")
    wrong = xor16(bytes(text) + pem) ^ checksum
    text[0] ^= wrong >> 8
    text[1] ^= wrong & 0xFF
    if not text[0]:  # OpenSSL reads no file that begins so
        text[0] ^= 16
        text[2] ^= 16
    assert xor16(bytes(text) + pem) == checksum
    return bytes(text) + pem
