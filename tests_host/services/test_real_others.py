"""Real servers behind the virtual modem, which is a program of its own: FTP over TLS by a Telit's
own FTP from pyftpdlib, MQTT over TLS by its own MQTT with Mosquitto.
"""

import contextlib
import os
import threading

import pytest
from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from tests_host.mosquitto import Message, Mosquitto, Tls, free_port
from tests_host.services.test_real import HOST, LIMIT_S, authority, device, modem, run  # noqa: F401
from tools.certs.authority import Authority
from uplink import log

pytestmark = pytest.mark.usefixtures("brisk")
FTP = ("gl865", "le910c1", "me310g1")
MQ = ("me310g1", "le910r1")
SCALE = 0.1  # of the module's limits: the server is a busy PC's
DATA = bytes(range(256)) * 20
USER = (b"user", b"secret")
HOSTILE = b"\r\nOK\r\n> <<<\r\nERROR\r\n\x00\xff\x1a#MQRING: 1,1,x,3"


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(
        log, "sink", lambda *line: found.append(" ".join(str(x) for x in line if x is not None))
    )
    return found


@pytest.fixture
def folder(tmp_path_factory):
    """One with a short name: the configuration takes paths of up to 64 bytes."""
    return tmp_path_factory.mktemp("t")


@contextlib.contextmanager
def ftp_server(authority, folder):  # noqa: F811
    """One that wants TLS on both connections; its port, its data ports, what came."""
    (folder / "file.bin").write_bytes(DATA)
    (folder / "ok.txt").write_bytes(HOSTILE)
    (folder / "empty").write_bytes(b"")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")  # what modules of 2G and 3G have, too
    context.use_certificate_chain_file(os.fspath(authority.folder / "server.crt"))
    context.use_privatekey_file(os.fspath(authority.folder / "server.key"))
    seen = []

    class Handler(TLS_FTPHandler):
        ssl_context = context
        certfile = os.fspath(authority.folder / "server.crt")
        keyfile = os.fspath(authority.folder / "server.key")
        tls_control_required = tls_data_required = True
        auth_failed_timeout = 0.1  # (3 s, against who tries many)
        authorizer = DummyAuthorizer()
        passive_ports = [free_port() for _ in range(4)]
        use_encoding = "utf-8"

        def log(self, *_, **__):
            pass

        logline = logerror = log

        def ftp_PROT(self, line):
            seen.append(f"PROT {line}")
            return super().ftp_PROT(line)

        def on_login(self, username):
            seen.append(f"login {username} {self.socket.get_protocol_version_name()}")

        def on_file_sent(self, file):
            seen.append(f"sent {os.path.basename(file)} {self._prot}")

    Handler.authorizer.add_user(*(x.decode() for x in USER), os.fspath(folder), perm="elr")
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), Handler, ioloop=loop)
    ends = threading.Event()

    def serve():
        while not ends.is_set():
            loop.loop(0.05, blocking=False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.address[1], Handler.passive_ports, seen
    finally:
        ends.set()
        thread.join(LIMIT_S)
        server.close_all()
        loop.close()


@pytest.mark.parametrize("kind", FTP)
def test_files_by_ftp_over_tls(kind, authority, folder, lines):  # noqa: F811
    ca = folder / "ca.crt"
    ca.write_bytes(authority.ca.read_bytes())
    with (
        ftp_server(authority, folder) as (port, data_ports, seen),
        modem(
            kind, port, more={21: port, **{one: one for one in data_ports}}, scale=SCALE
        ) as path,
    ):
        loop, link = device(path, kind, os.fspath(ca))
        ftp = link.ftp()

        async def talk():
            assert await link.ready.wait(60_000), (link.state, lines[-20:])
            into = bytearray()
            host = HOST.encode()
            files = ((b"file.bin", DATA), (b"ok.txt", HOSTILE), (b"empty", b""))
            for online in (False, True):
                for name, data in files:
                    good = await ftp.get(host, name, *USER, store=into, most=6000, online=online)
                    assert good, (name, ftp.error(), lines[-20:])
                    assert bytes(into) == data and ftp.announced == len(data)
            assert not await ftp.get(host, b"none", *USER, store=into), "there is none"
            assert not await ftp.get(host, b"ok.txt", b"user", b"wrong", store=into)
            return True

        assert run(loop, loop.spawn(talk()))
    sent = ["sent file.bin True", "sent ok.txt True", "sent empty True"]
    assert [one for one in seen if one.startswith("sent")] == sent * 2
    assert seen.count("PROT P") == len(seen) - seen.index("PROT P") - sum(
        not one.startswith("PROT") for one in seen
    )
    assert {one.split()[2] for one in seen if one.startswith("login")} <= {"TLSv1.2", "TLSv1"}
    assert not any("secret" in line for line in lines)


def test_an_ftp_server_of_another_ca(authority, folder, tmp_path_factory):  # noqa: F811
    ca = folder / "ca.crt"
    ca.write_bytes(Authority.create(tmp_path_factory.mktemp("o")).ca.read_bytes())
    with (
        ftp_server(authority, folder) as (port, data_ports, seen),
        modem(
            "le910c1", port, more={21: port, **{one: one for one in data_ports}}, scale=SCALE
        ) as path,
    ):
        loop, link = device(path, "le910c1", os.fspath(ca))
        ftp = link.ftp()

        async def talk():
            assert await link.ready.wait(60_000), link.state
            return await ftp.get(HOST.encode(), b"file.bin", *USER)

        assert run(loop, loop.spawn(talk())) is False
        assert ftp.why in (6, 7), ftp.why
    assert not seen


@pytest.mark.parametrize("kind", MQ)
def test_mqtt_of_the_module_with_mosquitto(kind, authority, folder, lines):  # noqa: F811
    ca = folder / "ca.crt"
    ca.write_bytes(authority.ca.read_bytes())
    tls = Tls(authority.ca, authority.folder / "server.crt", authority.folder / "server.key")
    users = {"dev7": "secret", "pc": "other"}
    options = ("ciphers ALL:@SECLEVEL=0",)
    with (
        Mosquitto(
            folder, tls=tls, require_certificate=False, users=users, options=options
        ) as broker,
        modem(kind, broker.port, more={8883: broker.port}) as path,
    ):
        broker.client = Tls(authority.ca, None, None)
        broker.login = ("pc", "other")
        section = {"host": HOST, "port": 8883, "user": "dev7", "password": "secret", "clean": True}
        loop, link = device(path, kind, os.fspath(ca), broker=section)
        mqtt = link.mqtt()
        got = []
        mqtt.subscribe(b"down/#", lambda topic, data: got.append((bytes(topic), bytes(data))), 1)

        async def until(what):
            for _ in range(600):
                if what():
                    return True
                await loop.sleep_ms(50)
            return False

        async def talk():
            assert await link.ready.wait(60_000), (link.state, lines[-20:])
            assert await until(lambda: mqtt.connected and 0 not in mqtt.granted), lines[-20:]
            for qos in range(3):
                assert await mqtt.publish(b"up/%d" % qos, HOSTILE, qos), lines[-20:]
            threading.Thread(target=broker.publish, args=("down/a", HOSTILE, 1)).start()
            assert await until(lambda: got), lines[-20:]
            mqtt.disconnect()
            assert await until(lambda: not mqtt.state), mqtt.phase
            return True

        with broker.subscribe("up/#") as watch:
            assert run(loop, loop.spawn(talk()))
            assert watch.messages(3) == [Message(f"up/{q}", HOSTILE, q, False) for q in range(3)]
        assert got == [(b"down/a", HOSTILE)] and mqtt.connects == 1
    assert not any("secret" in line for line in lines)


def test_mosquitto_of_another_ca(authority, folder, tmp_path_factory):  # noqa: F811
    ca = folder / "ca.crt"
    ca.write_bytes(Authority.create(tmp_path_factory.mktemp("o")).ca.read_bytes())
    tls = Tls(authority.ca, authority.folder / "server.crt", authority.folder / "server.key")
    with (
        Mosquitto(folder, tls=tls, require_certificate=False) as broker,
        modem("me310g1", broker.port, more={8883: broker.port}) as path,
    ):
        section = {"host": HOST, "port": 8883}
        loop, link = device(path, "me310g1", os.fspath(ca), broker=section)
        mqtt = link.mqtt()

        async def talk():
            assert await link.ready.wait(60_000), link.state
            for _ in range(600):
                if "TLS" in (mqtt.last_error or ""):
                    break
                await loop.sleep_ms(50)
            return mqtt.last_error

        assert "TLS" in run(loop, loop.spawn(talk())) and not mqtt.connects
        assert "as dev7" not in broker.log()
