"""What the driver itself does not open is told so; a refusal of the server as before."""

import re

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.test_life import Listener, events, said
from tests_host.sim.test_vendors import NOW, PKI, recovery
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from uplink import log, modems
from uplink.errors import CLOSED_PROTOCOL, CLOSED_TLS, CLOSED_UNOPENED, TLSError, closed_text
from uplink.http import HTTP
from uplink.services import ServiceModem

TEXT = "not opened: tls.level, CA, clock or TLS in use forbid it, see the log"
HANDSHAKE = "TLS handshake failed: check the server's TLS version and this device's certificate"
MODULES = ("sim7000", "m95", "he910")
OPEN = {"sim7000": b"AT+CAOPEN", "m95": b"AT+QSSLOPEN", "he910": b"AT#SSLD"}
# A SIM7000 has suites for each level; it is asked as one that has none for modern.
NONE = b";;0xC02F 0xC02B ;0x0000w "


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(
        log, "sink", lambda *line: found.append(" ".join(str(x) for x in line if x is not None))
    )
    return found


@pytest.fixture(autouse=True)
def modern(monkeypatch):
    monkeypatch.setattr(modems.load(b"sim7000"), "SUITES", NONE)


def opens(world, module):
    return [line for line in said(world) if line.startswith(OPEN[module])]


def logged(lines, text):
    return sum(text in line for line in lines)


def of_modem(world):
    error = world.modem.error()
    assert isinstance(error, TLSError), repr(error)
    return str(error)


def test_the_sentence_of_a_code():
    assert CLOSED_UNOPENED == CLOSED_PROTOCOL + 1 and closed_text(CLOSED_TLS) == HANDSHAKE
    assert closed_text(CLOSED_UNOPENED) == TEXT and len(TEXT) < 80
    assert closed_text(17) == TEXT, "HELD, as a socket's listener hears it"
    assert closed_text(CLOSED_PROTOCOL) == "protocol violated by the server"


@pytest.mark.parametrize("module", MODULES)
def test_a_level_that_the_module_cannot_have(module, folder, lines):
    world = PKI(folder).world(module, tls={"level": "modern"})
    world.publish(1)
    assert not world.run(900, lambda: world.mqtt.connected)
    assert world.mqtt.last_error == of_modem(world) == TEXT
    assert not opens(world, module) and not logged(lines, "handshake")
    # it is no failure of the link, and is asked for more and more rarely
    tries = logged(lines, "no cipher suite of this module is in tls.level modern")
    assert 900 / 60 <= tries <= 900 / 60 + 60 and tries == logged(lines, "ended: " + TEXT)
    assert not recovery(world) and not world.modem.counters()["restarts"]
    security = world.modem.security
    assert security.refused == security.failed == 0 and world.modem.online
    assert len(events(world, "power: booting")) <= 1


@pytest.mark.parametrize("module", MODULES)
def test_a_ca_that_is_gone(module, folder, lines):
    world = PKI(folder).world(module, tls={"level": "compatible"})
    assert world.run(120, lambda: world.mqtt.connected) and world.modem.error() is None
    count = len(opens(world, module))
    ca, world.cfg["tls"]["ca"] = world.cfg["tls"]["ca"], None
    world.vm.fault("socket_closed")
    assert world.run(60, lambda: logged(lines, "no CA: set tls.ca"))
    world.run(20)
    assert world.mqtt.last_error == of_modem(world) == TEXT and len(opens(world, module)) == count
    world.cfg["tls"]["ca"] = ca
    assert world.run(200, lambda: world.mqtt.connected) and world.modem.error() is None
    assert not recovery(world)


