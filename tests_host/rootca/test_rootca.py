"""`tools/rootca` against real TLS servers: what it saves, and all that it refuses."""

import hashlib
import socket
import ssl
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests_host.rootca.chains import HOST, NOW, Made, serve
from tools.certs import Authority, faulty
from tools.rootca import __main__ as rootca, path

ROOT = Made("Test Root")
INTERMEDIATE = Made("Test Intermediate", ROOT)
LEAF = Made("leaf", INTERMEDIATE, False, [HOST])


def tool(tmp_path, port, *options, name=HOST, roots=(ROOT,)):
    """Exit status of the tool on a server at `port`; `roots` are trusted (None: the system's)."""
    argv = [f"127.0.0.1:{port}", "--name", name, "--out", str(tmp_path / "ca.crt")]
    if roots is not None:
        file = tmp_path / "roots.pem"
        file.write_bytes(b"".join(one.pem for one in roots))
        argv += ["--roots", str(file)]
    return rootca.main([*argv, *options])


def refused(tmp_path, capsys, port, *parts, **options):
    """The tool refuses, names each of `parts`, and writes nothing."""
    arguments = options.pop("arguments", ())
    assert tool(tmp_path, port, *arguments, **options) == 1
    told = capsys.readouterr()
    assert "rootca: refused: " in told.err, told.err
    for part in parts:
        assert part in told.err, told.err
    assert not (tmp_path / "ca.crt").exists()
    return told


def openssl_accepts(port, file, name=HOST, form="PEM"):
    """Whether OpenSSL's own client verifies the server with that file alone."""
    argv = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name]
    argv += ["-verify_hostname", name, "-verify_return_error", "-CAfile", str(file)]
    argv += ["-no-CApath", "-no-CAstore", "-tls1_2"]
    if form == "DER":
        pem = subprocess.run(
            ["openssl", "x509", "-inform", "der", "-in", file], capture_output=True, check=True
        ).stdout
        argv[argv.index("-CAfile") + 1] = str(file.with_suffix(".pem"))
        file.with_suffix(".pem").write_bytes(pem)
    done = subprocess.run(argv, input=b"", capture_output=True, timeout=30)
    return done.returncode == 0 and b"Verify return code: 0 (ok)" in done.stdout


def test_the_root_of_a_good_chain_is_saved_and_verifies_the_server(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, names):
        assert tool(tmp_path, port, roots=[Made("Another Root"), ROOT]) == 0
        assert names == [HOST, HOST]  # it looked twice, each time with SNI
        saved = tmp_path / "ca.crt"
        assert openssl_accepts(port, saved)
        saved.write_bytes(Made("Another Root").pem)
        assert not openssl_accepts(port, saved)  # (that check can fail)
    told = capsys.readouterr().out
    for part in (
        "CN=leaf",
        "CN=Test Intermediate",
        "itself",
        "EC secp256r1",
        "ECDSA, SHA256",
        HOST,
    ):
        assert part in told, told
    assert f"SHA-256 {path.fingerprint_of(ROOT.certificate)}" in told


def test_what_is_saved_is_pem_with_line_feeds_alone(tmp_path):
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        assert tool(tmp_path, port) == 0
    saved = (tmp_path / "ca.crt").read_bytes()
    assert saved == ROOT.pem and b"\r" not in saved and saved.endswith(b"-----\n")


