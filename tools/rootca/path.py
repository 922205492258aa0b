"""From a server's certificate up to a root: found, verified, or refused with every reason.

Roots are anchors only. Whether a path holds is for `cryptography`'s verifier to say; the walk
before it finds out why one does not, in words that help.
"""

import contextlib
import hashlib
import ipaddress
import re
import ssl
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import verification

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# Where systems keep theirs, besides what OpenSSL was built with.
_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


class Refused(Exception):
    """Why the server is not verified: `reasons`, each a sentence."""

    def __init__(self, *reasons):
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def name_of(certificate):
    """Its subject for people: the common name, or all of it."""
    return _named(certificate.subject)


def _named(name):
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string() or "(no name)"


def fingerprint_of(certificate):
    """SHA-256 of its DER, 64 hexadecimal digits."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    return hashlib.sha256(der).hexdigest()


def read_roots(path=None):
    """The certificates of a PEM or DER file; without one, of the system's store."""
    if path is None:
        paths = [ssl.get_default_verify_paths().cafile, *_STORES]
        there = [Path(one) for one in paths if one and Path(one).is_file()]
        if not there:
            raise Refused(
                "this system has no store of roots: install ca-certificates, or name a file "
                "with --roots"
            )
        path = there[0]
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # systems' stores have some with an odd serial number
        for block in _PEM.findall(data):
            with contextlib.suppress(ValueError):
                found.append(x509.load_pem_x509_certificate(block))
        if b"-----BEGIN" not in data:
            with contextlib.suppress(ValueError):
                found.append(x509.load_der_x509_certificate(data))
    if not found:
        raise Refused(f"{path} holds no certificate, in PEM or DER")
    return found


def verify(chain, roots, name, now, fingerprint=None):
    """The path from `chain[0]` to a root. Raises `Refused`.

    chain: what the server sent, its own certificate first; roots: those that are trusted; name:
    host name or address; now: an aware datetime; fingerprint: SHA-256 of the self-signed
    certificate that is trusted in place of the roots.
    """
    if fingerprint is not None:
        roots = [_pinned(chain, fingerprint)]
    broken = None
    if chain[0] not in roots:
        try:
            return _verified(chain, roots, name, now)
        except (verification.VerificationError, ValueError) as error:
            broken = error
    # Why not? (Or root and server are one, which the verifier is not made for.)
    reasons = []
    path = chain[:1]
    try:
        path = _walk(chain, roots)
    except Refused as error:
        reasons += error.reasons
    reasons += [reason for one in path for reason in _dates(one, now)]
    reasons += _names(chain[0], name)
    if broken and not reasons:
        reasons.append(f"the chain breaks a rule of X.509: {broken}")
    if not reasons and not _may_sign(chain[0]):
        reasons.append(
            f"{name_of(chain[0])} is the server's own certificate and no CA's: modules take only "
            "a CA's for tls.ca. `python -m tools.certs` makes a CA and signs servers"
        )
    if reasons:
        raise Refused(*reasons)
    return path


def self_signed(certificate):
    return certificate.subject == certificate.issuer and _signed_by(certificate, certificate)


def _pinned(chain, fingerprint):
    """The certificate that the user vouches for."""
    for one in chain:
        if fingerprint_of(one) == fingerprint:
            if not self_signed(one):
                raise Refused(
                    f"the fingerprint is that of {name_of(one)}, which is no root: "
                    f"{_named(one.issuer)} has signed it"
                )
            return one
    raise Refused("nothing that the server sends has that fingerprint")


def _walk(chain, roots):
    """The path by names and signatures; roots come first."""
    path = chain[:1]
    while path[-1] not in roots:
        here = path[-1]
        if self_signed(here):
            raise Refused(
                f"{name_of(here)} is self-signed and none of the roots. If you have its SHA-256 "
                "from a source that you trust, and it is the same, give it with --fingerprint: "
                + fingerprint_of(here)
            )
        named = [one for one in (*roots, *chain[1:]) if one.subject == here.issuer]
        if not named:
            raise Refused(
                f"{_named(here.issuer)}, which signed {name_of(here)}, is neither sent by the "
                "server nor among the roots: the server leaves an intermediate certificate out, "
                f"or its root is not known here{_where(here)}"
            )
        signers = [one for one in named if _signed_by(here, one)]
        if not signers:
            raise Refused(
                f"the signature of {name_of(here)} is not of the key that "
                f"{_named(here.issuer)} has here: it was changed, or another CA has that name"
            )
        fresh = [one for one in signers if one not in path]
        if not fresh:
            raise Refused(f"the chain of {name_of(chain[0])} runs in a circle")
        path = [*path, fresh[0]]
    return path


def _signed_by(certificate, issuer):
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _where(certificate):
    """Where the issuer's certificate can be had, as this one says (RFC 5280, 4.2.2.1)."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return ""
    issuers = x509.AuthorityInformationAccessOID.CA_ISSUERS
    urls = [one.access_location.value for one in access.value if one.access_method == issuers]
    return f" (it can be had at {urls[0]})" if urls else ""


def _dates(certificate, now):
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        yield f"{name_of(certificate)} has expired on {end:%Y-%m-%d}"
    if now < begin:
        yield f"{name_of(certificate)} is not valid before {begin:%Y-%m-%d}"


def names_in(certificate):
    """The host names and addresses that a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    hosts = found.get_values_for_type(x509.DNSName)
    return [*hosts, *map(str, found.get_values_for_type(x509.IPAddress))]


def _names(certificate, name):
    """A reason if the certificate is not for `name` (RFC 6125, 6.4)."""
    found = names_in(certificate)
    wanted = name.lower()
    rest = wanted.partition(".")[2]
    if not found:
        yield (
            f"{name_of(certificate)} has no subject alternative name: nothing says which host it "
            "is for"
        )
    elif not any(
        one.lower() == wanted or (one.startswith("*.") and rest and one[2:].lower() == rest)
        for one in found
    ):
        yield f"{name_of(certificate)} is not for {name}, but for {', '.join(found)}"


def _may_sign(certificate):
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _signs_certificates(_policy, certificate, usage):
    if usage is not None and not usage.key_cert_sign:
        raise ValueError(f"{name_of(certificate)} may not sign certificates")


def _verified(chain, roots, name, now):
    """The path that `cryptography` finds, by the profile of the web but for two extensions that
    private CAs leave out, and that neither OpenSSL nor a module asks for. Raises its
    VerificationError, or ValueError for what is no name.
    """
    any_ = verification.Criticality.AGNOSTIC
    ca = verification.ExtensionPolicy.webpki_defaults_ca()
    ca = ca.may_be_present(x509.AuthorityKeyIdentifier, any_, None)
    ca = ca.may_be_present(x509.KeyUsage, any_, _signs_certificates)
    server = verification.ExtensionPolicy.webpki_defaults_ee()
    server = server.may_be_present(x509.AuthorityKeyIdentifier, any_, None)
    builder = verification.PolicyBuilder().store(verification.Store(roots)).time(now)
    builder = builder.extension_policies(ca_policy=ca, ee_policy=server)
    try:
        subject = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        subject = x509.DNSName(name)
    return builder.build_server_verifier(subject).verify(chain[0], chain[1:])
