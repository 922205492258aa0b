"""From any beginning to online, in simulated time: pins, baud rates, SIM, network, sleep."""

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.world import COMMANDS, World, configuration
from tools.modem.options import Options
from uplink import log
from uplink.errors import ATError, LinkDown

ALL = ("pwrkey", "dtr", "status", "reset")


class Lines(list):
    def __call__(self, level, room, text, a=None, b=None):
        self.append(" ".join(str(x) for x in (room, text, a, b) if x is not None))


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = Lines()
    monkeypatch.setattr(log, "sink", found)
    return found


def device(pins=ALL, options=None, **sections):
    wired = {name: 10 + i if name in pins else None for i, name in enumerate(ALL)}
    return World(configuration(pins=wired, **sections), options=options, broker=Broker())


def said(world, way="<"):
    """What went over the line in one direction: < by the host, > by the module."""
    return [what for _us, direction, what in world.vm.log if direction == way]


def events(world, kind):
    return [what for _us, way, what in world.vm.log if way == "*" and what.startswith(kind)]


@pytest.mark.parametrize("on", [False, True], ids=["off", "on"])
@pytest.mark.parametrize(
    "pins", [ALL, ("pwrkey", "dtr", "reset"), ("pwrkey", "status"), ("pwrkey",)]
)
def test_any_wiring(pins, on):
    world = device(pins)
    if on:
        world.vm.switch_on()
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    if on:
        assert not events(world, "power: going down"), "a running module was switched off"
        assert world.now_s < 20
    assert world.modem.counters()["power"] == 0


@pytest.mark.parametrize("pins", [("dtr",), ()], ids=["dtr", "none"])
def test_without_pwrkey_a_running_module_is_used(pins):
    world = device(pins)
    world.vm.switch_on()
    assert world.run(30, lambda: world.mqtt.connected)


@pytest.mark.parametrize("pins", [ALL, ("pwrkey",)])
@pytest.mark.parametrize("rate", [9600, 19200, 38400, 57600])
def test_a_module_fixed_at_another_baud_rate_is_found(rate, pins):
    world = device(pins, Options(baud=rate))
    assert world.run(60, lambda: world.mqtt.connected), (pins, world.modem.state)
    assert world.vm.baud == 115200


@pytest.mark.parametrize("late", [False, True])
def test_automatic_baud_rate_says_no_rdy(late):
    """RDY does not come before the rate is found; some firmwares send it late."""
    world = device(ALL, Options(autobaud_lines=3, late_boot_urcs=late))
    assert world.run(60, lambda: world.mqtt.connected)
    assert (b"\r\nRDY\r\n" in said(world, ">")) == late


@pytest.mark.parametrize("fault", ["wedged_until_reset", "wedged_until_power_cycle"])
@pytest.mark.parametrize("pins", [ALL, ("pwrkey",)])
def test_a_module_that_is_wedged_at_start(fault, pins):
    world = device(pins)
    world.vm.switch_on()
    world.vm.fault(fault)
    assert world.run(120, lambda: world.mqtt.connected), world.modem.state


def test_settings_that_save_themselves_are_written_once():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    written = world.vm.settings.flash_writes
    assert written
    world.vm.fault("reboot")
    world.run(5)
    assert world.run(60, lambda: world.mqtt.connected)
    assert world.vm.settings.flash_writes == written


def test_identity_is_asked_once(lines):
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    facts = world.modem.facts
    assert (bytes(facts.imei), bytes(facts.imsi)) == (b"869951037053562", b"901405101234567")
    assert bytes(facts.iccid).startswith(b"8944501012345678901")
    assert bytes(facts.operator) == b"AT&T FloLive" and facts.rssi_dbm() == -63
    world.vm.fault("reboot")
    world.run(5)
    assert world.run(60, lambda: world.mqtt.connected)
    for command in (b"AT+GSN\r", b"AT+CIMI\r", b"AT+CCID\r", b"AT+CGMR\r"):
        assert said(world).count(command) == 1


