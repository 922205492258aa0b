"""A program that starts while the module is on: what the one before was sending is not finished by
its first words.
"""

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.world import TOPIC, World, configuration
from uplink import log
from uplink.loop import Loop
from uplink.modem import Modem
from uplink.mqtt import MQTT

MODULES = ("sim7000", "m95", "le910c1", "gl865")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


def restart(world):
    """The board alone: reset by its watchdog, say."""
    world.loop = Loop(world.board)
    world.modem = Modem(world.loop, world.cfg)
    world.mqtt = MQTT(world.loop, world.modem.socket(), world.cfg, world.board.rand)


@pytest.mark.parametrize("module", MODULES)
def test_in_the_middle_of_a_send(module):
    world = World(configuration(modem={"type": module}), broker=Broker())
    assert world.run(200, lambda: world.mqtt.connected), world.modem.state
    assert world.publish()
    assert world.run(10, lambda: world.vm.line.mode == "payload")
    restart(world)
    assert world.run(300, lambda: world.mqtt.connected), world.modem.state
    assert world.publish() and world.run(60, lambda: world.broker.published)
    bodies = [bytes(p.payload) for p in world.broker.published if bytes(p.topic) == TOPIC]
    assert bodies == [world.accepted[-1]], "the first message never went out whole"
    assert not world.broker.violations


@pytest.mark.parametrize("module", MODULES)
def test_between_two_sends(module):
    world = World(configuration(modem={"type": module}), broker=Broker())
    assert world.run(200, lambda: world.mqtt.connected), world.modem.state
    restart(world)
    assert world.run(300, lambda: world.mqtt.connected), world.modem.state
    assert world.publish() and world.run(60, lambda: world.broker.published)
