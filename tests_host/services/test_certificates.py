"""Certificates that are given, or renewed, while the device runs: `ServiceModem.certificates`."""

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.test_vendors import ANY, NOW, PKI
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from tools.modem.tls import TLSService
from uplink import log
from uplink.services import ServiceModem

MODULES = ("sim7000", "m95", "he910", "le910c1")


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(
        log, "sink", lambda *line: found.append(" ".join(str(x) for x in line if x is not None))
    )
    return found


class Bench:
    """MQTT over TLS to a broker whose certificate is of `first` and later of `second`."""

    def __init__(self, folder, other, module, given=True):
        self.first = PKI(folder, client=False)
        self.second = PKI(other, client=False)
        self.broker = Broker()
        self.server = self.service(self.first)
        tls = {"level": "legacy", "ca": self.first.tls["ca"] if given else None}
        cfg = configuration(
            modem={"type": module, "sockets": 1},
            broker={"tls": given, "port": 8883},
            tls={**self.first.tls, **tls},
        )
        self.world = World(
            cfg,
            services={(b"broker", 8883): self.server},
            options=Options(unix_s=NOW.timestamp()),
            kind=ServiceModem,
        )
        self.modem, self.mqtt = self.world.modem, self.world.mqtt

    def service(self, pki):
        crt, key = (path.read_bytes() for path in pki.server)
        return TLSService(self.broker, crt, key, ciphers=ANY)

    def moves(self, pki):
        """The broker is behind a certificate of `pki` from now on."""
        self.server = self.service(pki)
        self.world.network.services[b"broker", 8883] = self.server

    def connected(self, count, limit_s=400):
        assert self.world.run(
            limit_s, lambda: self.mqtt.connects >= count and self.mqtt.connected
        ), (self.modem.state, self.modem.error())

    def works(self):
        before = len(self.broker.published)
        self.mqtt.publish(b"t", b"x", 1)
        assert self.world.run(60, lambda: len(self.broker.published) > before)


@pytest.fixture
def other(tmp_path_factory):
    return tmp_path_factory.mktemp("o")


@pytest.mark.parametrize("module", MODULES)
def test_renewed(module, folder, other):
    b = Bench(folder, other, module)
    b.connected(1)
    uploads = b.modem.counters()["uploads"]
    b.moves(b.second)
    b.modem.certificates(b.second.tls["ca"])
    b.connected(2)
    assert b.modem.counters()["uploads"] > uploads and b.modem.files.good
    b.works()


@pytest.mark.parametrize("module", MODULES)
def test_the_old_one_is_trusted_no_more(module, folder, other):
    b = Bench(folder, other, module)
    b.connected(1)
    b.modem.certificates(b.second.tls["ca"])
    b.world.run(200)
    assert not b.mqtt.connected and b.mqtt.connects == 1
    b.modem.certificates(b.first.tls["ca"])
    b.connected(2)
    b.works()


@pytest.mark.parametrize("module", MODULES)
def test_the_first_are_given_while_it_runs(module, folder, other):
    b = Bench(folder, other, module, given=False)
    b.mqtt.disconnect()
    assert b.world.run(100, lambda: b.modem.online)
    assert b.modem.counters()["uploads"] == 0
    socket = b.modem.sockets[0]
    b.world.run(10)
    socket.open(b"broker", 8883, True)
    assert b.world.run(60, lambda: not socket.state), "without a CA nothing is opened"
    b.modem.certificates(b.first.tls["ca"])
    assert b.world.run(200, lambda: b.modem.online and b.modem.files.good)
    socket.open(b"broker", 8883, True)
    assert b.world.run(100, lambda: socket.state == 2), b.modem.error()


@pytest.mark.parametrize("when_s", [0.5, 8, 12, 20])
@pytest.mark.parametrize("module", MODULES)
def test_given_on_the_way_up(module, when_s, folder, other):
    """Whatever it is doing: the connection that is opened afterwards is verified by them."""
    b = Bench(folder, other, module)
    b.moves(b.second)
    b.world.run(when_s)
    b.modem.certificates(b.second.tls["ca"])
    b.connected(1)
    b.works()


@pytest.mark.parametrize("fault", ["reboot", "garble", "no_answer"])
@pytest.mark.parametrize("module", MODULES)
def test_something_goes_wrong_meanwhile(module, fault, folder, other):
    b = Bench(folder, other, module)
    b.connected(1)
    b.moves(b.second)
    b.modem.certificates(b.second.tls["ca"])
    b.world.run(0.4)
    more = {"garble": {"rate": 0.01, "count": 20}, "no_answer": {"count": 2}}
    b.world.vm.fault(fault, **more.get(fault, {}))
    b.connected(2, 900)
    b.works()


def test_a_file_that_is_not_there(folder, other, lines):
    b = Bench(folder, other, "m95")
    b.connected(1)
    b.modem.certificates("nowhere.pem")
    b.world.run(60)
    assert any("cannot read nowhere.pem" in line for line in lines) and not b.mqtt.connected
    b.modem.certificates(b.first.tls["ca"])
    b.connected(2, 900)


def test_what_does_not_go_together(folder, other):
    b = Bench(folder, other, "m95")
    for args in ((None,), ("",), ("ca", "cert"), ("ca", None, "key")):
        with pytest.raises(ValueError, match="certificates"):
            b.modem.certificates(*args)
    assert b.modem.files.paths[0] == b.first.tls["ca"]