def test_der(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        assert tool(tmp_path, port, "--der") == 0
        saved = tmp_path / "ca.crt"
        assert x509.load_der_x509_certificate(saved.read_bytes()) == ROOT.certificate
        assert openssl_accepts(port, saved, form="DER")
    assert "note: DER:" in capsys.readouterr().out


def test_a_root_that_the_server_sends_too_is_no_reason_to_trust_it(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE, ROOT) as (port, _):
        assert tool(tmp_path, port) == 0
        (tmp_path / "ca.crt").unlink()
        fingerprint = path.fingerprint_of(ROOT.certificate)
        stranger = [Made("Another Root")]
        refused(tmp_path, capsys, port, "Test Root is self-signed", fingerprint, roots=stranger)


def test_an_intermediate_that_the_server_leaves_out(tmp_path, capsys):
    leaf = Made("leaf", INTERMEDIATE, False, [HOST], url="http://ca.example.org/i.crt")
    with serve(tmp_path, leaf) as (port, _):
        parts = ["Test Intermediate, which signed leaf, is neither sent", "ca.example.org/i.crt"]
        refused(tmp_path, capsys, port, *parts)


def test_an_unknown_root(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        parts = ["Test Root, which signed Test Intermediate, is neither sent"]
        refused(tmp_path, capsys, port, *parts, roots=[Made("Another Root")])


def test_the_systems_roots_do_not_know_it(tmp_path, capsys, monkeypatch):
    store = tmp_path / "store.pem"
    store.write_bytes(Made("Another Root").pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        refused(tmp_path, capsys, port, "is neither sent", roots=None)
        store.write_bytes(ROOT.pem)
        assert tool(tmp_path, port, roots=None) == 0
    assert (tmp_path / "ca.crt").read_bytes() == ROOT.pem


def test_a_root_of_the_right_name_with_another_key(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        parts = ["the signature of Test Intermediate is not of the key that Test Root has"]
        refused(tmp_path, capsys, port, *parts, roots=[Made("Test Root")])


def test_a_signature_that_is_broken(tmp_path, capsys):
    leaf = Made("leaf", INTERMEDIATE, False, [HOST], signed_by=Made("somebody"))
    with serve(tmp_path, leaf, INTERMEDIATE) as (port, _):
        refused(tmp_path, capsys, port, "the signature of leaf is not of the key")


def test_another_host(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        part = f"leaf is not for other.example.org, but for {HOST}"
        refused(tmp_path, capsys, port, part, name="other.example.org")
        refused(tmp_path, capsys, port, "leaf is not for 127.0.0.1", name="127.0.0.1")


def test_no_host_at_all(tmp_path, capsys):
    leaf = Made(HOST, INTERMEDIATE, False)
    with serve(tmp_path, leaf, INTERMEDIATE) as (port, _):
        refused(tmp_path, capsys, port, "has no subject alternative name")


@pytest.mark.parametrize(
    ("host", "name", "good"),
    [
        ("*.example.org", "broker.example.org", True),
        ("*.example.org", "a.broker.example.org", False),
        ("*.example.org", "example.org", False),
        ("BROKER.example.org", "broker.EXAMPLE.org", True),
    ],
)
def test_wildcards(tmp_path, capsys, host, name, good):
    leaf = Made("leaf", INTERMEDIATE, False, [host])
    with serve(tmp_path, leaf, INTERMEDIATE) as (port, _):
        if good:
            assert tool(tmp_path, port, name=name) == 0
        else:
            refused(tmp_path, capsys, port, "leaf is not for", name=name)


@pytest.mark.parametrize(
    ("days", "told"), [((-60, -1), "has expired on"), ((1, 60), "is not valid before")]
)
@pytest.mark.parametrize("which", ["leaf", "Test Intermediate", "Test Root"])
def test_dates(tmp_path, capsys, which, days, told):
    span = {which: {"days": days}}
    root = Made("Test Root", **span.get("Test Root", {}))
    between = Made("Test Intermediate", root, **span.get("Test Intermediate", {}))
    leaf = Made("leaf", between, False, [HOST], **span.get("leaf", {}))
    with serve(tmp_path, leaf, between) as (port, _):
        refused(tmp_path, capsys, port, f"{which} {told}", roots=[root])


def test_all_reasons_are_told_at_once(tmp_path, capsys):
    leaf = Made("leaf", INTERMEDIATE, False, ["other.example.org"], days=(-60, -1))
    with serve(tmp_path, leaf) as (port, _):
        told = refused(tmp_path, capsys, port, "neither sent", "has expired", "is not for")
    assert told.err.count("rootca: refused: ") == 3
    assert "CN=leaf" in told.out  # and the chain is shown


def test_an_intermediate_that_is_no_ca(tmp_path, capsys):
    """Its signatures are right: a customer of the CA plays a CA."""
    customer = Made("customer", ROOT, False, ["customer.example.org"])
    leaf = Made("leaf", customer, False, [HOST])
    with serve(tmp_path, leaf, customer) as (port, _):
        refused(tmp_path, capsys, port, "breaks a rule of X.509")


def test_a_ca_without_key_usage_is_taken(tmp_path):
    """As private ones are made; the profile of the web alone would refuse it."""
    root = Made("Test Root", usage=None)
    leaf = Made("leaf", root, False, [HOST])
    with serve(tmp_path, leaf) as (port, _):
        assert tool(tmp_path, port, roots=[root]) == 0
        assert openssl_accepts(port, tmp_path / "ca.crt")


def test_a_ca_that_may_not_sign_is_refused(tmp_path, capsys):
    root = Made("Test Root", usage=Made("x", ROOT, False, [HOST]).certificate.extensions[1].value)
    leaf = Made("leaf", root, False, [HOST])
    with serve(tmp_path, leaf) as (port, _):
        refused(tmp_path, capsys, port, "may not sign certificates", roots=[root])


def test_a_self_signed_server_needs_its_fingerprint(tmp_path, capsys):
    alone = Made("alone", None, True, [HOST], usage=None)
    fingerprint = hashlib.sha256(
        alone.certificate.public_bytes(serialization.Encoding.DER)
    ).hexdigest()
    with serve(tmp_path, alone) as (port, _):
        refused(tmp_path, capsys, port, "alone is self-signed", fingerprint)
        wrong = ["--fingerprint", "00" * 32]
        part = "nothing that the server sends has that fingerprint"
        refused(tmp_path, capsys, port, part, roots=None, arguments=wrong)
        written = ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
        assert tool(tmp_path, port, "--fingerprint", written, roots=None) == 0
        assert (tmp_path / "ca.crt").read_bytes() == alone.pem
        assert openssl_accepts(port, tmp_path / "ca.crt")
        (tmp_path / "ca.crt").unlink()
        right = ["--fingerprint", fingerprint]
        part = "alone is not for other.example.org"
        refused(
            tmp_path, capsys, port, part, name="other.example.org", roots=None, arguments=right
        )


def test_a_fingerprint_does_not_excuse_dates(tmp_path, capsys):
    alone = Made("alone", None, True, [HOST], days=(-60, -1), usage=None)
    right = ["--fingerprint", path.fingerprint_of(alone.certificate)]
    with serve(tmp_path, alone) as (port, _):
        refused(tmp_path, capsys, port, "has expired", roots=None, arguments=right)


def test_a_self_signed_root_that_the_server_sends_needs_its_fingerprint(tmp_path):
    right = ["--fingerprint", path.fingerprint_of(ROOT.certificate)]
    with serve(tmp_path, LEAF, INTERMEDIATE, ROOT) as (port, _):
        assert tool(tmp_path, port, *right, roots=None) == 0
        assert openssl_accepts(port, tmp_path / "ca.crt")


@pytest.mark.parametrize("made", [LEAF, INTERMEDIATE], ids=["leaf", "intermediate"])
def test_a_fingerprint_of_what_is_no_root(tmp_path, capsys, made):
    other = ["--fingerprint", path.fingerprint_of(made.certificate)]
    with serve(tmp_path, LEAF, INTERMEDIATE, ROOT) as (port, _):
        refused(tmp_path, capsys, port, "which is no root", roots=None, arguments=other)


def test_a_self_signed_certificate_of_no_ca(tmp_path, capsys):
    """`make provision` would refuse it as tls.ca."""
    alone = Made("alone", None, False, [HOST])
    right = ["--fingerprint", path.fingerprint_of(alone.certificate)]
    with serve(tmp_path, alone) as (port, _):
        part = "is the server's own certificate and no CA's"
        refused(tmp_path, capsys, port, part, roots=None, arguments=right)


def test_a_server_that_wants_a_certificate_of_ours(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE, client_ca=ROOT) as (port, _):
        assert tool(tmp_path, port) == 0
        assert "it ended the handshake: " in capsys.readouterr().out
        (tmp_path / "ca.crt").unlink()
        refused(tmp_path, capsys, port, "neither sent", roots=[Made("Another Root")])


def test_a_server_without_tls_1_2(tmp_path, capsys):
    with serve(tmp_path, LEAF, INTERMEDIATE, version=ssl.TLSVersion.TLSv1_3) as (port, _):
        assert tool(tmp_path, port) == 1
    assert "sends no certificate in TLS 1.2" in capsys.readouterr().err


def test_no_server(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert tool(tmp_path, port) == 1
    assert "cannot be reached: Connection refused" in capsys.readouterr().err
    assert tool(tmp_path, "x") == 1
    assert "is no HOST:PORT" in capsys.readouterr().err


def test_certificates_of_tools_certs(tmp_path, capsys):
    """A CA of one's own: good, expired, another host, another CA of the same name."""
    authority = Authority.create(tmp_path / "ca")
    pairs = {
        "": authority.server([HOST, "127.0.0.1"]),
        "has expired": faulty.expired(authority, [HOST]),
        "is not valid before": faulty.not_yet(authority, [HOST]),
        "is not for": faulty.wrong_host(authority),
        "is not of the key": faulty.wrong_ca(tmp_path / "other", [HOST]),
    }
    roots = ["--roots", str(authority.ca)]
    for told, pair in pairs.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        with serve(tmp_path, None, context=context) as (port, _):
            if told:
                refused(tmp_path, capsys, port, told, roots=None, arguments=roots)
                continue
            assert tool(tmp_path, port, *roots, roots=None) == 0
            assert tool(tmp_path, port, *roots, roots=None, name="127.0.0.1") == 0
            assert openssl_accepts(port, tmp_path / "ca.crt")
            assert (tmp_path / "ca.crt").read_bytes() == authority.ca.read_bytes()
            (tmp_path / "ca.crt").unlink()


def test_another_certificate_is_not_replaced_unasked(tmp_path, capsys):
    saved = tmp_path / "ca.crt"
    saved.write_bytes(b"mine")
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        assert tool(tmp_path, port) == 1 and saved.read_bytes() == b"mine"
        assert "--force replaces it" in capsys.readouterr().err
        assert tool(tmp_path, port, "--force") == 0 and saved.read_bytes() == ROOT.pem
        assert tool(tmp_path, port) == 0  # the same again


@pytest.mark.parametrize(
    ("padding", "told", "not_told"),
    [
        (0, ["EC secp256r1"], ["bytes of PEM"]),
        (1600, ["Quectel's NVRAM takes 2,025"], ["SIM7000 stores", "Quectel's RAM"]),
        (9000, ["a SIM7000 stores 10,240", "NVRAM"], ["Quectel's RAM"]),
        (30000, ["a SIM7000 stores 10,240", "NVRAM", "Quectel's RAM takes 32,768"], []),
    ],
)
def test_limits_of_modules_are_told(tmp_path, capsys, padding, told, not_told):
    root = Made("Test Root", padding=padding) if padding else ROOT
    leaf = Made("leaf", root, False, [HOST])
    with serve(tmp_path, leaf) as (port, _):
        assert tool(tmp_path, port, roots=[root]) == 0
    out = capsys.readouterr().out
    assert all(part in out for part in told) and not any(part in out for part in not_told), out


def test_a_root_that_expires_soon_is_told(tmp_path, capsys):
    root = Made("Test Root", days=(-1, 100))
    with serve(tmp_path, Made("leaf", root, False, [HOST])) as (port, _):
        assert tool(tmp_path, port, roots=[root]) == 0
    assert "the root expires in 99 days" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_files_of_roots_that_hold_none(tmp_path, content):
    file = tmp_path / "roots"
    file.write_bytes(content)
    with pytest.raises(path.Refused, match="holds no certificate"):
        path.read_roots(file)
    with pytest.raises(path.Refused, match="cannot be read"):
        path.read_roots(tmp_path / "nowhere")


def test_roots_in_der_and_among_what_cannot_be_read(tmp_path):
    file = tmp_path / "roots"
    file.write_bytes(ROOT.certificate.public_bytes(serialization.Encoding.DER))
    assert path.read_roots(file) == [ROOT.certificate]
    bad = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    file.write_bytes(b"# roots\n" + bad + ROOT.pem + LEAF.pem)
    assert path.read_roots(file) == [ROOT.certificate, LEAF.certificate]


def again(made, issuer, days=(-1, 3650)):
    """`made`, with its name and key, signed by another issuer or for another time."""
    return Made(made.cn, issuer, days=days, key=made.key)


def test_a_better_path_is_found_behind_a_worse_one(tmp_path):
    """A CA has two certificates, and the expired one is sent first."""
    expired = again(INTERMEDIATE, ROOT, (-60, -1))
    with serve(tmp_path, LEAF, expired, INTERMEDIATE) as (port, _):
        assert tool(tmp_path, port) == 0


def test_a_cross_signed_root_ends_at_the_root_that_is_known(tmp_path):
    """The server also sends its root as signed by an older one."""
    older = Made("Older Root")
    sent = [INTERMEDIATE, again(ROOT, older)]
    with serve(tmp_path, LEAF, *sent) as (port, _):
        assert tool(tmp_path, port, roots=[older, ROOT]) == 0
        assert (tmp_path / "ca.crt").read_bytes() == ROOT.pem
        (tmp_path / "ca.crt").unlink()
        assert tool(tmp_path, port, roots=[older]) == 0
        assert (tmp_path / "ca.crt").read_bytes() == older.pem
        assert openssl_accepts(port, tmp_path / "ca.crt")


def test_what_is_trusted_must_be_a_root(tmp_path, capsys):
    """A file of "roots" with an intermediate in it: a module would not end there."""
    with serve(tmp_path, LEAF, INTERMEDIATE) as (port, _):
        refused(tmp_path, capsys, port, "OpenSSL does not accept it", roots=[INTERMEDIATE])


def test_a_circle_ends():
    """Two CAs that signed each other, neither of them a root."""
    a = Made("A")
    b = Made("B", a)
    leaf = Made("leaf", b, False, [HOST])
    chain = [leaf.certificate, b.certificate, again(a, b).certificate]
    with pytest.raises(path.Refused, match="circle"):
        path.verify(chain, [], HOST, NOW)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("h", ("h", 8883)),
        ("h:1", ("h", 1)),
        ("[::1]:443", ("::1", 443)),
        ("[::1]", ("::1", 8883)),
        ("h:0", None),
        ("h:65536", None),
        ("a:b:c", None),
        ("", None),
        ("http://h", None),
    ],
)
def test_host_and_port(text, found):
    if found is None:
        with pytest.raises(ValueError):
            rootca.split(text)
    else:
        assert rootca.split(text) == found