@pytest.mark.parametrize("module", MODULES)
def test_without_a_clock(module, folder, lines):
    """The network tells 1980: certificates cannot be checked, and nothing is opened."""
    options = Options(unix_s=320_000_000.0)
    world = PKI(folder).world(module, tls={"level": "compatible"}, options=options)
    assert world.run(300, lambda: logged(lines, "no network time: cannot check certificates"))
    world.run(2)
    assert of_modem(world) == TEXT and not opens(world, module)
    world.vm.options.unix_s = NOW.timestamp()  # from now on it has one
    assert world.run(900, lambda: world.modem.online) and world.modem.error() is None
    assert world.run(60, lambda: opens(world, module))


REFUSING = {"sim7000": "AES256-SHA", "m95": "ECDHE+AESGCM", "he910": "ECDHE+AESGCM"}


@pytest.mark.parametrize("module", MODULES)
def test_a_server_that_has_none_of_our_suites(module, folder, lines):
    pki = PKI(folder)
    service = pki.service(Broker(), ciphers=REFUSING[module])
    services = {(b"broker", 8883): service}
    world = pki.world(module, tls={"level": "compatible"}, services=services)
    assert world.run(300, lambda: world.mqtt.last_error is not None)
    assert world.mqtt.last_error == HANDSHAKE, lines[-9:]
    world.run(5)
    assert of_modem(world) == HANDSHAKE and opens(world, module) and service.failures


@pytest.mark.parametrize("module", MODULES)
def test_a_handshake_that_fails_where_no_certificate_is_wanted(module, folder, lines):
    """Nothing in the module could be damaged: supervision goes on, and the processor rests."""
    service = PKI(folder).service(Broker(), ciphers=REFUSING[module])
    cfg = configuration(
        broker={"tls": False},
        tls={"level": "compatible", "verify": "none", "ca": None},
        modem={"type": module, "sockets": 2},
    )
    world = World(cfg, services={(b"web", 443): service})
    world.mqtt.disconnect()
    socket = world.modem.socket()
    socket.listener = heard = Listener()
    assert world.run(120, lambda: world.modem.online)
    socket.open(b"web", 443, True)
    assert world.run(120, lambda: heard.reasons) and heard.reasons == [CLOSED_TLS], lines[-9:]
    before = said(world).count(b"AT+CPIN?\r")
    world.run(200)
    assert said(world).count(b"AT+CPIN?\r") >= before + 2 and world.modem.online


@pytest.mark.parametrize("module", MODULES)
def test_requests_of_ours_and_of_the_modules(module, folder, lines):
    world = PKI(folder).world(module, tls={"level": "modern"}, kind=ServiceModem)
    world.mqtt.disconnect()
    own = world.modem.http()
    ours = HTTP(world.loop, world.modem.socket())
    assert world.run(120, lambda: world.modem.online)
    for http in (own, ours):
        http.get(b"broker", b"/", port=8883)
        assert world.run(60, lambda http=http: http.why != -2)
        error = http.error()
        assert http.why == CLOSED_UNOPENED and isinstance(error, TLSError) and str(error) == TEXT
    assert not recovery(world)


def test_the_modules_stream(folder):
    world = PKI(folder).world("m95", tls={"level": "modern"}, kind=ServiceModem)
    world.mqtt.disconnect()
    stream = world.modem.stream()
    stream.listener = Listener()
    assert world.run(120, lambda: world.modem.online) and world.modem.error() is None
    stream.open(b"broker", 8883)
    assert world.run(60, lambda: stream.listener.reasons)
    assert stream.listener.reasons == [CLOSED_UNOPENED] and stream.state == 0
    assert of_modem(world) == TEXT


def test_the_modules_mqtt(folder, lines):
    world = PKI(folder, client=False).world("me910c1", tls={"level": "modern"}, kind=ServiceModem)
    world.mqtt.disconnect()
    mqtt = world.modem.mqtt()
    world.run(120)
    tries = [line for line in lines if re.search(r"mqtt " + re.escape(TEXT), line)]
    assert mqtt.last_error == TEXT, lines[-30:]
    assert len(tries) > 1 and not mqtt.connected
