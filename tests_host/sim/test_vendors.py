"""Quectel's and Telit's modules in simulated time: each from start to traffic and over TLS,
and what only they do. The same life of a SIM7000, in more detail: test_life.py, test_trouble.py.
"""

import datetime

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.test_life import ALL, Echo, Listener, events, said
from tests_host.sim.world import COMMANDS, World, configuration
from tools.certs.authority import Authority
from tools.modem.options import Options
from tools.modem.tls import TLSService
from uplink import log
from uplink.errors import ATError

QUECTEL = ("m10", "m66", "m85", "m95")
# One product of each platform; 10, 13 and 16 have no room for a key of 2048 bits.
TELIT_2G = ("gl865", "ge910", "ge910v3")
TELIT = ("he910", "le910", "le866", "le910c1", "le910c1eux", "me910c1", "me310g1", "le910q1")
EACH = (*QUECTEL, *TELIT_2G, *TELIT)
ONE = ("m95", "le910c1")  # of each vendor
NOW = datetime.datetime(2026, 6, 13, 12, 0, tzinfo=datetime.UTC)
ANY = "ALL:@SECLEVEL=0"  # a server that takes what these modules have


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


def device(module, pins=ALL, options=None, modem=None, **sections):
    wired = {name: 10 + i if name in pins else None for i, name in enumerate(ALL)}
    cfg = configuration(pins=wired, modem={"type": module, **(modem or {})}, **sections)
    return World(cfg, options=options, broker=Broker())


class PKI:
    """A CA with a broker and a device; `service(broker)` demands the device's certificate."""

    def __init__(self, folder, client=True):
        made = NOW - datetime.timedelta(days=30)
        self.authority = Authority.create(folder, now=made)
        self.server = self.authority.server(["broker"], now=made)
        crt, key = self.authority.device("dev7", now=made)
        self.ca = self.authority.ca
        self.tls = {"ca": str(self.ca)}
        if client:
            self.tls.update(cert=str(crt), key=str(key))
        self.client_ca = self.ca.read_bytes() if client else None

    def service(self, broker, ciphers=ANY):
        crt, key = (path.read_bytes() for path in self.server)
        return TLSService(broker, crt, key, self.client_ca, ciphers=ciphers)

    def world(self, module, tls=None, services=None, modem=None, broker=None, **more):
        broker = broker or Broker()
        cfg = configuration(
            broker={"tls": True, "port": 8883},
            tls={**self.tls, **(tls or {})},
            modem={"type": module, **(modem or {})},
        )
        reached = {(b"broker", 8883): self.service(broker), **(services or {})}
        more.setdefault("options", Options(unix_s=NOW.timestamp()))
        return World(cfg, broker=broker, services=reached, **more)


def recovery(world):
    """The rungs of the ladder that were used."""
    rungs = ("retry", "reopen", "data", "register", "radio", "reset", "power", "wait")
    counters = world.modem.counters()
    return {name: counters[name] for name in rungs if counters[name]}


@pytest.mark.parametrize("module", EACH)
def test_from_off_to_messages_both_ways(module):
    world = device(module)
    assert world.run(60, lambda: world.mqtt.connected), world.modem.state
    for qos in (0, 1, 2):
        world.publish(qos)
    assert world.run(20, lambda: len(world.arrived()) == 3)
    world.broker.publish(COMMANDS, b"hello", 1)
    assert world.run(20, lambda: world.commands)
    assert bytes(world.modem.facts.imei) == b"869951037053562"
    assert bytes(world.modem.facts.iccid).startswith(b"8944501012345678901")
    assert world.modem.facts.rssi_dbm() == -63 and bytes(world.modem.facts.ip).count(b".") == 3
    assert not recovery(world) and not world.broker.violations
    world.run(180)  # supervision finds nothing
    assert not recovery(world) and world.mqtt.connects == 1


@pytest.mark.parametrize("module", (*QUECTEL[1:], *TELIT))
def test_tls_with_certificates_of_both_sides(module, folder):
    world = PKI(folder).world(module)
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    # each secure socket that may be used has its own
    files = 3 * world.modem.security.stores
    assert world.modem.counters()["uploads"] == files and files in (3, 6)
    world.publish(1)
    assert world.run(20, lambda: world.arrived())
    world.vm.fault("reboot")
    connects = world.mqtt.connects
    for _ in range(20):
        world.publish(1)
        world.run(5)
    assert world.mqtt.connects > connects and world.run(100, lambda: not world.missing())
    assert world.modem.counters()["uploads"] == files, "what is there already is not written again"


