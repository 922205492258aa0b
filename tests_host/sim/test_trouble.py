"""Situations that have tripped drivers before, each played once in simulated time."""

import datetime

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.test_life import ALL, Echo, Listener, device, events, said
from tests_host.sim.world import World, configuration
from tools.certs.authority import Authority
from tools.modem.options import Options
from tools.modem.tls import TLSService
from uplink import log
from uplink.errors import CLOSED_LOCAL

RADIO, RESET, POWER, WAIT = 4, 5, 6, 7  # rungs of the ladder

NOW = datetime.datetime(2026, 6, 13, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


def inject(world, data):
    """Bytes that the module says, out of the blue."""
    world.vm.line.write("urc", data)


def test_a_sim_with_a_pin_survives_restarts_of_the_module():
    world = device(ALL, Options(sim="pin"), sim={"pin": "1234", "apn": "x"})
    assert world.run(60, lambda: world.mqtt.connected)
    for _ in range(3):
        world.vm.fault("reboot")
        world.run(5)
        assert world.run(120, lambda: world.mqtt.connected), world.modem.state


def secure(folder, **options):
    made = NOW - datetime.timedelta(days=30)
    authority = Authority.create(folder, now=made)
    crt, key = authority.server(["broker"], now=made)
    broker = Broker()
    service = TLSService(broker, crt.read_bytes(), key.read_bytes())
    cfg = configuration(broker={"tls": True, "port": 8883}, tls={"ca": str(authority.ca)})
    options = Options(unix_s=NOW.timestamp(), **options)
    return World(cfg, broker=broker, services={(b"broker", 8883): service}, options=options)


def test_a_ca_that_was_uploaded_and_never_converted(folder):
    """The board lost power between the upload and the conversion."""
    world = secure(folder)
    ours = (folder / "ca.crt").read_bytes()
    world.vm.files.write(world.vm.page.USER_DIRECTORY, "uplink-ca.crt", ours)
    assert world.run(120, lambda: world.mqtt.connected), world.modem.state
    assert world.modem.counters()["uploads"] == 0


def test_files_that_cannot_be_verified_are_not_trusted(folder):
    world = secure(folder)
    world.vm.fault("error", count=100_000, command="CFSWFILE")
    world.run(1500)
    assert not any(c.startswith(b"AT+CAOPEN") for c in said(world))
    world.vm.fault("none")
    assert world.run(4000, lambda: world.mqtt.connected), world.modem.state


def test_payload_that_comes_too_late_is_not_read_as_urcs():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    inject(world, b"\r\n+CARECV: 25,xx\r\nNORMAL POWER DOWN\r\nyy\r\nOK\r\n")
    world.run(30)
    assert world.modem.counters()["downs"] == 0 and world.modem.state == "online"


def test_power_down_refused_ends_in_a_long_pulse():
    world = device(("pwrkey",))
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("error", count=1, command="CPOWD")
    world.modem.climb(POWER)
    world.modem.changed()
    world.run(30)
    assert len(events(world, "power: going down")) == 1
    assert world.run(60, lambda: world.mqtt.connected)


@pytest.mark.parametrize("after_ms", [0, 50, 150, 300, 2500, 20_000])
def test_stop_switches_off_whatever_it_interrupts(after_ms):
    world = device(modem={"sleep": True})
    assert world.run(60, lambda: world.modem.online)
    world.board.advance(0)
    world.run(after_ms / 1000)
    world.modem.stop()
    assert world.run(60, lambda: world.modem.state == "off")
    world.run(10)
    assert world.vm.power.state == "off"


def test_without_pwrkey_the_module_is_never_switched_off():
    world = device(("dtr",))
    world.vm.switch_on()
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("registration_denied", for_s=1500)
    world.run(1501)
    assert not events(world, "power: going down")
    assert world.run(900, lambda: world.mqtt.connected), world.modem.state


def test_a_second_socket_that_never_opens_leaves_the_first_alone():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    other = world.modem.socket()
    other.listener = Listener()
    for _ in range(100):
        if other.state == 0:
            other.open(b"nobody", 7, False)
        world.run(10)
    used = world.modem.counters()
    assert used["data"] + used["register"] + used["radio"] + used["reset"] + used["power"] == 0
    assert world.mqtt.connects == 1


def test_what_a_read_in_flight_brings_counts_although_the_peer_has_closed():
    world = World(configuration(), services={(b"echo", 7): Echo()})
    assert world.run(60, lambda: world.modem.online)
    socket = world.modem.socket()
    socket.listener = listener = Listener()
    socket.open(b"echo", 7, False)
    assert world.run(60, lambda: socket.state == 2)
    world.run(0.2)
    assert world.run(10, lambda: world.modem.reading is socket)
    inject(world, b"\r\n+CASTATE: %d,0\r\n" % socket.cid)
    inject(world, b"\r\n+CARECV: 5,hello\r\nOK\r\n")
    assert world.run(10, lambda: listener.reasons)
    assert bytes(listener.data) == b"hello"


def test_a_late_result_does_not_open_the_next_open():
    world = device()
    assert world.run(60, lambda: world.modem.online)
    socket = world.modem.socket()
    socket.listener = listener = Listener()
    world.mqtt.disconnect()
    world.run(2)
    world.vm.network.refused.add((b"echo", 7))
    socket.open(b"echo", 7, False)
    assert world.run(5, lambda: world.modem.active is socket)
    inject(world, b"\r\n+CAOPEN: %d,0\r\n" % socket.cid)
    assert world.run(30, lambda: listener.reasons)
    assert listener.opens == 0


def test_a_module_without_a_time_is_not_believed():
    world = device()
    assert world.run(60, lambda: world.modem.online)
    world.modem.facts.clock_s = 0
    world.modem.network_time(80, 1, 6, 0, 0, 0, 0)
    assert world.modem.facts.clock_s == 0


def test_close_before_the_module_knows_is_answered_at_once():
    world = device()
    world.run(1)
    socket = world.modem.socket()
    socket.listener = listener = Listener()
    socket.open(b"echo", 7, False)
    socket.close()
    assert listener.reasons == [CLOSED_LOCAL] and socket.state == 0


def test_an_error_to_the_list_of_connections_closes_none():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("error", count=3, command="CASTATE?")
    world.run(300)
    assert world.mqtt.connects == 1 and world.mqtt.connected


def test_a_close_that_nobody_announced_is_found():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.sockets.close(0)  # without +CASTATE
    world.publish(1)
    assert world.run(200, lambda: world.mqtt.connects == 2 and not world.missing())


def test_the_radio_rung_is_no_restart():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    world.modem.climb(RADIO)
    world.modem.changed()
    world.run(30)
    assert world.run(100, lambda: world.mqtt.connected)
    assert world.modem.counters()["restarts"] == 0


def test_a_floor_is_a_floor():
    world = device()
    world.run(1)
    taken = []
    for _ in range(4):
        world.modem.rung = -1
        world.modem.climb(WAIT)
        taken.append(world.modem.rung)
    assert taken == [WAIT] * 4


def test_one_connection_goes_on_while_another_takes_its_time_to_open():
    world = World(configuration(), services={(b"echo", 7): Echo()})
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("unreachable", for_s=300)
    other = world.modem.socket()
    other.listener = Listener()
    other.open(b"echo", 7, False)
    world.run(5)
    assert other.state == 1
    world.publish(1)
    assert world.run(5, lambda: world.arrived())
    assert world.run(120, lambda: other.listener.reasons)
    assert world.mqtt.connects == 1


def test_the_reset_rung_without_the_pin_restarts_the_module_by_command():
    world = device(("pwrkey", "dtr", "status"))
    assert world.run(60, lambda: world.mqtt.connected)
    world.modem.climb(RESET)
    world.modem.changed()
    world.run(20)
    assert b"AT+CFUN=1,1\r" in said(world)
    assert world.run(100, lambda: world.mqtt.connected)
    used = world.modem.counters()
    assert used["restarts"] == 0 and used["power"] == 0
    assert not events(world, "power: going down")
