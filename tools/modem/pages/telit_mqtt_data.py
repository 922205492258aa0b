"""Telit: messages of the module's MQTT (#MQSUB, #MQUNS, #MQPUBS, #MQPUBSEXT, #MQREAD)."""

from .. import cme
from . import telit_errors as err
from .table import Table
from .telit_mqtt import _ENTRY_US, _EXT, _MESSAGE, _TOPIC, INSTANCES, SLOTS, _instance, _mqtt

COMMANDS = Table()


def _waits(c, one, start):
    """start(done) sends something; OK when it is answered, an error when not in time."""
    modem = c.modem
    client = one.client
    timer = []

    def done(code):
        modem.timers.cancel(timer[0])
        if code is None or code == 0x80:
            c.cme(err.GENERIC)
        else:
            c.ok()

    def late():
        client.forget(done)
        c.cme(err.GENERIC)

    timer.append(modem.after(one.timeout_s * 1_000_000, late))
    start(done)


@_mqtt("#MQSUB")
def subscribe(c):
    """AT#MQSUB=<inst>,<topic>[,<QoS>]; QoS 1 without it, and on LE910R1 always."""
    captured = c.modem.page.CAPTURED
    if c.op == "test":
        c.info(f"#MQSUB: (1-2),{_TOPIC}" + ("" if captured else ",(0-2)"))
        c.ok()
        return
    one = _instance(c, connected=True)
    if one is None:
        return
    qos = c.number(2, 1)
    if not 2 <= len(c.args) <= (2 if captured else 3) or not 0 < len(c.args[1]) <= _TOPIC:
        c.cme(cme.NOT_SUPPORTED)
    elif qos not in (0, 1, 2):
        c.cme(cme.NOT_SUPPORTED)
    else:
        _waits(c, one, lambda done: one.client.subscribe(c.args[1], qos, done))


@_mqtt("#MQUNS")
def unsubscribe(c):
    if c.op == "test":
        c.info(f"#MQUNS: (1-2),{_TOPIC}")
        c.ok()
        return
    one = _instance(c, connected=True)
    if one is None:
        return
    if len(c.args) != 2 or not 0 < len(c.args[1]) <= _TOPIC:
        c.cme(cme.NOT_SUPPORTED)
    else:
        _waits(c, one, lambda done: one.client.unsubscribe(c.args[1], done))


def _publish(c, one, payload):
    topic, retain, qos = c.args[1], c.number(2), c.number(3)
    data = payload.encode("latin-1") if isinstance(payload, str) else payload
    if one.client is None or c.modem.faults.refuse_send("payload"):
        c.cme(err.GENERIC)
        return
    _waits(c, one, lambda done: one.client.publish(topic, data, retain, qos, done))


def _addressed(c, count):
    good = len(c.args) == count and 0 < len(c.args[1]) <= _TOPIC
    return good and c.number(2) in (0, 1) and c.number(3) in (0, 1, 2)


@_mqtt("#MQPUBS")
def publish(c):
    """AT#MQPUBS=<inst>,<topic>,<retain>,<QoS>,<message>."""
    if c.op == "test":
        c.info(f"#MQPUBS: (1-2),{_TOPIC},(0,1),(0-2),{_MESSAGE}")
        c.ok()
        return
    one = _instance(c, connected=True)
    if one is None:
        return
    if not _addressed(c, 5) or len(c.args[4]) > _MESSAGE:
        c.cme(cme.NOT_SUPPORTED)
    else:
        _publish(c, one, c.args[4])


@_mqtt("#MQPUBSEXT")
def publish_counted(c):
    """AT#MQPUBSEXT=<inst>,<topic>,<retain>,<QoS>,<bytes>: >>>, so many bytes."""
    if c.op == "test":
        c.info(f"#MQPUBSEXT: (1-2),{_TOPIC},(0,1),(0-2),(1-{_EXT})")
        c.ok()
        return
    one = _instance(c, connected=True)
    if one is None:
        return
    count = c.number(4)
    if not _addressed(c, 5) or not count or count > _EXT:
        c.cme(cme.NOT_SUPPORTED)
    elif c.modem.faults.refuse_send("prompt"):
        c.cme(err.GENERIC)
    else:

        def done(data):
            _publish(c, one, data) if data is not None else c.cme(err.GENERIC)

        c.prompt(b">>>", count, _ENTRY_US, done)


@_mqtt("#MQREAD")
def read(c):
    """AT#MQREAD=<inst>,<mId>: <<< and the message; the slot is free then. Read: how many wait."""
    state = c.modem.page_state.mqtt
    if c.op == "read":
        for number, one in sorted(state.items()):
            c.info(f"#MQREAD: {number},{len(one.slots)}")
        c.ok()
        return
    if c.op == "test":
        c.info(f"#MQREAD: (1-{len(INSTANCES)}),(1-{SLOTS})")
        c.ok()
        return
    one = _instance(c)
    if one is None:
        return
    number = c.number(1)
    if len(c.args) != 2 or number not in range(1, SLOTS + 1):
        c.cme(cme.NOT_SUPPORTED)
    elif number not in one.slots:
        c.cme(cme.NOT_ALLOWED)
    else:
        _, payload = one.slots.pop(number)
        c.raw("payload", b"\r\n<<<" + payload + b"\r\n")
        c.ok()