def test_echo_left_on():
    world = device(modem={"echo": True})
    assert world.run(60, lambda: world.mqtt.connected)
    assert b"ATE1\r" in said(world)
    world.publish(1)
    assert world.run(30, lambda: world.arrived())


def test_pin_is_entered():
    world = device(ALL, Options(sim="pin", sim_pin="1234"), sim={"pin": "1234", "apn": "x"})
    assert world.run(60, lambda: world.mqtt.connected)


def test_a_wrong_pin_is_tried_once_ever(lines):
    world = device(ALL, Options(sim="pin", sim_pin="1234"), sim={"pin": "9999", "apn": "x"})
    world.run(4000)
    assert not world.mqtt.connected
    assert [c for c in said(world) if c.startswith(b"AT+CPIN=")] == [b'AT+CPIN="9999"\r']
    assert any("SIM locked" in line for line in lines)
    assert not any("9999" in line for line in lines)


def test_a_sim_that_comes_late():
    world = device(ALL, Options(sim="absent"))
    assert not world.run(400, lambda: world.mqtt.connected)
    world.vm.fault("sim_back")
    assert world.run(120, lambda: world.mqtt.connected), world.modem.state


@pytest.mark.parametrize("apn", [None, "flolive.net"])
def test_apn_configured_or_asked_from_the_network(apn):
    world = device(ALL, Options(apn="flolive.net"), sim={"apn": apn})
    assert world.run(60, lambda: world.mqtt.connected)
    assert (b"AT+CGNAPN\r" in said(world)) == (apn is None)
    assert b'AT+CNACT=1,"flolive.net"\r' in said(world)


def test_apn_with_a_login():
    login = {"apn": "net", "apn_user": "u", "apn_password": "secret"}
    world = device(ALL, Options(), sim=login)
    assert world.run(60, lambda: world.mqtt.connected)
    assert b'AT+CSTT="net","u","secret"\r' in said(world)


def test_denied_registration_is_forced_anew():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("registration_denied", for_s=30)
    world.run(31)
    assert world.run(400, lambda: world.mqtt.connected), world.modem.state
    assert b"AT+COPS=2\r" in said(world) and b"AT+COPS=0\r" in said(world)


def test_a_short_loss_of_coverage_takes_no_strong_measure():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("registration_lost", for_s=10)
    world.run(11)
    assert world.run(60, lambda: world.mqtt.connected)
    used = world.modem.counters()
    assert used["data"] + used["register"] + used["radio"] + used["reset"] + used["power"] == 0
    assert b"AT+CASEND=0,0\r" not in said(world)


def test_network_time_reaches_the_board():
    world = device(ALL, Options(unix_s=1_781_352_000.0))
    assert world.run(60, lambda: world.mqtt.connected)
    assert abs(world.board.clock() - (1_781_352_000 + world.now_s)) < 3


def test_ping():
    world = device()
    assert world.run(60, lambda: world.modem.online)
    world.modem.ping(b"broker")
    assert world.run(30, lambda: world.modem.facts.ping_ms >= 0)
    assert b",%d\r\n" % world.modem.facts.ping_ms in b"".join(said(world, ">"))


class Echo:
    def connected(self, conn):
        pass

    def received(self, conn, data, now_us):
        conn.send(data)

    def closed(self, conn):
        pass

    def poll(self, now_us):
        return None


class Listener:
    def __init__(self):
        self.data = bytearray()
        self.reasons = []
        self.opens = 0

    def opened(self, now):
        self.opens += 1

    def received(self, buf, off, n, now):
        self.data += buf[off : off + n]

    def sent(self, now):
        pass

    def closed(self, reason, now):
        self.reasons.append(reason)


