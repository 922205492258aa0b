"""MQTT by a Telit's own client, behind the calls of ours, judged by the strict broker."""

import pytest

from tests_host.sim.broker import Broker
from tests_host.sim.test_vendors import ANY, NOW, PKI
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from tools.modem.tls import TLSService
from uplink import log
from uplink.services import ServiceModem

MODULES = ("me310g1", "le910q1", "me910c1", "le910r1")
TOPIC = b"up/a,b"


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(
        log, "sink", lambda *line: found.append(" ".join(str(x) for x in line if x is not None))
    )
    return found


class Bench:
    """A device whose module speaks MQTT over TLS; ours has another, plain broker."""

    def __init__(self, folder, module, **changes):
        pki = PKI(folder, client=False)
        self.own = Broker()
        crt, key = (path.read_bytes() for path in pki.server)
        cfg = configuration(
            modem={"type": module, "sockets": 2},
            tls=pki.tls,
            broker={"host": "broker", "port": 8883, "tls": True, "clean": True},
            outbox={"messages": 8, "bytes": 8192, "packet": 1024},
            backoff={"first_s": 1, "max_s": 8},
        )
        self.world = World(
            cfg,
            broker=self.own,
            services={(b"broker", 8883): TLSService(self.own, crt, key, None, ciphers=ANY)},
            options=Options(unix_s=NOW.timestamp()),
            kind=ServiceModem,
        )
        self.world.mqtt.disconnect()  # ours is not used here
        self.mqtt = self.world.modem.mqtt()
        self.got = []
        self.mqtt.subscribe(b"down/#", lambda t, p: self.got.append((bytes(t), bytes(p))), 1)
        assert self.world.run(100, lambda: self.mqtt.connected), (vars(self.mqtt),)
        assert self.world.run(20, lambda: 0 not in self.mqtt.granted)

    def arrived(self):
        return [(bytes(one.topic), bytes(one.payload), one.qos) for one in self.own.published]


@pytest.mark.parametrize("module", MODULES)
def test_both_ways(module, folder):
    b = Bench(folder, module)
    hostile = b"\r\nOK\r\n>>> <<<\x1a\x00\xff"
    receipts = [b.mqtt.publish(TOPIC, hostile, qos) for qos in (0, 1, 2)]
    assert b.world.run(30, lambda: not b.mqtt.waiting)
    assert b.arrived() == [(TOPIC, hostile, qos) for qos in (0, 1, 2)]
    assert [one.state for one in receipts] == [1, 1, 1] and b.mqtt.acked == 3
    for payload in (hostile, b"x" * 700, b""):
        b.own.publish("down/x,y", payload, 1)
    assert b.world.run(30, lambda: len(b.got) == 3)
    assert b.got == [(b"down/x,y", one) for one in (hostile, b"x" * 700, b"")]
    b.world.run(200)
    assert b.mqtt.connects == 1 and not b.own.violations


def test_thirty_wait_and_more_are_counted(folder):
    """While the first is being read, which takes long, the module has room for 30."""
    b = Bench(folder, "me310g1")
    b.world.vm.fault("late", s=3, command="#MQREAD", busy=1)
    b.own.publish("down/n", b"0", 0)
    assert b.world.run(5, lambda: b.world.vm.counters["#MQREAD"])
    for i in range(1, 41):
        b.own.publish("down/n", b"%d" % i, 0)
    b.world.run(60)
    numbers = [int(payload) for _, payload in b.got]
    assert numbers == list(range(len(numbers))) and len(numbers) in (30, 31)
    assert b.mqtt.missed == 41 - len(numbers)
    # longer than 1500 bytes, and as long as can be
    b.own.publish("down/n", b"x" * 1501, 0)
    b.own.publish("down/n", b"x" * 1500, 0)
    assert b.world.run(20, lambda: len(b.got) > len(numbers))
    assert b.got[-1] == (b"down/n", b"x" * 1500) and b.mqtt.missed == 42 - len(numbers)


def test_a_place_that_is_taken_again_while_it_is_read(folder):
    """The module frees it when it is asked; its next #MQRING may come before the answer."""
    b = Bench(folder, "me310g1")
    b.world.vm.fault("late", s=3, command="#MQREAD", busy=1, count=3)
    sent = [(b"down/%d" % i, b"x" * (1 + i)) for i in range(4)]
    for topic, payload in sent:
        count = b.world.vm.counters["#MQREAD"]
        b.own.publish(topic.decode(), payload, 1)
        b.world.run(5, lambda count=count: b.world.vm.counters["#MQREAD"] > count)
    assert b.world.run(30, lambda: len(b.got) == 4) and b.got == sent
    assert not b.mqtt.missed and not b.own.unacknowledged(b"dev7")


