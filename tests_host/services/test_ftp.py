"""Files by a Telit's own FTP, over TLS, from a server of the simulation."""

import sys

import pytest

from tests_host.modem.telit.servers import FTP
from tests_host.sim.test_life import events, said
from tests_host.sim.test_vendors import NOW, PKI, recovery
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from uplink import log
from uplink.services import ServiceModem

WHOLE, RUNNING, TOO_LARGE, HELD = -1, -2, 16, 17
MODULES = ("he910", "le910c1", "me310g1")
FILES = {"file.bin": bytes(range(256)) * 20, "empty": b"", "ok.txt": b"\r\nOK\r\n<<<> #FTPRECV: 9"}


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(
        log, "sink", lambda *line: found.append(" ".join(str(x) for x in line if x is not None))
    )
    return found


class Bench:
    def __init__(self, folder, module, tls=True):
        pki = PKI(folder, client=False)
        self.server = FTP(FILES, tuple(path.read_bytes() for path in pki.server) if tls else None)
        cfg = configuration(modem={"type": module, "sockets": 2}, tls=pki.tls)
        self.world = World(
            cfg,
            services={(b"broker", 21): self.server, (b"broker", 443): pki.service(self.server)},
            options=Options(unix_s=NOW.timestamp()),
            kind=ServiceModem,
        )
        self.server.network = self.world.network
        self.server.HOST = "broker"
        self.ftp = self.world.modem.ftp()
        self.into = bytearray()
        assert self.world.run(100, lambda: self.world.mqtt.connected), self.world.modem.state

    def get(self, path=b"file.bin", password=b"secret", most=6000, limit_s=300, **more):
        self.ftp.get(b"broker", path, b"user", password, store=self.into, most=most, **more)
        assert self.world.run(limit_s, lambda: self.ftp.why != RUNNING), vars(self.ftp)
        return self.ftp.why


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("module", MODULES)
def test_get(module, tls, folder, lines):
    b = Bench(folder, module)
    for name, data in FILES.items():
        assert b.get(name.encode(), tls=tls) == WHOLE, lines[-5:]
        assert bytes(b.into) == data and b.ftp.announced == len(data)
    assert ("AUTH TLS" in b.server.said) == tls and ("PROT P" in b.server.said) == tls
    verified = [text for text in events(b.world, "tls") if "verified" in text]
    assert len(verified) == (6 if tls else 0)
    assert not any("secret" in line for line in lines)
    b.world.publish(1)
    assert b.world.run(30, lambda: b.world.arrived())
    assert b.world.mqtt.connects == 1 and not recovery(b.world)


@pytest.mark.parametrize("module", MODULES)
def test_what_fails(module, folder, tmp_path_factory):
    b = Bench(folder, module)
    assert b.get(b"none") == 4 and b.ftp.error() is not None
    assert b.get(password=b"wrong") == 4
    assert b.get(most=100) == TOO_LARGE and len(b.into) <= 100
    other = PKI(tmp_path_factory.mktemp("o"), client=False)
    pair, b.server.pair = b.server.pair, tuple(path.read_bytes() for path in other.server)
    count = len([one for one in b.server.said if one.startswith("USER")])
    assert b.get() in (6, 7)
    assert len([one for one in b.server.said if one.startswith("USER")]) == count
    b.server.pair = pair
    assert b.get() == WHOLE and bytes(b.into) == FILES["file.bin"]


def test_tls_has_one_user_at_a_time(folder, lines):
    b = Bench(folder, "le910c1")
    socket = b.world.modem.socket()
    socket.open(b"broker", 443, True)
    assert b.world.run(30, lambda: socket.state == 2)
    assert b.get() == HELD and "another user holds it" in str(b.ftp.error())
    socket.close()
    assert b.world.run(30, lambda: not socket.state)
    http = b.world.modem.http()
    b.ftp.get(b"broker", b"file.bin", b"user", b"secret", store=b.into, most=6000)
    b.world.run(1)
    http.get(b"broker", b"/")
    assert b.world.run(30, lambda: http.why != RUNNING) and http.why == HELD
    assert b.world.modem.holder_name(http) == "ftp"
    assert b.world.run(100, lambda: b.ftp.why == WHOLE) and bytes(b.into) == FILES["file.bin"]


@pytest.mark.parametrize("module", MODULES)
def test_the_module_restarts_in_the_middle(module, folder):
    b = Bench(folder, module)
    b.ftp.get(b"broker", b"file.bin", b"user", b"secret", store=b.into, most=6000)
    assert b.world.run(60, lambda: b.ftp.count > 1000)
    b.world.vm.fault("reboot")
    assert b.world.run(300, lambda: b.ftp.why != RUNNING) and b.ftp.why in (1, 2, 3, 4)
    assert b.world.run(300, lambda: b.world.modem.online and not b.ftp.state)
    b.world.run(60)
    assert b.get() == WHOLE and bytes(b.into) == FILES["file.bin"]


def test_what_has_no_ftp_says_so():
    world = World(configuration(), kind=ServiceModem)
    world.run(1)
    with pytest.raises(ValueError, match="no FTP"):
        world.modem.ftp()


def test_what_cannot_be_asked_for(folder):
    b = Bench(folder, "le910c1")
    for args in (
        (b"broker", b""),
        (b"broker", b'a"b'),
        (b"broker", b"f", b"us er"),
        (b"broker", b"f", b"u", b"p\r\n"),
        (b"", b"f"),
    ):
        with pytest.raises(ValueError, match=r"http|ftp"):
            b.ftp.get(*args)
    commands = said(b.world)
    b.world.run(5)
    assert not [line for line in said(b.world)[len(commands) :] if b"FTP" in line]


def test_an_image_without_data_mode_says_so(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "uplink.services.ftp_online", None)
    b = Bench(folder, "le910c1")
    with pytest.raises(ValueError, match="not in this image"):
        b.ftp.get(b"broker", b"file.bin", online=True)
    assert b.get() == WHOLE and bytes(b.into) == FILES["file.bin"]