def test_plain_tcp_beside_mqtt():
    """Two connections at once, each with its own data; one closing leaves the other alone."""
    world = World(configuration(), services={(b"echo", 7): Echo()})
    assert world.run(60, lambda: world.mqtt.connected)
    socket = world.modem.socket()
    socket.listener = listener = Listener()
    socket.open(b"echo", 7, False)
    assert world.run(30, lambda: socket.state == 2)
    text = bytes(range(256)) * 8
    assert socket.send(text, 0, len(text))  # longer than one AT+CASEND takes
    for _ in range(5):
        world.publish(1)
    world.broker.publish(COMMANDS, b"now", 1)
    assert world.run(30, lambda: len(listener.data) >= len(text) and world.commands)
    assert bytes(listener.data) == text
    assert world.run(30, lambda: not world.missing())
    socket.close()
    assert world.run(10, lambda: listener.reasons) and listener.reasons == [0]
    assert world.mqtt.connected and world.mqtt.connects == 1
    with pytest.raises(ValueError):
        world.modem.socket()  # two are all there are


@pytest.mark.parametrize("bad", [b'a"b', b"a\rAT+CPOWD=1", b"a\x1a", b""])
def test_a_host_that_is_no_host_is_refused_where_it_is_given(bad):
    world = device()
    world.run(0.1)
    with pytest.raises(ValueError):
        world.modem.sockets[1].open(bad, 80, False)


def test_sleep_between_messages():
    world = device(modem={"sleep": True})
    assert world.run(60, lambda: world.mqtt.connected)
    for _ in range(10):
        world.publish(1)
        world.run(60)
    assert not world.missing()
    slept = len(events(world, "power: asleep"))
    assert slept >= 10
    assert world.mqtt.connects == 1 and world.modem.counters()["timeouts"] < 15
    # a command waits for the next look at the latest
    world.broker.publish(COMMANDS, b"hello", 1)
    assert world.run(world.cfg["modem"]["sleep_check_s"] + 10, lambda: world.commands)


def test_switched_off_when_not_wanted():
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    world.mqtt.disconnect()
    world.run(5)
    world.modem.stop()
    assert world.run(20, lambda: world.modem.state == "off")
    world.run(10)
    assert world.vm.power.state == "off"
    world.modem.start()
    world.mqtt.connect()
    assert world.run(60, lambda: world.mqtt.connected)


@pytest.mark.parametrize("max_read", [1, 2, 7, None])
def test_same_life_however_the_bytes_are_read(max_read):
    """The dialogue is the same for any pieces in which the UART hands over what came."""

    def life(max_read):
        world = World(configuration(), max_read=max_read, seed=5)
        assert world.run(60, lambda: world.mqtt.connected)
        for _ in range(3):
            world.publish(2)
            world.run(20)
        return [
            c for c in said(world) if not c.startswith((b"AT\r", b"AT+CMEE?"))
        ], world.arrived()

    assert life(max_read) == life(64)


def test_a_slow_module_is_waited_for_without_spinning():
    """The processor sleeps while an answer takes its time, and between messages."""
    world = device()
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("latency", ms=300)
    world.run(60)
    before = world.board.idles
    for _ in range(10):
        world.publish(1)
        world.run(60)
    assert (world.board.idles - before) / 10 < 100


def test_the_reason_can_be_had_as_an_exception():
    world = device(ALL, Options(sim="absent"))
    world.run(1)
    assert isinstance(world.modem.error(), LinkDown)
    world.run(20)
    error = world.modem.error()
    assert isinstance(error, ATError) and error.code == 10
    assert "AT+CPIN?" in str(error) and "SIM not inserted" in str(error)
    world.vm.fault("sim_back")
    assert world.run(120, lambda: world.mqtt.connected)
    assert world.modem.error() is None
    world.vm.fault("refused", for_s=100)
    world.vm.fault("socket_closed")
    world.run(30)
    assert isinstance(world.modem.error(), LinkDown) and "refused" in str(world.modem.error())