@pytest.mark.parametrize("module", TELIT_2G)
def test_tls_with_the_servers_certificate_alone(module, folder):
    world = PKI(folder, client=False).world(module)
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    assert world.modem.counters()["uploads"] == 1


@pytest.mark.parametrize("module", (*ONE, "gl865", "me310g1"))
def test_a_server_of_another_ca_is_refused(module, folder, tmp_path_factory):
    pki = PKI(folder, client=False)
    other = PKI(tmp_path_factory.mktemp("o"), client=False)
    world = pki.world(module, tls={"ca": str(other.ca)})
    world.run(600)
    assert not world.mqtt.connects and world.vm.counters["#SSLD"] + world.vm.counters["QSSLOPEN"]


@pytest.mark.parametrize("module", ONE)
def test_without_a_ca_nothing_is_opened(module, folder):
    pki = PKI(folder, client=False)
    world = pki.world(module)
    world.modem.files.good = False
    world.vm.fault(
        "error", count=100_000, command="QSECWRITE" if module == "m95" else "#SSLSECDATA"
    )
    world.run(600)
    assert not world.vm.counters["#SSLD"] and not world.vm.counters["QSSLOPEN"]


@pytest.mark.parametrize("module", ["sim7000", *ONE, "gl865"])
def test_certificates_that_are_refused_do_not_restart_it_often(module, folder):
    """A platform 10 has no room for a key of 2048 bits; the others refuse all. That there is a
    network, which it says after each start, ends no wait: they are 60 s, each twice as long.
    """
    world = PKI(folder, client=module == "gl865").world(module)
    if module != "gl865":
        command = {"sim7000": "CFSWFILE", "m95": "QSECWRITE"}.get(module, "#SSLSECDATA")
        cme = 4 if module == "sim7000" else -1
        world.vm.fault("error", count=100_000, command=command, cme=cme)
    world.run(3600)
    found = recovery(world)
    # 60 s, 120 s, … 1920 s: six begin in an hour, two power cycles before each
    assert 5 <= found["wait"] <= 6 and found["power"] <= 2 * found["wait"] + 2, found
    assert not world.vm.counters["#SSLD"] + world.vm.counters["QSSLOPEN"]
    error = world.modem.error()
    assert isinstance(error, ATError) and not world.mqtt.connects
    # (a plain ERROR has no number: not that of what may fail before it)
    assert error.code == (-1 if module in ONE else 4), error


@pytest.mark.parametrize("module", ONE)
@pytest.mark.parametrize("on", [False, True], ids=["off", "on"])
@pytest.mark.parametrize(
    "pins", [ALL, ("pwrkey", "dtr", "reset"), ("pwrkey", "status"), ("pwrkey",)]
)
def test_any_wiring(module, pins, on):
    world = device(module, pins)
    if on:
        world.vm.switch_on()
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    if on:
        assert not events(world, "power: going down"), "a running module was switched off"
    assert not events(world, "power: reset"), "the line that cuts the power is the last resort"
    assert not recovery(world)


@pytest.mark.parametrize("module", ONE)
def test_without_any_pin_a_running_module_is_used(module):
    world = device(module, ())
    world.vm.switch_on()
    assert world.run(60, lambda: world.mqtt.connected)


@pytest.mark.parametrize("module", ONE)
@pytest.mark.parametrize("rate", [9600, 57600])
def test_a_module_fixed_at_another_baud_rate_is_found(module, rate):
    world = device(module, ALL, Options(baud=rate))
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    assert world.vm.baud == 115200
    if module == "m95":
        # fixed for good, once
        assert said(world).count(b"AT+IPR=115200;&W\r") <= 1


def test_the_automatic_baud_rate_is_fixed_for_good():
    world = device("m95")
    assert world.run(60, lambda: world.mqtt.connected)
    assert said(world).count(b"AT+IPR=115200;&W\r") == 1
    world.vm.fault("reboot")
    world.run(5)
    assert world.run(100, lambda: world.mqtt.connected)
    assert said(world).count(b"AT+IPR=115200;&W\r") == 1


@pytest.mark.parametrize("module", ONE)
@pytest.mark.parametrize("fault", ["wedged_until_reset", "wedged_until_power_cycle"])
@pytest.mark.parametrize("pins", [ALL, ("pwrkey",)])
def test_a_module_that_is_wedged_at_start(module, fault, pins):
    world = device(module, pins)
    world.vm.switch_on()
    world.vm.fault(fault)
    assert world.run(300, lambda: world.mqtt.connected), world.modem.state


