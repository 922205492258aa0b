"""Certificates: what is made, that OpenSSL agrees, and that the faulty ones are refused."""

import datetime
import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.certs import Authority, CertsError, faulty
from tools.certs.__main__ import main

HOST = "broker.example.org"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.create(tmp_path_factory.mktemp("ca") / "ca")


def handshake(ca, server, host, device=None, crl=None, version=ssl.TLSVersion.TLSv1_2):
    """A TLS handshake in memory, both sides checking; raises ssl.SSLError where one refuses."""
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(*server)
    there.load_verify_locations(ca)
    if crl:
        there.load_verify_locations(crl)
        there.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    there.verify_mode = ssl.CERT_REQUIRED
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    here.load_verify_locations(ca)
    here.maximum_version = version
    if device:
        here.load_cert_chain(*device)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = here.wrap_bio(down, up, server_hostname=host)
    server_side = there.wrap_bio(up, down, server_side=True)
    done = set()
    for _ in range(10):
        for side in (client, server_side):
            if side not in done:
                try:
                    side.do_handshake()
                    done.add(side)
                except ssl.SSLWantReadError:
                    pass
        if len(done) == 2:
            return client.version()
    raise AssertionError("the handshake does not end")


def test_server_and_device_believe_each_other(authority):
    server = authority.server([HOST, "127.0.0.1"])
    device = authority.device("dev-7")
    assert handshake(authority.ca, server, HOST, device) == "TLSv1.2"
    assert handshake(authority.ca, server, "127.0.0.1", device) == "TLSv1.2"


def test_without_a_device_certificate_the_server_refuses(authority):
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN|CERTIFICATE_REQUIRED"):
        handshake(authority.ca, authority.server([HOST]), HOST)


def test_a_device_certificate_is_no_server_certificate(authority):
    device = authority.device("dev-8")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.ca, device, "dev-8", device)


def test_wrong_ca(authority, tmp_path):
    server = faulty.wrong_ca(tmp_path / "other", [HOST])
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.ca, server, HOST, authority.device("dev-1"))


def test_expired_and_not_yet(authority):
    device = authority.device("dev-2")
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(authority.ca, faulty.expired(authority, [HOST]), HOST, device)
    with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
        handshake(authority.ca, faulty.not_yet(authority, [HOST]), HOST, device)


def test_wrong_host(authority):
    device = authority.device("dev-3")
    with pytest.raises(ssl.SSLCertVerificationError, match="ostname mismatch"):
        handshake(authority.ca, faulty.wrong_host(authority), HOST, device)


def test_revoked_device(authority):
    server = authority.server([HOST])
    good = authority.device("dev-4")
    crt, key, crl = faulty.revoked_device(authority, "dev-5")
    assert handshake(authority.ca, server, HOST, good, crl) == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match="revoked|REVOKED|VERIFY_FAILED"):
        handshake(authority.ca, server, HOST, (crt, key), crl)
    assert [name for _, _, name in authority.revoked()] == ["dev-5"]


def test_what_a_module_takes(authority):
    for path in (authority.ca, *authority.device("dev-6"), *authority.server([HOST])):
        data = path.read_bytes()
        assert data.isascii() and len(data) < 4096
    crt, key = authority.device("dev-6")
    assert key.read_bytes().startswith(b"-----BEGIN RSA PRIVATE KEY-----\n")
    certificate = x509.load_pem_x509_certificate(crt.read_bytes())
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
    assert certificate.public_key().key_size == 2048
    assert certificate.signature_hash_algorithm.name == "sha256"
    assert certificate.subject.rfc4514_string() == "CN=dev-6"


def test_private_keys_are_private(authority):
    authority.device("dev-9")
    authority.server([HOST])
    keys = list(authority.folder.rglob("*.key"))
    assert len(keys) >= 3
    for path in keys:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert not list(authority.folder.rglob(".*"))


def test_dates(authority):
    now = datetime.datetime(2030, 5, 1, 12, tzinfo=datetime.UTC)
    crt, _ = authority.device("dated", days=10, now=now)
    certificate = x509.load_pem_x509_certificate(crt.read_bytes())
    assert certificate.not_valid_before_utc == now - datetime.timedelta(days=1)
    assert certificate.not_valid_after_utc == now + datetime.timedelta(days=9)


def test_it_is_loaded_as_it_was_made(authority):
    again = Authority.load(authority.folder)
    assert again.certificate == authority.certificate
    assert handshake(authority.ca, again.server([HOST]), HOST, again.device("dev-a")) == "TLSv1.2"


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".x", "a b", "x" * 65, 'a"', "a\n"])
def test_device_names_that_are_refused(authority, name):
    with pytest.raises(CertsError):
        authority.device(name)


@pytest.mark.parametrize("hosts", [[], ["a b"], ["http://x"], [""], ["a/b"], ["-a"]])
def test_hosts_that_are_refused(authority, hosts):
    with pytest.raises(CertsError):
        authority.server(hosts)


def test_command_line(tmp_path, capsys):
    folder = str(tmp_path / "ca")
    assert main(["init", folder, "--name", "My CA"]) == 0
    assert main(["server", folder, HOST, "10.0.0.1"]) == 0
    assert main(["device", folder, "a", "b"]) == 0
    assert main(["revoke", folder, "a"]) == 0
    capsys.readouterr()
    assert main(["show", folder]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "devices/" in line] == ["REVOKED", "good"]
    assert any(f"{HOST}, 10.0.0.1" in line for line in lines)
    assert main(["init", folder]) == 1
    assert "cut off" in capsys.readouterr().err
    assert main(["device", str(tmp_path / "none"), "a"]) == 1
    assert "init" in capsys.readouterr().err
    assert main(["revoke", folder, "nobody"]) == 1
    assert main(["device", folder, "c", "--days", "0"]) == 1
    assert main(["crl", folder]) == 0
