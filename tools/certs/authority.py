"""The authority: a folder with a CA, and the certificates it has signed.

Keys are RSA with 2048 bits, signatures SHA-256, files PEM, private keys PKCS#1
(`BEGIN RSA PRIVATE KEY`): what the TLS stacks of 2G and LTE-M modules take, SIM7000 among them.
Each file stays far below the 10,240 bytes that such a module can store.
"""

import contextlib
import datetime
import ipaddress
import os
import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BITS = 2048
CA_DAYS = 7300
SERVER_DAYS = 825
DEVICE_DAYS = 3650
CRL_DAYS = 365

_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")


class CertsError(Exception):
    """What cannot be done, and why, in a sentence."""


def write(path, data, private=False):
    """Write `data` whole or not at all; a private file is at no moment readable by others."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(data)
        os.chmod(fresh, 0o600 if private else 0o644)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return path


def _pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _alternative_names(hosts):
    names = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            if not _HOST.fullmatch(host):
                raise CertsError(f"{host!r} is no host name and no IP address") from None
            names.append(x509.DNSName(host))
    return names


class Authority:
    """A CA in `folder`: ca.crt, ca.key, and beside them server.*, devices/*, crl.pem."""

    def __init__(self, folder, key, certificate):
        self.folder = Path(folder)
        self.key = key
        self.certificate = certificate

    # ---- the CA ---------------------------------------------------------------------------

    @classmethod
    def create(cls, folder, name="Uplink CA", days=CA_DAYS, now=None):
        """Make a CA and write it; refuses to replace one that is there."""
        folder = Path(folder)
        if (folder / "ca.key").exists():
            raise CertsError(
                f"{folder / 'ca.key'} is there already: a new CA would cut off every device"
            )
        key = rsa.generate_private_key(65537, BITS)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        start = _begin(now)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .sign(key, hashes.SHA256())
        )
        write(folder / "ca.key", _pem(key), private=True)
        write(folder / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM))
        return cls(folder, key, certificate)

    @classmethod
    def load(cls, folder):
        """The CA that `create` has written."""
        folder = Path(folder)
        try:
            key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
            certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        except FileNotFoundError as error:
            raise CertsError(
                f"{error.filename} is not there: `python -m tools.certs init {folder}` makes a CA"
            ) from None
        except (OSError, ValueError, TypeError) as error:
            raise CertsError(f"the CA in {folder} cannot be read: {error}") from None
        return cls(folder, key, certificate)

    @property
    def ca(self):
        """Path of the CA's certificate: what devices and broker verify with."""
        return self.folder / "ca.crt"

    # ---- what it signs ----------------------------------------------------------------------

    def server(self, hosts, stem="server", days=SERVER_DAYS, now=None):
        """Key and certificate for a broker reached as any of `hosts`; returns (crt, key) paths."""
        if not hosts:
            raise CertsError("a server certificate needs at least one host name or address")
        names = x509.SubjectAlternativeName(_alternative_names(hosts))
        return self._issue(
            self.folder / stem, hosts[0][:64], ExtendedKeyUsageOID.SERVER_AUTH, days, now, names
        )

    def device(self, name, days=DEVICE_DAYS, now=None):
        """Key and certificate of a device; its name is the certificate's common name."""
        if not _NAME.fullmatch(name) or name.startswith("."):
            raise CertsError(f"{name!r} is no device id: 1 to 64 letters, digits, - _ . or :")
        return self._issue(
            self.folder / "devices" / name, name, ExtendedKeyUsageOID.CLIENT_AUTH, days, now
        )

    def _issue(self, stem, common_name, purpose, days, now, names=None):
        key = rsa.generate_private_key(65537, BITS)
        start = _begin(now)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
            )
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        return (
            write(f"{stem}.crt", certificate.public_bytes(serialization.Encoding.PEM)),
            write(f"{stem}.key", _pem(key), private=True),
        )

    # ---- revocation ---------------------------------------------------------------------------

    def revoke(self, name, now=None):
        """Take the device's certificate back; returns the path of the new list (crl.pem)."""
        path = self.folder / "devices" / f"{name}.crt"
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except FileNotFoundError:
            raise CertsError(
                f"{path} is not there: no certificate of {name!r} to revoke"
            ) from None
        with open(self.folder / "revoked.txt", "a") as f:
            f.write(f"{certificate.serial_number:x} {_begin(now):%Y-%m-%dT%H:%M:%S} {name}\n")
        return self.crl(now)

    def revoked(self):
        """[(serial number, when, device)], oldest first."""
        rows = []
        with contextlib.suppress(FileNotFoundError):
            for line in (self.folder / "revoked.txt").read_text().splitlines():
                serial, when, name = line.split()
                rows.append((int(serial, 16), datetime.datetime.fromisoformat(when), name))
        return rows

    def crl(self, now=None, days=CRL_DAYS):
        """Write the list of what is revoked (crl.pem), for the broker's `crlfile`."""
        start = _begin(now)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(start)
            .next_update(start + datetime.timedelta(days=days))
        )
        for serial, when, _ in self.revoked():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(when)
                .build()
            )
        crl = builder.sign(self.key, hashes.SHA256())
        return write(self.folder / "crl.pem", crl.public_bytes(serialization.Encoding.PEM))


def _begin(now):
    """A day before `now` (aware or naive UTC): a device's clock may be a little behind."""
    if now is None:
        now = datetime.datetime.now(datetime.UTC)
    if now.tzinfo is not None:
        now = now.astimezone(datetime.UTC).replace(tzinfo=None)
    return now.replace(microsecond=0) - datetime.timedelta(days=1)


def _usage(sign_certificates):
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=not sign_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