@pytest.mark.parametrize("module", ONE)
def test_a_pin_is_entered(module):
    world = device(
        module, ALL, Options(sim="pin", sim_pin="1234"), sim={"pin": "1234", "apn": "x"}
    )
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("reboot")
    world.run(90)
    assert world.run(120, lambda: world.mqtt.connected), world.modem.state


@pytest.mark.parametrize("module", ONE)
def test_a_wrong_pin_is_tried_once_ever(module):
    world = device(
        module, ALL, Options(sim="pin", sim_pin="1234"), sim={"pin": "9999", "apn": "x"}
    )
    world.run(4000)
    assert not world.mqtt.connected
    tried = [c for c in said(world) if c.startswith(b"AT+CPIN=")]
    assert tried == [b'AT+CPIN="9999"\r']


@pytest.mark.parametrize("module", ONE)
def test_apn_with_a_login(module):
    login = {"apn": "net", "apn_user": "u", "apn_password": "secret"}
    world = device(module, sim=login)
    assert world.run(60, lambda: world.mqtt.connected)
    told = b"".join(said(world))
    assert (b'AT+QICSGP=1,"net","u","secret"' in told) or (b'AT#SGACT=1,1,"u","secret"' in told)


@pytest.mark.parametrize("module", ONE)
def test_network_time_reaches_the_board(module):
    world = device(module, ALL, Options(unix_s=1_781_352_000.0))
    assert world.run(60, lambda: world.mqtt.connected)
    assert abs(world.board.clock() - (1_781_352_000 + world.now_s)) < 3


@pytest.mark.parametrize("module", ONE)
def test_ping(module):
    world = device(module)
    assert world.run(60, lambda: world.mqtt.connected)
    world.modem.ping(b"broker")
    assert world.run(30, lambda: world.modem.facts.ping_ms >= 0)
    assert 100 <= world.modem.facts.ping_ms <= 400


@pytest.mark.parametrize("module", ONE)
def test_sleep_between_messages(module):
    world = device(module, modem={"sleep": True})
    assert world.run(60, lambda: world.mqtt.connected)
    for _ in range(10):
        world.publish(1)
        world.run(60)
    assert not world.missing() and len(events(world, "power: asleep")) >= 10
    assert world.mqtt.connects == 1 and not recovery(world)
    world.broker.publish(COMMANDS, b"hello", 1)
    assert world.run(world.cfg["modem"]["sleep_check_s"] + 10, lambda: world.commands)


@pytest.mark.parametrize("module", ONE)
def test_switched_off_when_not_wanted(module):
    world = device(module)
    assert world.run(60, lambda: world.mqtt.connected)
    world.mqtt.disconnect()
    world.run(5)
    world.modem.stop()
    assert world.run(30, lambda: world.modem.state == "off")
    world.run(20)
    assert world.vm.power.state == "off"
    world.modem.start()
    world.mqtt.connect()
    assert world.run(60, lambda: world.mqtt.connected)


@pytest.mark.parametrize("module", ONE)
def test_plain_tcp_beside_tls(module, folder):
    """Two connections at once, each with its own data; one closing leaves the other alone."""
    world = PKI(folder).world(module, services={(b"echo", 7): Echo()}, modem={"sockets": 2})
    assert world.run(100, lambda: world.mqtt.connected)
    connects = world.mqtt.connects
    socket = world.modem.socket()
    socket.listener = listener = Listener()
    socket.open(b"echo", 7, False)
    assert world.run(30, lambda: socket.state == 2)
    text = bytes(range(256)) * 8
    assert socket.send(text, 0, len(text))  # longer than one command takes
    for _ in range(5):
        world.publish(1)
    world.broker.publish(COMMANDS, b"now", 1)
    assert world.run(30, lambda: len(listener.data) >= len(text) and world.commands)
    assert bytes(listener.data) == text
    assert world.run(30, lambda: not world.missing())
    socket.close()
    assert world.run(20, lambda: listener.reasons) and listener.reasons == [0]
    assert world.mqtt.connected and world.mqtt.connects == connects


@pytest.mark.parametrize("module", ONE)
def test_the_server_closes(module, folder):
    world = PKI(folder).world(module)
    assert world.run(100, lambda: world.mqtt.connected)
    connects = world.mqtt.connects
    world.vm.fault("socket_closed")
    assert world.run(30, lambda: world.mqtt.connects > connects)
    assert not recovery(world)