def test_a_lost_connection_is_noticed_and_nothing_of_qos_1_is_lost(folder):
    b = Bench(folder, "me310g1")
    b.world.vm.fault("socket_closed")
    b.world.run(1)
    for i in range(4):
        assert b.mqtt.publish(TOPIC, b"%d" % i, 1)
    assert b.world.run(120, lambda: not b.mqtt.waiting)
    assert [payload for _, payload, _ in b.arrived()] == [b"0", b"1", b"2", b"3"]
    assert b.mqtt.connects == 2 and b.mqtt.last_error is None
    b.own.publish("down/x", b"again", 1)
    assert b.world.run(30, lambda: b.got == [(b"down/x", b"again")])


def test_the_module_restarts(folder):
    b = Bench(folder, "me310g1")
    b.world.vm.fault("reboot")
    b.world.run(30)
    assert b.mqtt.publish(TOPIC, b"x", 1)
    assert b.world.run(300, lambda: not b.mqtt.waiting)
    assert b.arrived()[-1] == (TOPIC, b"x", 1)


def test_what_has_no_room_is_refused(folder):
    b = Bench(folder, "me310g1")
    found = [b.mqtt.publish(TOPIC, b"x" * 1000, 1) for _ in range(9)]
    assert found[8] is None and None not in found[:8] and b.mqtt.refused == 1
    assert b.mqtt.publish(TOPIC, b"x" * 1501, 1) is None
    for topic in (b"", b"a+", b'a"b', b"x" * 129):
        with pytest.raises(ValueError, match="mqtt"):
            b.mqtt.publish(topic, b"x")
    assert b.world.run(60, lambda: not b.mqtt.waiting)


def test_tls_is_held_while_it_is_connected(folder):
    b = Bench(folder, "me310g1")
    http = b.world.modem.http()
    http.get(b"broker", b"/")
    assert b.world.run(10, lambda: http.why != -2) and http.why == 17
    assert b.world.modem.holder_name(http) == "mqtt"
    b.mqtt.disconnect()
    assert b.world.run(30, lambda: not b.mqtt.state) and not b.mqtt.connected
    b.mqtt.connect()
    assert b.world.run(60, lambda: b.mqtt.connected)


def test_a_server_of_another_ca_is_refused(folder, tmp_path_factory):
    b = Bench(folder, "me310g1")
    other = PKI(tmp_path_factory.mktemp("o"), client=False)
    crt, key = (path.read_bytes() for path in other.server)
    count = b.own.arrivals["CONNECT"]
    b.world.network.services[(b"broker", 8883)] = TLSService(b.own, crt, key, None, ciphers=ANY)
    b.world.vm.fault("socket_closed")
    b.world.run(100)
    assert not b.mqtt.connected and "TLS" in b.mqtt.last_error
    assert b.own.arrivals["CONNECT"] == count


def test_what_has_none_says_so():
    world = World(configuration(), kind=ServiceModem)
    world.run(1)
    with pytest.raises(ValueError, match="no MQTT"):
        world.modem.mqtt()


def test_tls_in_the_applications_own_words(folder, lines):
    """Where it is given up that the server's name is checked, that is what is said of it."""
    b = Bench(folder, "me310g1")
    assert b.world.vm.settings["#SSLCFG"][1][7] == 0, "ours checks the name"
    b.mqtt.security(None, "1,300,90,100,50,0,0,1,0,0,0", "3,1,1,1")
    b.mqtt.disconnect()
    assert b.world.run(30, lambda: not b.mqtt.state)
    b.mqtt.connect()
    assert b.world.run(60, lambda: b.mqtt.connected), b.mqtt.last_error
    assert b.world.vm.settings["#SSLCFG"][1][7] == 1
    assert b.world.vm.settings["#SSLSECCFG2"][1][0] == 3
    assert sum("own words" in line for line in lines) == 1
    b.mqtt.security()
    b.mqtt.disconnect()
    assert b.world.run(30, lambda: not b.mqtt.state)
    b.mqtt.connect()
    assert b.world.run(60, lambda: b.mqtt.connected), b.mqtt.last_error
    assert b.world.vm.settings["#SSLCFG"][1][7] == 0
    for words in ('0,2"', "0,2\r", "0;2", "AT", b"1 2"):
        with pytest.raises(ValueError, match="digits"):
            b.mqtt.security(words)
    assert b.mqtt.words == (None, None, None)
