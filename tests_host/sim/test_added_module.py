"""A module that is added: Larch L3, which does not exist, by the steps of
lib/uplink/modems/README.md and without a change to lib/ or tools/, reaches the broker.

Its table is tests_host/lib/larch.py, its page in the virtual modem larch_page.py beside this.
"""

import added
import larch
import pytest

from tests_host.sim import test_faults, test_vendors
from tests_host.sim.broker import Broker
from tests_host.sim.cases import CASES
from tests_host.sim.larch_page import Larch
from tests_host.sim.test_life import events, said
from tests_host.sim.test_vendors import ALL, PKI, recovery
from tests_host.sim.world import COMMANDS, World, configuration
from tools.modem.pages import PAGES
from uplink import log, modems


@pytest.fixture(autouse=True)
def module(monkeypatch):
    """What steps 1 to 3 do, for as long as a test runs."""
    monkeypatch.setattr(log, "sink", lambda *line: None)
    monkeypatch.setitem(PAGES, "larch", Larch)
    put = added.add()
    yield
    added.remove(put)


def test_a_day_of_it_over_tls(folder):
    """Certificates uploaded, messages at each QoS both ways, the connection lost, a restart."""
    world = PKI(folder).world("larch")
    assert world.run(60, lambda: world.mqtt.connected), world.modem.state
    assert world.modem.vendor is larch and world.modem.counters()["uploads"] == 3
    assert any("TLSv1.2 verified" in text for text in events(world, "tls: "))
    assert world.run(10, lambda: world.broker.subscriptions(b"dev7"))
    for qos in (0, 1, 2):
        assert world.publish(qos)
        world.broker.publish(COMMANDS, b"to qos %d" % qos, qos)
    assert world.run(20, lambda: len(world.arrived()) == 3 and len(world.commands) == 3)
    assert world.arrived() == world.accepted
    assert sorted(p for _, p in world.commands) == [b"to qos 0", b"to qos 1", b"to qos 2"]
    assert b"\r\nINPUT\r\n" in said(world, ">") and b"\r\nTAKEN\r\n" in said(world, ">")

    world.vm.fault("socket_closed")
    assert world.run(30, lambda: world.mqtt.connects == 2)
    assert not recovery(world)
    world.vm.fault("reboot")
    world.publish(2)
    assert world.run(60, lambda: world.mqtt.connects == 3 and not world.missing())
    assert world.modem.counters()["restarts"] == 1
    assert world.modem.counters()["uploads"] == 3, "what is there already is not written again"
    assert not world.broker.violations


def test_auto_finds_it():
    """In an image that has others too, by what it says of itself."""
    world = World(configuration(modem={"type": "auto"}), broker=Broker(), page="larch")
    assert world.run(60, lambda: world.mqtt.connected), world.modem.state
    assert world.modem.vendor is larch


def test_it_is_gone_when_the_test_is_over():
    put = added.add("beech", larch, b" beech beech")
    assert modems.load(b"beech") is larch and modems.load(b"larch") is larch
    added.remove(put)
    assert modems.load(b"beech") is None and modems.vendor("beech") is None


# ---- the tests of the others


@pytest.mark.parametrize(
    "test",
    [
        test_vendors.test_from_off_to_messages_both_ways,
        test_vendors.test_without_any_pin_a_running_module_is_used,
        test_vendors.test_a_pin_is_entered,
        test_vendors.test_a_wrong_pin_is_tried_once_ever,
        test_vendors.test_network_time_reaches_the_board,
        test_vendors.test_ping,
        test_vendors.test_sleep_between_messages,
        test_vendors.test_switched_off_when_not_wanted,
    ],
    ids=lambda test: test.__name__[5:],
)
def test_as_the_others(test):
    test("larch")


@pytest.mark.parametrize(
    "test",
    [
        test_vendors.test_tls_with_certificates_of_both_sides,
        test_vendors.test_tls_with_the_servers_certificate_alone,
        test_vendors.test_plain_tcp_beside_tls,
        test_vendors.test_the_server_closes,
    ],
    ids=lambda test: test.__name__[5:],
)
def test_over_tls_as_the_others(test, folder):
    test("larch", folder)


