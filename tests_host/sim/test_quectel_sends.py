"""A send of which bytes are lost on the UART: the module waits for them, and whatever it is told
next would be sent as data. No document says that it stops waiting (`payload_s=0` here).
"""

import pytest

from tests_host.modem.quectel.pki import IN_2024
from tests_host.sim.broker import Broker
from tests_host.sim.quectel_lines import Device, Listener, Peer, files, server
from tests_host.sim.test_vendors import recovery
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from uplink import log
from uplink.services.ssl import ModuleSSL

FOR_GOOD = 0


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Bench(Device):
    def __init__(self, folder, payload_s=FOR_GOOD, pins=None, **more):
        self.peer = Peer()
        super().__init__(
            {(b"host", 443): server(self.peer, "host")},
            options=Options(unix_s=IN_2024, payload_s=payload_s),
            tls={**files(folder), "level": "compatible"},
            pins=pins or {},
            **more,
        )
        if pins:
            self.vm.switch_on()
        self.ssl = ModuleSSL(self.modem)
        self.online()
        self.s = self.modem.socket()
        self.s.listener = Listener()
        self.opened(self.s, b"host", 443, True)
        self.run(60)  # (until nothing is read any more)

    def lost(self):
        """Closed as damaged; then all is well again."""
        assert self.run(60, lambda: self.s.listener.told[-1] == ("closed", 8))
        assert self.run(200, lambda: self.events("power: booting")[1:] and self.modem.online)
        self.run(60)
        self.opened(self.s, b"host", 443, True)
        assert self.s.send(b"whole", 0, 5) and self.run(10, lambda: self.peer.got == b"whole")


@pytest.mark.parametrize("n", [4, 60, 1459])
@pytest.mark.parametrize("payload_s", [FOR_GOOD, 30])
def test_bytes_of_the_payload_are_lost(n, payload_s, folder):
    b = Bench(folder, payload_s)
    b.s.send(b"P" * n, 0, n)
    assert b.run(5, lambda: b.vm.line.mode == "payload")
    b.vm.line.need += 3  # as if three of them had been lost on the way
    b.lost()


def test_the_prompt_is_lost(folder):
    """The module waits for all of them, and has said so; fewer than a probe is long."""
    b = Bench(folder)
    b.vm.fault("lose", rate=1.0, count=4, dir="out")
    b.s.send(b"\xc0\x00", 0, 2)
    b.lost()


@pytest.mark.parametrize("n", [2, 300])
def test_no_prompt_and_no_result_by_setting(n, folder):
    """AT+QIPROMPT is 2 although we have set it: FACTS."""
    b = Bench(folder)
    b.vm.settings.set("QIPROMPT", 2)
    b.s.send(b"P" * n, 0, n)
    b.lost()


def test_a_text_send_that_never_ends(folder):
    b = Bench(folder)
    b.ssl.text(b.s, b"text")
    assert b.run(5, lambda: b.vm.line.reader is not None)
    b.vm.line.reader.hear = lambda now_us: bool(b.vm.line.rx.take(now_us)) and False
    assert b.run(60, lambda: b.ssl.why == 8)
    b.lost()


def test_a_send_that_a_change_of_state_cuts_off(folder):
    """The SIM goes while the bytes are on their way: what is left of them is not said."""
    b = Bench(folder)
    b.s.send(b"P" * 1400, 0, 1400)
    assert b.run(5, lambda: b.vm.line.mode == "payload")
    b.modem.now = b.loop.now()
    b.modem.sim(False, False)
    assert b.modem.state == "sim" and b.s.listener.told[-1] == ("closed", 2)
    assert b.run(200, lambda: b.events("power: booting")[1:] and b.modem.online)
    assert b.peer.got == b""
    b.opened(b.s, b"host", 443, True)


def test_switched_off_by_the_application_in_the_middle_of_a_send(folder):
    b = Bench(folder)
    b.s.send(b"P" * 1400, 0, 1400)
    assert b.run(5, lambda: b.vm.line.mode == "payload")
    b.vm.line.need += 3
    b.run(2)
    b.modem.stop()
    assert b.run(60, lambda: b.modem.state == "off") and b.peer.got == b""
    b.run(15)
    assert "AT+QPOWD=1" not in b.commands() and b.vm.power.state == "off" and b.peer.got == b""


def test_without_pwrkey_the_connection_is_given_up(folder):
    """Nothing but to ask then: the far end may get the question, over a connection that is
    closed for us, and is not used again.
    """
    b = Bench(folder, pins={"pwrkey": None})
    b.s.send(b"P" * 60, 0, 60)
    assert b.run(5, lambda: b.vm.line.mode == "payload")
    b.vm.line.need += 3
    assert b.run(60, lambda: b.s.listener.told[-1] == ("closed", 8))
    assert b.run(300, lambda: b.modem.online and b.modem.engine.idle), b.modem.state
    b.opened(b.s, b"host", 443, True)
    assert b.peer.ended >= 1


@pytest.mark.parametrize("seed", range(8))
def test_lossy_lines_never_reach_the_broker_as_other_bytes(seed):
    """Bytes lost towards the module, none altered: what the broker gets was said by MQTT."""
    print("seed", seed)
    options = Options(payload_s=FOR_GOOD)
    world = World(
        configuration(modem={"type": "m95"}),
        options=options,
        seed=seed,
        broker=Broker(judge_keepalive=False),
    )
    assert world.run(60, lambda: world.mqtt.connected)
    for _ in range(4):
        world.vm.fault("lose", rate=0.02, count=6, dir="in")
        for _ in range(6):
            world.publish(1)
            world.run(5)
    world.vm.fault("none")
    assert world.run(900, lambda: not world.missing()), (world.missing(), recovery(world))
    asked = [p.payload for p in world.broker.published if p.payload not in world.accepted]
    assert not asked, asked
    assert not any(b"AT" in v.packet for v in world.broker.violations)
