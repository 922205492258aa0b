"""MQTT inside the module, judged by the strict broker of the simulation, over real TLS."""

import pytest

from tests_host.modem.bench import S
from tests_host.modem.telit.bench import AUTHORITY, DEVICE, HOST, OK, STRANGER, TelitBench, ok, tls
from tests_host.sim import mqtt_wire as wire
from tests_host.sim.broker import Broker

NOT_ALLOWED = b"\r\n+CME ERROR: operation not allowed\r\n"
PRODUCTS = ["me910c1", "me910g1", "me310g1", "els63", "le910q1", "le910r1"]


def bench(broker=None, page="me910c1", ca=AUTHORITY.pem, client=False, **options):
    """A module whose MQTT client is configured for TLS, not yet connected."""
    broker = broker or Broker()
    server = tls(broker, client_ca=AUTHORITY.pem if client else None)
    services = {(HOST.encode(), 8883): server, (HOST.encode(), 1883): broker}
    b = TelitBench(services, page=page, **options).online()
    b.good("AT#MQEN=1,1")
    b.good(f'AT#MQCFG=1,"{HOST}",8883,1,1')
    b.good(f"AT#SSLSECCFG=1,0,{2 if client else 1}")
    b.good("AT#SSLSECCFG2=1,3,1")
    if ca is not None:
        b.store(1, ca)
    if client:
        b.store(0, DEVICE[0])
        b.store(2, DEVICE[1])
    b.good("AT#MQCFG2=1,60,1")
    b.good("AT#MQTCFG=1,30")
    b.broker, b.server = broker, server
    return b


def connected(**options):
    b = bench(**options)
    b.good('AT#MQCONN=1,"device","",""', 10 * S)
    return b


@pytest.mark.parametrize("page", PRODUCTS)
def test_publish_and_receive(page):
    b = connected(page=page)
    assert b.at("AT#MQCONN?") == ok("#MQCONN: 1,1")
    assert b.events("tls") == ["mqt1 TLSv1.2 verified"] and b.server.names == [HOST]
    b.good('AT#MQSUB=1,"down/#"')
    for qos in (0, 1, 2):
        b.good(f'AT#MQPUBS=1,"up/{qos}",{qos % 2},{qos},"text {qos}"', 3 * S)
    assert b.at('AT#MQPUBSEXT=1,"up/x",0,1,9') == b"\r\n>>>"
    assert b.type(b"\r\nOK\r\n>>>", 3 * S) == OK
    seen = [(one.topic, one.payload, one.qos) for one in b.broker.published]
    texts = [(b"up/%d" % qos, b"text %d" % qos, qos) for qos in (0, 1, 2)]
    assert seen == [*texts, (b"up/x", b"\r\nOK\r\n>>>", 1)]
    payload = b"\r\nOK\r\n<<<\x1a"
    b.broker.publish("down/a", payload, 1)
    assert b.run(2 * S) == b"\r\n#MQRING: 1,1,down/a,10\r\n"
    assert b.at("AT#MQREAD?") == ok("#MQREAD: 1,1")
    assert b.at("AT#MQREAD=1,1") == b"\r\n<<<" + payload + b"\r\n" + OK
    assert b.at("AT#MQREAD=1,1") == NOT_ALLOWED
    b.good('AT#MQUNS=1,"down/#"')
    b.broker.publish("down/a", b"not for us", 1)
    assert b.run(2 * S) == b""
    b.good("AT#MQDISC=1")
    assert b.at("AT#MQCONN?") == ok("#MQCONN: 1,0")
    b.good("AT#MQEN=1,0")
    assert b.broker.violations == [] and b.broker.wills == []


def test_thirty_slots():
    b = connected()
    b.good('AT#MQSUB=1,"d",1')
    for i in range(32):
        b.broker.publish("d", b"%d" % i, 1)
    out = b.run(10 * S)
    rings = [b"\r\n#MQRING: 1,%d,d,%d\r\n" % (i + 1, len(b"%d" % i)) for i in range(30)]
    assert out == b"".join(rings) + b"\r\n#MQRING: 0\r\n" * 2
    assert b.at("AT#MQREAD?") == ok("#MQREAD: 1,30")
    for i in range(30):
        assert b.at(f"AT#MQREAD=1,{i + 1}") == b"\r\n<<<%d\r\n" % i + OK
    assert b.broker.violations == []


