"""Certificates and keys, looked at before a modem has to refuse them."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

LARGEST = 10_240  # bytes: what a SIM7000 stores (AT manual V1.06, AT+CFSWFILE)
SOON = datetime.timedelta(days=30)
_LEAST_BITS = 2048


class PemError(Exception):
    """What is wrong with which file, in a sentence."""


def check(contents, names, now=None, der=False):
    """Hold `contents` ({"ca"|"cert"|"key": bytes}) together; `names` are their files' names;
    `der`: the module takes them in DER, too.

    Raises `PemError`; returns sentences about what is good but not for long.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    notes = []
    for key, data in contents.items():
        if len(data) > LARGEST:
            raise PemError(
                f"{names[key]} has {len(data):,} bytes: a module stores {LARGEST:,} at most"
            )
    if "ca" in contents:
        for certificate in _certificates(contents["ca"], names["ca"], der):
            _dates(certificate, names["ca"], now, notes)
            if not _signs(certificate):
                raise PemError(
                    f"{names['ca']} is no CA's certificate: it may not sign others. tls.ca is the "
                    "certificate of who signed the broker's, not the broker's own."
                )
    if "cert" in contents:
        certificate = _certificates(contents["cert"], names["cert"], der)[0]
        _dates(certificate, names["cert"], now, notes)
        key = _key(contents["key"], names["key"], der)
        if _public(key.public_key()) != _public(certificate.public_key()):
            raise PemError(f"{names['key']} is not the key of {names['cert']}: take its own pair")
    return notes


def _certificates(data, name, der):
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        pass
    try:
        found = x509.load_der_x509_certificate(data)
    except ValueError:
        raise PemError(
            f"{name} holds no certificate: one in PEM begins with -----BEGIN CERTIFICATE-----"
        ) from None
    if not der:
        raise PemError(f"{name} is DER: `openssl x509 -inform der -in {name}` makes PEM of it")
    return [found]


def _key(data, name, der):
    try:
        if der and data[:1] == b"0":
            key = serialization.load_der_private_key(data, None)
        else:
            key = serialization.load_pem_private_key(data, None)
    except TypeError:
        raise PemError(f"{name} is locked by a password, and nobody types it there") from None
    except ValueError:
        raise PemError(
            f"{name} holds no private key in {'PEM or DER' if der else 'PEM'}"
        ) from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _LEAST_BITS:
        raise PemError(
            f"{name} has {key.key_size} bits: RSA needs {_LEAST_BITS} (NIST SP 800-131A)"
        )
    return key


def _public(key):
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _signs(certificate):
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.issuer == certificate.subject  # version 1: only roots sign


def _dates(certificate, name, now, notes):
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begin:
        raise PemError(f"{name} is not valid before {begin:%Y-%m-%d}")
    if now > end:
        raise PemError(f"{name} has expired on {end:%Y-%m-%d}")
    if now + SOON > end:
        notes.append(f"{name} expires soon, on {end:%Y-%m-%d}")
