"""What is checked on the PC before a board is touched."""

import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tools.certs import Authority
from tools.provision import __main__ as cli, bundle, pem

HOST = {"host": "mqtt.example.org"}
TLS = {"ca": "ca.crt", "cert": "device.crt", "key": "device.key"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.create(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def write(tmp_path):
    """write(changes) -> the path of an uplink.json with them."""

    def write(**changes):
        values = {"id": "pump-7", "broker": HOST, "tls": TLS, **changes}
        path = tmp_path / "uplink.json"
        path.write_text(json.dumps(values, indent=1))
        return path

    return write


def test_a_ca_makes_the_pair_once(write, authority):
    first = bundle.read(write(), authority=authority.folder)
    again = bundle.read(write(), authority=authority.folder)
    assert [file.name for file in first.files] == [
        "boot.py", "main.py", "ca.crt", "device.crt", "device.key", "uplink.json",
    ]  # fmt: skip
    assert [file.sha256 for file in first.files] == [file.sha256 for file in again.files]
    assert any("made now" in note for note in first.notes)
    assert any("made before" in note for note in again.notes)


def test_the_id_of_a_fleets_configuration(write, authority):
    path = write(telemetry={"topic": "devices/{id}/t"})
    files = bundle.read(path, "pump-9", authority.folder)
    assert files.device == "pump-9"
    sent = json.loads(files.files[-1].data)
    assert sent["id"] == "pump-9" and sent["telemetry"] == {"topic": "devices/{id}/t"}
    assert json.loads(path.read_text())["id"] == "pump-7"


def test_files_beside_the_configuration(write, authority):
    path = write()
    crt, key = authority.device("beside")
    for source, name in ((authority.ca, "ca.crt"), (crt, "device.crt"), (key, "device.key")):
        (path.parent / name).write_bytes(source.read_bytes())
    (path.parent / "main.py").write_text("print('mine')\n")
    files = {file.name: file for file in bundle.read(path).files}
    assert files["main.py"].data == b"print('mine')\n" and files["main.py"].replace
    assert not files["boot.py"].replace
    assert files["device.key"].secret and files["device.key"].data == key.read_bytes()


def der_of(path):
    """A certificate or key in DER."""
    data = path.read_bytes()
    if b"PRIVATE KEY" in data:
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        key = serialization.load_pem_private_key(data, None)
        return key.private_bytes(serialization.Encoding.DER, *form)
    return x509.load_pem_x509_certificate(data).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    ("module", "good"),
    [
        ("he910", True),
        ("LE910-EU1", True),
        ("le866", True),
        ("le910c1", True),
        ("le910c1-eux", True),
        # 2G and 30 do not know it (6.5), 37 and 52 have no way to say it (6.2.5)
        ("gl865", False),
        ("me910c1", False),
        ("me310g1", False),
        ("els63", False),
        ("m95", False),
        ("sim7000", False),
        ("auto", False),
    ],
)
def test_der_is_for_modules_that_are_told_so(write, authority, module, good):
    """As `tools.rootca --der` saves a root."""
    path = write(modem={"type": module})
    crt, key = authority.device("der")
    for source, name in ((authority.ca, "ca.crt"), (crt, "device.crt"), (key, "device.key")):
        (path.parent / name).write_bytes(der_of(source))
    if not good:
        with pytest.raises(bundle.ConfigError, match=r"tls\.ca: expected a PEM file"):
            bundle.read(path)
        return
    files = {file.name: file.data for file in bundle.read(path).files}
    assert files["ca.crt"] == der_of(authority.ca) and files["device.key"] == der_of(key)
    other = authority.device("other")[1]
    (path.parent / "device.key").write_bytes(der_of(other))
    with pytest.raises(pem.PemError, match="is not the key of"):
        bundle.read(path)
    (path.parent / "device.key").write_bytes(b"0\x82\x01\x01")
    with pytest.raises(pem.PemError, match="no private key"):
        bundle.read(path)


@pytest.mark.parametrize(
    ("module", "most"),
    [("gl865", 1535), ("he910", 2047), ("le910c1", 4095)],
)
def test_a_file_is_as_long_as_the_module_keeps(write, authority, module, most):
    """Chapter 6.5 of Telit's guide."""
    path = write(modem={"type": module}, tls={"ca": "ca.crt"})
    crt = authority.ca.read_bytes()
    (path.parent / "ca.crt").write_bytes(crt.rjust(most, b"\n"))
    assert bundle.read(path).files
    (path.parent / "ca.crt").write_bytes(crt.rjust(most + 1, b"\n"))
    with pytest.raises(bundle.ConfigError, match=rf"tls\.ca: expected at most {most:,} bytes"):
        bundle.read(path)


def test_a_key_of_2048_bits_is_too_long_for_a_gl865(write, authority):
    path = write(modem={"type": "gl865"})
    with pytest.raises(bundle.ConfigError, match=r"tls\.key: expected at most 1,535 bytes"):
        bundle.read(path, authority=authority.folder)


def test_a_file_that_is_missing_is_named(write, capsys):
    assert cli.main(["--check", "--config", str(write())]) == 2
    said = capsys.readouterr().err
    assert "tls.ca" in said and "ca.crt" in said and "CA=folder" in said


def test_an_error_in_the_configuration_names_its_line(write, authority):
    with pytest.raises(bundle.ConfigError, match="keepalive_s"):
        bundle.read(write(broker={**HOST, "keepalive_s": 1}), authority=authority.folder)


def test_what_only_a_pc_has_is_refused(write, authority):
    with pytest.raises(bundle.ConfigError, match=r"uart\.device"):
        bundle.read(write(uart={"device": "/dev/ttyUSB0"}), authority=authority.folder)


def test_a_ca_needs_names_to_put_its_files_under(write, authority):
    with pytest.raises(bundle.BundleError, match=r"tls\.cert is null"):
        bundle.read(write(tls={"ca": "ca.crt"}), authority=authority.folder)


def test_a_revoked_device_is_refused(write, authority):
    authority.device("stolen")
    authority.revoke("stolen")
    with pytest.raises(bundle.BundleError, match="revoked"):
        bundle.read(write(), "stolen", authority.folder)


def test_a_ca_without_tls_is_a_mistake(write, authority):
    with pytest.raises(bundle.BundleError, match="leave CA= out"):
        bundle.read(write(broker={**HOST, "tls": False}, tls={}), authority=authority.folder)


def contents(authority, name="pair"):
    crt, key = authority.device(name)
    return {
        "ca": authority.ca.read_bytes(),
        "cert": crt.read_bytes(),
        "key": key.read_bytes(),
    }


def test_a_pair_that_belongs_together(authority):
    assert pem.check(contents(authority), TLS) == []


def test_the_key_of_another_certificate(authority):
    mixed = contents(authority)
    mixed["key"] = contents(authority, "other")["key"]
    with pytest.raises(pem.PemError, match=r"device\.key is not the key of device\.crt"):
        pem.check(mixed, TLS)


def test_a_servers_certificate_is_no_ca(authority):
    crt, _ = authority.server(["mqtt.example.org"])
    with pytest.raises(pem.PemError, match="no CA"):
        pem.check({"ca": crt.read_bytes()}, TLS)


@pytest.mark.parametrize("years, what", [(9, None), (11, "expired"), (-2, "not valid before")])
def test_dates(authority, years, what):
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365 * years)
    if what is None:
        assert pem.check(contents(authority), TLS, now) == []
    else:
        with pytest.raises(pem.PemError, match=what):
            pem.check(contents(authority), TLS, now)


