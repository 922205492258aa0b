"""TLS over the PC's transport: who is believed, what is told, and that nothing is sent before."""

import pytest

from tests_host.mosquitto import Message, Mosquitto, Tls
from tools.certs import Authority, faulty
from tools.mqtt import options

from .test_tool import run


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.create(tmp_path_factory.mktemp("ca") / "ca")


@pytest.fixture(scope="module")
def device(authority):
    return authority.device("dev-7")


@pytest.fixture(scope="module")
def broker(authority, device, tmp_path_factory):
    cert, key = authority.server(["localhost"])
    folder = tmp_path_factory.mktemp("mosquitto")
    with Mosquitto(folder, tls=Tls(authority.ca, cert, key)) as running:
        running.client = Tls(authority.ca, *device)
        yield running


def pub(broker, *more, host="localhost", status=0):
    return run(
        "pub", "-h", host, "-p", broker.port, "-t", "t", "-m", "x", "-q", 1, *more, status=status
    )


def test_both_sides_believe_each_other(broker, authority, device):
    shown = ("--cafile", authority.ca, "--cert", device[0], "--key", device[1])
    with broker.subscribe("t", client_id="w") as watch:
        pub(broker, *shown)
        assert watch.messages(1) == [Message("t", b"x", 1, False)]


def test_wrong_ca(broker, device, tmp_path):
    other = Authority.create(tmp_path / "other")
    shown = ("--cafile", other.ca, "--cert", device[0], "--key", device[1])
    _, err = pub(broker, *shown, status=options.TLS)
    assert "certificate not accepted" in err


def test_wrong_host(broker, authority, device):
    shown = ("--cafile", authority.ca, "--cert", device[0], "--key", device[1])
    _, err = pub(broker, *shown, host="127.0.0.1", status=options.TLS)
    assert "certificate not accepted" in err and "127.0.0.1" in err
    _, err = pub(broker, *shown, "--insecure", host="127.0.0.1")
    assert "warning" in err


def test_no_client_certificate(broker, authority):
    _, err = pub(broker, "--cafile", authority.ca, status=options.TLS)
    assert "TLS" in err


def test_expired(authority, device, tmp_path):
    cert, key = faulty.expired(authority, ["localhost"])
    with Mosquitto(
        tmp_path, tls=Tls(authority.ca, cert, key), require_certificate=False
    ) as broker:
        _, err = pub(broker, "--cafile", authority.ca, status=options.TLS)
        assert "certificate not accepted" in err and "expired" in err


def test_plain_to_a_tls_port_and_tls_to_a_plain_one(broker, authority, tmp_path):
    pub(broker, status=options.FAILED)
    with Mosquitto(tmp_path) as plain:
        _, err = pub(plain, "--cafile", authority.ca, status=options.TLS)
        assert "TLS" in err
