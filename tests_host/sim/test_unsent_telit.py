"""A Telit that waits for the rest of a counted send takes whatever is said for it. Nothing of that
may reach the server: not a probe, not a command, inside TLS as if it were data.
"""

import pytest

from tests_host.modem.telit.bench import Sink
from tests_host.sim.broker import Broker
from tests_host.sim.telit_lines import HOST, Telit
from tests_host.sim.test_life import ALL, Listener
from tests_host.sim.test_vendors import NOW, PKI, recovery
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from uplink import log


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Faulty(Telit):
    """The module with a TLS socket that is open; the bytes behind the next prompt meet a fault."""

    def __init__(self, folder, module, **more):
        self.server = Sink()
        super().__init__(folder, module, self.server, **more)
        self.start()
        self.socket = self.modem.socket()
        self.socket.listener = self.heard = Listener()
        self.socket.open(HOST.encode(), 443, True)
        self.until(lambda: self.heard.opens)

    def send(self, data, fault, arguments, behind=b"> "):
        """Give `data` to the socket; the fault begins where the modem has said `behind`."""
        peer = self.world.vm
        take = peer.take

        def answered(now_us):
            found = take(now_us)
            if behind in found:
                peer.take = take
                peer.fault(fault, **arguments)
            return found

        if behind:
            peer.take = answered
        else:
            peer.fault(fault, **arguments)
        assert self.socket.send(data, 0, len(data))


DATA = b"what the server may get, or nothing of it" * 5


@pytest.mark.parametrize("module", ["he910", "me310g1"])
@pytest.mark.parametrize("lost", [1, 9, 30])
def test_lost_payload_never_becomes_a_command(module, lost, folder):
    t = Faulty(folder, module)
    t.send(DATA, "lose", {"rate": 1, "dir": "in", "count": lost})
    t.until(lambda: t.heard.reasons, 60)
    assert t.heard.reasons == [8]
    t.lines.clear()
    t.until(lambda: t.modem.state == "pulse", 90)
    assert t.lines.commands() == []  # not a byte until it is off
    t.until(lambda: t.modem.online, 200)
    t.world.run(60)
    assert t.server.got == b""
    assert t.modem.counters()["power"] == 1


def test_lost_prompt(folder):
    """It waits for all of the payload, and we do not know."""
    t = Faulty(folder, "he910")
    t.send(DATA, "lose", {"rate": 1, "dir": "out", "count": 4}, behind=b"")
    t.until(lambda: t.heard.reasons, 60)
    t.lines.clear()
    t.until(lambda: t.modem.state == "pulse", 90)
    assert t.lines.commands() == []
    t.until(lambda: t.modem.online, 200)
    assert t.server.got == b""


def test_it_is_not_wanted_any_more(folder):
    """Switched off while it waits: by the pin, not by a command that would become payload."""
    t = Faulty(folder, "he910")
    t.send(DATA, "lose", {"rate": 1, "dir": "in", "count": 5})
    t.world.run(2)
    t.modem.stop()
    t.until(lambda: t.modem.state == "off", 60)
    t.world.run(60)
    assert t.server.got == b"" and not t.world.vm.status


def test_without_pwrkey_the_broker_gives_up_first(folder):
    """All messages arrive, and nothing else does: the broker judges each byte."""
    pki = PKI(folder)
    broker = Broker(judge_keepalive=False)
    cfg = configuration(
        pins=dict.fromkeys(ALL),
        broker={"tls": True, "port": 8883, "keepalive_s": 100},
        tls=pki.tls,
        modem={"type": "me310g1"},
    )
    services = {(b"broker", 8883): pki.service(broker)}
    options = Options(unix_s=NOW.timestamp())
    world = World(cfg, broker=broker, services=services, options=options)
    world.vm.switch_on()
    assert world.run(200, lambda: world.mqtt.connected)
    lost = 0
    for count in (1, 3, 8):
        world.publish(1)
        peer = world.vm
        take = peer.take

        def answered(now_us, peer=peer, take=take, count=count):
            found = take(now_us)
            if b"> " in found:
                peer.take = take
                peer.fault("lose", rate=1, dir="in", count=count)
            return found

        peer.take = answered
        assert world.run(900, lambda: not world.missing() and world.mqtt.connected)
        lost += peer.take is not answered
    assert lost == 3 and broker.violations == []
    assert recovery(world).get("power") is None