def test_what_expires_soon_is_said(authority):
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3640)
    assert any(
        "device.crt expires soon" in note for note in pem.check(contents(authority), TLS, now)
    )


@pytest.mark.parametrize("key", ["ca", "cert", "key"])
def test_rubbish_and_too_much_of_it(authority, key):
    for data, said in ((b"rubbish", "holds no"), (bytes(10_241), "10,240")):
        bad = {**contents(authority), key: data}
        with pytest.raises(pem.PemError, match=said):
            pem.check(bad, TLS)


def test_check_alone_needs_no_board(write, authority, capsys):
    path = write()
    assert cli.main(["--check", "--config", str(path), "--ca", str(authority.folder)]) == 0
    assert "good, device pump-7" in capsys.readouterr().out


def test_without_a_port_it_asks_for_one(write, authority, capsys):
    path = write()
    assert cli.main(["--config", str(path), "--ca", str(authority.folder)]) == 1
    assert "PORT=/dev/ttyACM0" in capsys.readouterr().err


def test_a_port_that_is_not_there(write, authority, capsys):
    path = write()
    where = ["/dev/does-not-exist", "--config", str(path), "--ca", str(authority.folder)]
    assert cli.main(where) == 1
    assert "plugged in" in capsys.readouterr().err


def test_a_wrong_configuration_reaches_no_board(write, capsys):
    assert cli.main(["/dev/does-not-exist", "--config", str(write(id=""))]) == 2
    assert "Nothing was sent" in capsys.readouterr().err