def test_keepalive_and_a_closed_connection():
    b = connected()
    b.run(600 * S)
    assert b.broker.timeouts == 0 and b.broker.violations == []
    assert b.broker.arrivals["PINGREQ"] == 10
    b.modem.fault("socket_closed")
    assert b.run(S) == b""  # nothing is said: AT#MQCONN? has to be asked
    assert b.at("AT#MQCONN?") == ok("#MQCONN: 1,0")
    assert b.at('AT#MQPUBS=1,"a",0,0,"b"') == NOT_ALLOWED
    b.good('AT#MQCONN=1,"device","",""', 10 * S)
    b.modem.fault("network_dead")
    b.run(130 * S)
    assert b.at("AT#MQCONN?") == ok("#MQCONN: 1,0")


@pytest.mark.parametrize(
    "data",
    [b"\xf0\x00", b"\x30\xff\xff\xff\xff\x7f", b"\x30\xff\xff\x01"],
    ids=lambda one: one.hex(),
)
def test_what_is_no_packet_ends_the_connection(data):
    b = connected()
    b.broker.send_raw("device", data)
    assert b.run(S) == b""
    assert b.at("AT#MQCONN?") == ok("#MQCONN: 1,0")
    b.good('AT#MQCONN=1,"device","",""', 10 * S)


def test_qos_2_comes_once():
    b = connected()
    b.good('AT#MQSUB=1,"d",2')
    b.broker.publish("d", b"once", 2, copies=2)
    assert b.run(2 * S).count(b"#MQRING: ") == 1
    assert b.broker.violations == []


def test_a_refused_subscription():
    b = bench(broker=Broker(refuse_filter=lambda client_id, topic: topic == b"no"))
    b.good('AT#MQCONN=1,"device","",""', 10 * S)
    assert b.at('AT#MQSUB=1,"no"', S) == b"\r\n+CME ERROR: generic undocumented error\r\n"
    b.good('AT#MQSUB=1,"yes"')


def test_client_certificate():
    b = bench(client=True)
    b.good('AT#MQCONN=1,"device","",""', 10 * S)
    b = bench(client=True)
    b.good("AT#SSLSECDATA=1,0,2")
    answer = b.at('AT#MQCONN=1,"device","",""', 10 * S)
    assert answer == b"\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n"


def test_refused():
    answer = bench(ca=STRANGER.pem).at('AT#MQCONN=1,"d","",""', 10 * S)
    assert answer == b"\r\n+CME ERROR: SSL error during handshake\r\n"
    answer = bench(ca=None).at('AT#MQCONN=1,"d","",""', 10 * S)
    assert answer == b"\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n"
    b = bench(broker=Broker(users={"me": "secret"}))
    assert b.at('AT#MQCONN=1,"d","me","wrong"', 10 * S) == b"\r\n+CME ERROR: connection failed\r\n"
    b.good('AT#MQCONN=1,"d","me","secret"', 10 * S)
    assert not [text for text in b.events("command") if "secret" in text]
    b.good("AT#MQDISC=1")
    b.good(f'AT#MQCFG=1,"{HOST}",1883,1,0')
    b.good('AT#MQCONN=1,"d","me","secret"', 10 * S)
    assert len(b.events("tls")) == 2  # the third connection was plain


def test_slow_broker_is_a_limit():
    b = connected()
    b.broker.faults.withhold(wire.PUBACK)
    answer = b.at('AT#MQPUBS=1,"a",0,1,"b"', 29 * S)
    assert answer == b""
    assert b.run(3 * S) == b"\r\n+CME ERROR: generic undocumented error\r\n"
    b.good('AT#MQPUBS=1,"a",0,1,"b"')
    b = bench()
    b.broker.faults.withhold(wire.CONNACK)
    assert b.at('AT#MQCONN=1,"d","",""', 29 * S) == b""
    assert b.run(3 * S) == b"\r\n+CME ERROR: connection failed\r\n"
    assert b.at("AT#MQCONN?") == ok("#MQCONN: 1,0")


