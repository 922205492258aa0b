"""The starter of Mosquitto: plain, with passwords, with certificates and revocation."""

import socket

import pytest

from tools.certs import Authority

from .mosquitto import Message, Mosquitto, MosquittoError, Tls


def accepts(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_plain_publish_and_subscribe(tmp_path):
    with Mosquitto(tmp_path) as broker:
        broker.publish("a/kept", b"old", 1, True)
        with broker.subscribe("a/#", "b c") as watch:
            broker.publish("a/1", b"\x00\r\n\xff", 2)
            assert watch.messages(2) == [
                Message("a/kept", b"old", 1, True),
                Message("a/1", b"\x00\r\n\xff", 2, False),
            ]
            broker.publish("b c", b"", 0)
            assert watch.messages(3)[2:] == [Message("b c", b"", 0, False)]
            assert len(watch.messages(4, limit_s=0)) == 3
        assert "Sending SUBACK to watch" in broker.log()
        port = broker.port
        assert accepts(port)
    assert not accepts(port)


def test_stop_and_start_again_on_the_same_port(tmp_path):
    with Mosquitto(tmp_path) as broker:
        port = broker.port
        broker.stop()
        assert not accepts(port)
        broker.start()
        assert broker.port == port
        broker.publish("a", b"x", 1)


def test_passwords(tmp_path):
    with Mosquitto(tmp_path, users={"joe": "secret"}) as broker:
        with pytest.raises(MosquittoError, match="not authorised"):
            broker.publish("a", b"x", 1)
        broker.login = ("joe", "wrong")
        with pytest.raises(MosquittoError, match="not authorised"):
            broker.publish("a", b"x", 1)
        broker.login = ("joe", "secret")
        broker.publish("a", b"x", 1)
        assert "secret" not in broker.log()


def test_certificates_and_a_revoked_device(tmp_path):
    authority = Authority.create(tmp_path / "pki")
    server = authority.server(["localhost", "127.0.0.1"])
    good, lost = authority.device("good"), authority.device("lost")
    authority.revoke("lost")
    tls = Tls(authority.ca, *server, authority.crl())
    with Mosquitto(tmp_path, tls=tls) as broker:
        broker.client = Tls(authority.ca, *good)
        with broker.subscribe("t") as watch:
            broker.publish("t", b"seen", 1)
            for client in (Tls(authority.ca, *lost), Tls(authority.ca, None, None)):
                broker.client = client
                with pytest.raises(MosquittoError):
                    broker.publish("t", b"not seen", 1)
            broker.client = Tls(authority.ca, *good)
            broker.publish("t", b"last", 1)
            assert [m.payload for m in watch.messages(2)] == [b"seen", b"last"]
        broker.wait_log("certificate revoked|certificate verify failed")


def test_it_says_why_it_does_not_start(tmp_path):
    with pytest.raises(MosquittoError, match="no_such_option"):
        Mosquitto(tmp_path, options=["no_such_option yes"]).start()


def test_waiting_for_the_log_has_a_limit(tmp_path):
    with Mosquitto(tmp_path) as broker:
        with pytest.raises(MosquittoError, match="never said"):
            broker.wait_log("never said", limit_s=0)
