"""What a server sends in its TLS handshake, as a module would get it: TLS 1.2, with SNI."""

import contextlib
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import serialization


class FetchError(Exception):
    """Why no certificate came, in a sentence."""


def chain(host, port, name, timeout_s=10):
    """([certificates, the server's own first], what the handshake came to, in words).

    Nothing is verified. A server that wants a certificate of the client ends the handshake, but
    has sent its own before. Raises `FetchError`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # What is weak is to be shown, and then refused with its reason.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    found, cipher, error = _handshake(context, host, port, name, timeout_s)
    if not found:
        raise FetchError(f"{host}:{port} sends no certificate in TLS 1.2: {_reason(error)}")
    came = f"TLS 1.2, {cipher}"
    if error:
        came += f"; it ended the handshake: {_reason(error)} (a device's certificate is wanted?)"
    return [x509.load_der_x509_certificate(der) for der in found], came


def verified(host, port, name, root, timeout_s=10):
    """Connect once more, as a module does: with `root` alone, the name checked, by OpenSSL. None,
    or why it was not accepted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pem = root.public_bytes(serialization.Encoding.PEM).decode()
    context.load_verify_locations(cadata=pem)
    error = _handshake(context, host, port, name, timeout_s)[2]
    # (it may still refuse us: it wants a certificate)
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else None


def _handshake(context, host, port, name, timeout_s):
    """([DER of each certificate], cipher suite, the error that ended it or None)"""
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        plain = socket.create_connection((host, port), timeout_s)
    except OSError as error:
        raise FetchError(f"{host}:{port} cannot be reached: {error.strerror or error}") from None
    with (
        plain,
        context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False) as tls,
    ):
        error = None
        try:
            tls.do_handshake()
        except OSError as caught:
            error = caught
        found = []
        with contextlib.suppress(ssl.SSLError, ValueError):
            found = _sent(tls)
        cipher = tls.cipher()
        return found, cipher and cipher[0], error


def _sent(tls):
    """The certificates as DER; a public method has them only from Python 3.13 on."""
    if hasattr(tls, "get_unverified_chain"):
        return tls.get_unverified_chain()
    found = tls._sslobj.get_unverified_chain()
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in found or ()]


def _reason(error):
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    return str(error) if error and str(error) else "the connection was closed"