def test_order_of_commands():
    b = TelitBench(page="me910c1").online()
    for line in (
        f'AT#MQCFG=1,"{HOST}",1883,1', 'AT#MQCONN=1,"d","",""', "AT#MQDISC=1", 'AT#MQSUB=1,"a"',
        'AT#MQUNS=1,"a"', 'AT#MQPUBS=1,"a",0,0,"b"', "AT#MQREAD=1,1", "AT#MQEN=1,0",
        "AT#MQCFG2=1,60,1", "AT#MQTCFG=1,10", "AT#MQWCFG=1,0",
    ):  # fmt: skip
        assert b.at(line) == NOT_ALLOWED, line
    b.good("AT#MQEN=1,1")
    assert b.at("AT#MQEN?") == ok("#MQEN: 1,1", "#MQEN: 2,0")
    assert b.at("AT#MQEN=1,1") == NOT_ALLOWED
    assert b.at("AT#MQEN=3,1") == b"\r\n+CME ERROR: operation not supported\r\n"
    assert b.at(f'AT#MQCFG=1,"{HOST}",1883,2') == b"\r\n+CME ERROR: context not opened\r\n"
    b.good("AT#SSLEN=1,1")
    assert b.at(f'AT#MQCFG=1,"{HOST}",8883,1,1') == b"\r\n+CME ERROR: SSL already activated\r\n"
    b.good(f'AT#MQCFG=1,"{HOST}",1883,1')
    assert b.at("AT#MQCFG?") == ok(f"#MQCFG: 1,{HOST},1883,1,0")
    assert b.at('AT#MQCONN=1,"d","",""', 5 * S) == b"\r\n+CME ERROR: cannot resolve DN\r\n"
    b.good("AT#SSLEN=1,0")
    b.good(f'AT#MQCFG=1,"{HOST}",8883,1,1')
    assert b.at("AT#SSLEN=1,1") == b"\r\n+CME ERROR: SSL already activated\r\n"
    b.good("AT#SSLSECCFG=1,0,2")  # with MQTT as the holder it can be configured
    b.good("AT#MQEN=1,0")
    assert b.at("AT#SSLSECCFG=1,0,2") == b"\r\n+CME ERROR: SSL not activated\r\n"


def test_will():
    b = bench()
    b.good('AT#MQWCFG=1,1,0,1,"last/will","gone"')
    assert b.at("AT#MQWCFG?") == ok("#MQWCFG: 1,1,0,1,last/will,gone")
    b.good('AT#MQCONN=1,"device","",""', 10 * S)
    b.modem.fault("brown_out")
    b.run(5 * S)
    assert [(one.topic, one.payload) for one in b.broker.wills] == [(b"last/will", b"gone")]
    b = bench(page="le910r1")
    b.at("AT#MQWCFG=1,0", 5 * S)
    assert "restarted by AT#MQWCFG" in b.events("power")
    b.run(10 * S)
    assert b.at("AT").endswith(OK)


def test_captured_firmware_takes_no_qos():
    b = connected(page="le910r1")
    assert b.at("AT#MQSUB=?") == ok("#MQSUB: (1-2),256")
    assert b.at('AT#MQSUB=1,"a",1') == b"\r\n+CME ERROR: operation not supported\r\n"
    assert b.at("AT#MQCFG=?") == ok("#MQCFG: (1-2),512,(1-65535),(1-6),(0-1)")


@pytest.mark.parametrize("page", ["he910", "gl865", "le910", "le866", "le910c1", "le910c1eux"])
def test_others_have_none(page):
    b = TelitBench(page=page).on()
    for line in ("AT#MQEN=1,1", "AT#MQEN?", "AT#MQEN=?", "AT#MQREAD?"):
        assert b.at(line) == b"\r\nERROR\r\n"
