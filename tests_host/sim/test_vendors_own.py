"""What only the modules of one vendor do, and how the firmware finds out which it has."""

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.test_life import Echo, Listener, events, said
from tests_host.sim.test_vendors import EACH, PKI, device, recovery
from tests_host.sim.world import World, configuration
from uplink import log, modems


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


# ---- what only Quectel does


def test_send_fail_is_tried_again_without_opening_anew():
    world = device("m95")
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("send_blocked", for_s=10)
    world.publish(1)
    assert world.run(30, lambda: world.arrived())
    assert b"\r\nSEND FAIL\r\n" in said(world, ">")
    assert world.mqtt.connects == 1 and not recovery(world)


def test_sockets_that_are_refused_for_ever_take_a_power_cycle():
    world = device("m95")
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("socket_leak", opens=3)
    for _ in range(8):
        world.vm.fault("socket_closed")
        world.run(30)
    assert world.run(1800, lambda: world.mqtt.connected), world.modem.state
    assert recovery(world).get("power") and not world.modem.counters()["wait"]


def test_packet_data_that_cannot_be_had_does_not_restart_it_often():
    """Note, 1.4.1: after a restart three tries, ten minutes apart, before the next one."""
    world = device("m95")
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("pdp_dropped", for_s=6000)
    starts = []
    for _ in range(600):
        world.run(10)
        count = len(events(world, "power: booting"))
        if count > len(starts):
            starts += [world.now_s] * (count - len(starts))
    pauses = [later - earlier for earlier, later in zip(starts[1:], starts[2:], strict=False)]
    assert len(starts) >= 3 and all(pause > 1800 for pause in pauses), starts
    assert world.run(1200, lambda: world.mqtt.connected), world.modem.state


def test_a_close_that_nobody_announced_is_found(folder):
    """`+QSSLURC: "closed"` is lost: the supervision asks AT+QSSLSTATE."""
    world = PKI(folder).world("m95")
    assert world.run(60, lambda: world.mqtt.connected)
    world.run(60)  # (until nothing is read any more)
    urc = world.vm.urc
    world.vm.urc = lambda text: None if "QSSLURC" in str(text) else urc(text)
    world.vm.fault("socket_closed")
    assert world.run(90, lambda: world.mqtt.connects == 2), world.modem.state
    assert not recovery(world)
    assert not world.broker.timeouts


def test_a_large_ca_is_kept_in_ram_and_written_again_after_a_restart(folder):
    pki = PKI(folder)
    large = folder / "l.crt"
    large.write_bytes(pki.ca.read_bytes() * 2)
    world = pki.world("m95", tls={"ca": str(large)})
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    asked = b"".join(said(world))
    assert b'"RAM:CA0"' in asked and b'"NVRAM:CC0"' in asked
    uploads = world.modem.counters()["uploads"]
    world.vm.fault("reboot")
    world.run(10)
    assert world.run(100, lambda: world.mqtt.connected)
    assert world.modem.counters()["uploads"] == uploads + 1


def test_a_certificate_that_has_changed_in_the_module_is_written_again(folder):
    world = PKI(folder).world("m95")
    assert world.run(100, lambda: world.mqtt.connected)
    world.vm.fault("file_corrupt")
    world.vm.fault("reboot")
    world.run(10)
    assert world.run(100, lambda: world.mqtt.connected)
    assert world.modem.counters()["uploads"] == 4


# ---- what only Telit does


def test_a_restart_that_says_nothing_is_noticed():
    """No RDY: the supervision sees that what was set is not set any more; or a send was not
    answered, and it is switched off and on."""
    world = device("le910c1")
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("reboot")
    world.run(120)
    found = world.modem.counters()
    assert found["restarts"] + found["power"] == 1 and world.run(60, lambda: world.mqtt.connected)
    world.publish(1)
    assert world.run(30, lambda: world.arrived())


def test_there_is_one_tls_connection(folder):
    pki = PKI(folder)
    world = pki.world("le910c1", services={(b"other", 443): pki.service(Echo())})
    assert world.run(100, lambda: world.mqtt.connected)
    socket = world.modem.socket()
    socket.listener = listener = Listener()
    socket.open(b"other", 443, True)
    assert world.run(10, lambda: listener.reasons) and not socket.state
    world.publish(1)
    assert world.run(20, lambda: world.arrived()) and world.mqtt.connected


def test_settings_that_save_themselves_are_written_once(folder):
    world = PKI(folder).world("me310g1")
    assert world.run(100, lambda: world.mqtt.connected)
    written = world.vm.settings.flash_writes
    assert written
    for _ in range(3):
        connects = world.mqtt.connects
        world.vm.fault("socket_closed")
        assert world.run(60, lambda connects=connects: world.mqtt.connects > connects)
    assert world.vm.settings.flash_writes == written


@pytest.mark.parametrize("level", ["modern", "compatible", "legacy"])
@pytest.mark.parametrize("module", ["m95", "gl865", "he910", "le910c1", "me310g1", "sim7000"])
def test_a_level_that_the_module_cannot_have_is_refused(module, level, folder):
    world = PKI(folder, client=False).world(module, tls={"level": level})
    can = level != "modern" or module in ("me310g1", "sim7000")
    assert world.run(60, lambda: world.mqtt.connected) == can
    world.run(60)
    assert world.modem.online and not recovery(world), "it is no failure of the module"


@pytest.mark.parametrize("module", ["sim7000", *EACH])
def test_without_an_apn_the_network_chooses(module):
    world = World(configuration(modem={"type": module}, sim={"apn": None}), broker=Broker())
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state


# ---- which module is it?


@pytest.mark.parametrize("page", ["sim7000", *EACH])
def test_auto_finds_the_tables(page):
    world = World(configuration(modem={"type": "auto"}), broker=Broker(), page=page)
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    assert world.modem.vendor is modems.load(page.encode())
    world.publish(1)
    assert world.run(20, lambda: world.arrived())


def test_auto_knows_it_for_good():
    world = World(configuration(modem={"type": "auto"}), broker=Broker(), page="m95")
    assert world.run(100, lambda: world.mqtt.connected)
    world.vm.fault("reboot")
    world.run(5)
    assert world.run(100, lambda: world.mqtt.connected)
    assert said(world).count(b"AT+GMI\r") == 1
