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
from uplink.modems import quectel, sim7000, telit

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


@pytest.fixture
def folder(tmp_path_factory):
    """One with a short name: the configuration takes paths of up to 64 bytes."""
    return tmp_path_factory.mktemp("t")


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

    def world(self, module, tls=None, services=None, modem=None, **more):
        broker = Broker()
        cfg = configuration(
            broker={"tls": True, "port": 8883},
            tls={**self.tls, **(tls or {})},
            modem={"type": module, **(modem or {})},
        )
        reached = {(b"broker", 8883): self.service(broker), **(services or {})}
        options = Options(unix_s=NOW.timestamp())
        return World(cfg, broker=broker, services=reached, options=options, **more)


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
    assert world.modem.counters()["uploads"] == 3
    world.publish(1)
    assert world.run(20, lambda: world.arrived())
    world.vm.fault("reboot")
    connects = world.mqtt.connects
    for _ in range(20):
        world.publish(1)
        world.run(5)
    assert world.mqtt.connects > connects and world.run(100, lambda: not world.missing())
    assert world.modem.counters()["uploads"] == 3, "what is there already is not written again"


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
    """No RDY: the supervision sees that what was set is not set any more."""
    world = device("le910c1")
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.fault("reboot")
    world.run(120)
    assert world.modem.counters()["restarts"] and world.run(60, lambda: world.mqtt.connected)
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
@pytest.mark.parametrize("module", ["m95", "gl865", "me310g1", "sim7000"])
def test_a_level_that_the_module_cannot_have_is_refused(module, level, folder):
    world = PKI(folder, client=False).world(module, tls={"level": level})
    can = level != "modern" or module in ("me310g1", "sim7000")
    assert world.run(60, lambda: world.mqtt.connected) == can


# ---- which module is it?


@pytest.mark.parametrize("page", ["sim7000", *EACH])
def test_auto_finds_the_tables(page):
    world = World(configuration(modem={"type": "auto"}), broker=Broker(), page=page)
    assert world.run(100, lambda: world.mqtt.connected), world.modem.state
    expected = sim7000 if page == "sim7000" else quectel if page in QUECTEL else telit
    assert world.modem.vendor is expected
    world.publish(1)
    assert world.run(20, lambda: world.arrived())


def test_auto_knows_it_for_good():
    world = World(configuration(modem={"type": "auto"}), broker=Broker(), page="m95")
    assert world.run(100, lambda: world.mqtt.connected)
    world.vm.fault("reboot")
    world.run(5)
    assert world.run(100, lambda: world.mqtt.connected)
    assert said(world).count(b"AT+GMI\r") == 1