@pytest.mark.parametrize("on", [False, True], ids=["off", "on"])
@pytest.mark.parametrize("pins", [ALL, ("pwrkey", "status"), ("pwrkey",)], ids=len)
def test_any_wiring(pins, on):
    test_vendors.test_any_wiring("larch", pins, on)


@pytest.mark.parametrize("fault", ["wedged_until_reset", "wedged_until_power_cycle"])
@pytest.mark.parametrize("pins", [ALL, ("pwrkey",)], ids=len)
def test_wedged_at_start(fault, pins):
    test_vendors.test_a_module_that_is_wedged_at_start("larch", fault, pins)


@pytest.mark.parametrize("rate", [9600, 57600])
def test_another_baud_rate_is_found(rate):
    test_vendors.test_a_module_fixed_at_another_baud_rate_is_found("larch", rate)


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{i}-{CASES[i][0]}")
def test_one_fault(case):
    test_faults.one_fault(*CASES[case], 500 + case, 1 + case % 2, "larch")


@pytest.mark.parametrize("seed", range(10))
def test_random_pairs(seed):
    test_faults.random_pairs(seed, "larch")


# ---- what only it does


def test_apn_with_a_login():
    login = {"apn": "net", "apn_user": "u", "apn_password": "secret"}
    world = test_vendors.device("larch", sim=login)
    assert world.run(60, lambda: world.mqtt.connected)
    assert world.vm.page_state.login == ("u", "secret")


def test_full_is_tried_again_without_opening_anew():
    world = test_vendors.device("larch")
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.page_state.full = 3
    world.publish(1)
    assert world.run(30, lambda: world.arrived())
    assert said(world, ">").count(b"\r\nFULL\r\n") == 3
    assert world.mqtt.connects == 1 and not recovery(world)


def test_a_connection_whose_end_was_not_told_is_missed_by_the_supervision():
    world = test_vendors.device("larch")
    assert world.run(60, lambda: world.mqtt.connected)
    world.run(30)  # until nothing is read any more that was not announced
    world.vm.sockets.by_cid.pop(1).close()
    assert world.run(65, lambda: world.mqtt.connects == 2)
    assert not recovery(world)


@pytest.mark.parametrize("server", ["ECDHE+AESGCM", "AES128-SHA256"])
@pytest.mark.parametrize("level", ["modern", "compatible"])
def test_suites_are_tried_one_by_one(server, level, folder):
    pki = PKI(folder)
    broker = Broker()
    world = pki.world("larch", {"level": level}, {(b"broker", 8883): pki.service(broker, server)})
    connects = level == "compatible" or server.startswith("ECDHE")
    assert world.run(200, lambda: world.mqtt.connected) == connects
    asked = {line.split(b",")[2] for line in said(world) if line.startswith(b"AT+LTLS=")}
    first_serves = server.startswith("ECDHE") or level == "modern"
    assert asked == ({b'"G"'} if first_serves else {b'"G"', b'"C"'})


@pytest.mark.parametrize(
    ("why", "told"), [("another CA", "untrusted"), ("another name", "name"), ("date", "dates")]
)
def test_a_server_that_is_not_the_one_is_refused(why, told, folder, tmp_path_factory):
    pki = PKI(folder)
    tls = {}
    if why == "another CA":
        tls["ca"] = str(PKI(tmp_path_factory.mktemp("o")).ca)
    elif why == "another name":
        tls["server_name"] = "other.example"
    world = pki.world("larch", tls)
    if why == "date":
        world.vm.options.unix_s += 40 * 365 * 86_400
    assert not world.run(300, lambda: world.mqtt.connected)
    assert any(text.endswith(f"failed: {told}") for text in events(world, "socket: "))
    assert world.vm.counters["LOPEN"] and not world.mqtt.connects


def test_a_certificate_that_has_changed_in_the_module_is_written_again(folder):
    world = PKI(folder).world("larch")
    assert world.run(60, lambda: world.mqtt.connected)
    world.vm.files.write(3, "8", b"changed")
    world.vm.fault("reboot")
    assert world.run(60, lambda: world.mqtt.connects == 2)
    assert world.modem.counters()["uploads"] == 4
