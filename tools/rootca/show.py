"""A chain for people to read, and what modules have to say to a root."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from rich.table import Table

from tools.provision import pem
from tools.suites import others

from . import path

_SOON_DAYS = 730


def key_of(certificate):
    """`RSA 2048`, `EC secp256r1` …"""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def signature_of(certificate):
    """`RSA, SHA256` …"""
    hashed = certificate.signature_hash_algorithm
    name = certificate.signature_algorithm_oid._name
    kind = "ECDSA" if "ecdsa" in name.lower() else "RSA" if "rsa" in name.lower() else name
    return f"{kind}, {hashed.name.upper()}" if hashed else kind


def table(chain, verified=()):
    """What the server sent, and the rest of the path."""
    grid = Table(box=None, show_header=False)
    grid.add_column(style="bold")
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    rest = [one for one in verified if one not in chain]
    for n, one in enumerate([*chain, *rest]):
        begin, end = one.not_valid_before_utc, one.not_valid_after_utc
        where = f"sent {n}" if n < len(chain) else ""
        if one in verified[-1:]:
            where = f"{where} root".lstrip()
        issuer = "itself" if path.self_signed(one) else one.issuer.rfc4514_string()
        grid.add_row(where, "subject", one.subject.rfc4514_string())
        grid.add_row("", "issuer", issuer)
        grid.add_row("", "valid", f"{begin:%Y-%m-%d} to {end:%Y-%m-%d}")
        grid.add_row("", "key", f"{key_of(one)}; signature {signature_of(one)}")
        names = path.names_in(one)
        if names:
            grid.add_row("", "names", ", ".join(names))
    return grid


def encoded(root, der=False):
    """The bytes of the file: PEM has line feeds alone, as Telit modules need (guide, 6.5)."""
    return root.public_bytes(serialization.Encoding.DER if der else serialization.Encoding.PEM)


def notes(server, root, now, der=False):
    """What to think of before a module gets it, each a sentence."""
    size = len(encoded(root, der))
    form = "DER" if der else "PEM"
    if der:
        yield (
            "DER: Telit's ID 12, 20, 23 and 25 take it, and `make provision` where modem.type "
            "names one of them; all others take PEM"
        )
    if size > pem.LARGEST:
        yield f"{size:,} bytes of {form}: a SIM7000 stores {pem.LARGEST:,} at most"
    for place, largest in others.QUECTEL_SIZES.items():
        if size > largest:
            yield f"{size:,} bytes of {form}: Quectel's {place} takes {largest:,} at most"
    if not isinstance(server.public_key(), rsa.RSAPublicKey):
        yield (
            f"the server's key is {key_of(server)}: Quectel GSM modules and Telit's ID 10, 12, "
            "13, 16, 20, 23, 25 (Linux) and 30 have, or can be told, suites for RSA alone"
        )
    days = (root.not_valid_after_utc - now).days
    if days < _SOON_DAYS:
        yield f"the root expires in {days} days: devices in the field need another one by then"
