"""As many TLS connections as the platform has secure sockets, each with its own certificates; one
protocol has all of them.
"""

import pytest

from tests_host.sim.test_life import Echo, Listener
from tests_host.sim.test_vendors import PKI
from uplink import log
from uplink.services import ServiceModem

HELD = 17


@pytest.fixture
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(log, "sink", lambda *line: found.append(str(line)))
    return found


def several(folder, module, sockets=3, **more):
    pki = PKI(folder)
    services = {(b"broker", 443): pki.service(Echo())}
    world = pki.world(module, services=services, modem={"sockets": sockets}, **more)
    return world


def opened(world, count):
    """Sockets that were opened to the echo server."""
    found = []
    for _ in range(count):
        s = world.modem.socket()
        s.listener = Listener()
        s.open(b"broker", 443, True)
        found.append(s)
    assert world.run(120, lambda: all(s.listener.opens or s.listener.reasons for s in found))
    return found


@pytest.mark.parametrize("module", ["le866", "me910c1", "me310g1", "le910q1", "le910c1eux"])
def test_several_at_a_time(module, folder, lines):
    world = several(folder, module)
    assert world.run(120, lambda: world.mqtt.connected), lines[-9:]
    assert world.modem.security.most == 6 and world.modem.security.stores == 3
    found = opened(world, 2)
    assert [s.state for s in found] == [2, 2], lines[-9:]
    for i, s in enumerate(found):
        s.send(b"echo %d" % i, 0, 6)
    assert world.run(30, lambda: all(len(s.listener.data) == 6 for s in found))
    assert [bytes(s.listener.data) for s in found] == [b"echo 0", b"echo 1"]
    world.publish(1)
    assert world.run(20, lambda: world.arrived()) and world.mqtt.connected
    # one closing leaves the others alone
    found[0].close()
    world.run(10)
    assert found[1].state == 2 and world.mqtt.connected
    # each has the certificates: CA, certificate and key
    assert world.modem.counters()["uploads"] == 9


def test_more_than_there_are_is_refused(folder, lines):
    world = several(folder, "le866", sockets=8)
    world.mqtt.disconnect()
    assert world.run(200, lambda: world.modem.online)
    found = opened(world, 5)
    assert [s.state for s in found] == [2] * 5  # 2 to 6; the first is MQTT's
    with pytest.raises(ValueError, match="no socket left"):
        world.modem.socket()


def test_certificates_are_written_once_for_each(folder):
    world = several(folder, "me310g1", sockets=2)
    assert world.run(120, lambda: world.mqtt.connected)
    assert world.modem.counters()["uploads"] == 6
    world.vm.fault("reboot")
    connects = world.mqtt.connects
    assert world.run(300, lambda: world.mqtt.connects > connects)
    assert world.modem.counters()["uploads"] == 6


def test_a_connection_that_is_lost_without_a_word_is_noticed(folder):
    """The supervision asks the secure sockets in turn."""
    world = several(folder, "le866")
    assert world.run(120, lambda: world.mqtt.connected)
    (s,) = opened(world, 1)
    assert s.state == 2
    number = s.id
    world.vm.page_state.secure.pop(number)
    world.vm.sockets.close(f"ssl{number}")
    assert world.run(300, lambda: s.listener.reasons == [1])
    assert world.mqtt.connected


@pytest.mark.parametrize("module", ["le866", "me310g1"])
def test_one_protocol_has_all_of_them(module, folder, lines):
    world = several(folder, module, kind=ServiceModem)
    http = world.modem.http()
    assert world.run(120, lambda: world.mqtt.connected)
    into = bytearray()
    http.get(b"broker", b"/", store=into, most=100, port=444)
    assert world.run(30, lambda: http.why == HELD)
    assert world.modem.holder_name(http) == "socket 0"
    world.mqtt.disconnect()
    assert world.run(30, lambda: not world.mqtt.connected)
    world.run(5)
    http.get(b"broker", b"/", store=into, most=100, port=444)
    assert world.run(60, lambda: http.why > -2)
    # (nothing is behind that port: #HTTPRING with status 0)
    assert http.why == 3
    assert not any(world.vm.page_state.holder[i] == "ssl" for i in range(1, 7))


@pytest.mark.parametrize(
    ("module", "held_s"), [("gl865", 60), ("he910", 900), ("le866", 60), ("me310g1", 60)]
)
def test_a_secure_socket_that_another_user_has(module, held_s, folder, lines):
    """Of another AT instance, from before ours asks for it, and again after each restart, until
    `held_s`: nothing is opened by it and nothing sent, and then all is well by itself.
    """
    world = PKI(folder, client=False).world(module, modem={"sockets": 1})
    while world.now_s < held_s:
        vm = world.vm
        if vm.power.state == "on" and vm.page_state.holder[1] is None:
            vm.fault("tls_held", number=1)
        world.run(0.5)
        assert vm.page_state.holder[1] in ("other", None)
    told = b"".join(what for _us, way, what in world.vm.log if way == ">")
    assert b"+CME ERROR: 1000\r\n" in told and not world.vm.counters["#SSLD"]
    assert not world.modem.online and world.modem.error() is not None
    rungs = world.modem.counters()
    assert rungs["power"] <= 2 * rungs["wait"] + 2
    world.vm.page.tls_held(world.vm, 1, False)
    assert world.run(600, lambda: world.mqtt.connected), world.modem.state
    world.publish(1)
    assert world.run(20, lambda: world.arrived())
