"""Telit: MQTT inside the module (#MQEN, #MQCFG, #MQCFG2, #MQTCFG, #MQWCFG, #MQCONN, #MQSUB …).

Two instances; instance n uses the settings of secure socket n. LE910R1 differs by capture:
AT#MQWCFG restarts it, AT#MQSUB takes no QoS, AT#MQCFG goes with AT#SSLEN, not against it.
"""

from functools import wraps

from .. import cme
from . import telit_errors as err
from .mqtt_client import MQTTClient
from .table import Table
from .telit_connect import CONNECT_US, connect, refuse
from .telit_holder import release, take

COMMANDS = Table()
command = COMMANDS.command

INSTANCES = (1, 2)
SLOTS = 30
_ENTRY_US = 10**13
_TOPIC, _MESSAGE, _EXT = 256, 256, 1500


class Instance:
    """One MQTT client of the module, as the AT commands made it."""

    def __init__(self, modem, number):
        self.modem = modem
        self.number = number
        self.cid = f"mqt{number}"
        self.config = None  # (host, port, cid, secure)
        self.keepalive_s, self.clean = 60, 1
        self.timeout_s = 15
        self.will = None
        self.client = None
        self.slots = {}  # <mId> -> (topic, payload)
        self.busy = False

    # what MQTTClient asks for

    def send(self, data):
        one = self.modem.sockets.get(self.cid)
        if one is not None:
            one.send(data)

    def plan(self, us, call):
        client = self.client
        self.modem.after(us, lambda: call() if self.client is client else None)

    def message(self, topic, payload):
        """A message has come: into a slot and announced, or #MQRING: 0."""
        modem = self.modem
        for number in range(1, SLOTS + 1):
            if number not in self.slots:
                self.slots[number] = (topic, payload)
                if not modem.faults.drop_dataind():
                    head = b"#MQRING: %d,%d," % (self.number, number)
                    modem.urc(head + topic + b",%d" % len(payload))
                return True
        modem.urc("#MQRING: 0")
        return False

    def gone(self, why):
        """Nothing can come of this connection any more; nobody is told, AT#MQCONN? shows it."""
        self.modem.event("socket", f"{self.cid} MQTT ends: {why}")
        client, self.client = self.client, None
        self.modem.sockets.close(self.cid)
        if client is not None:
            client.lost()

    def close(self):
        self.client = None
        self.modem.sockets.close(self.cid)


def _mqtt(name):
    """A command that only platforms with MQTT have."""

    def enter(handler):
        @wraps(handler)
        def guarded(c):
            if c.modem.page.PLATFORM.mqtt:
                handler(c)
            else:
                c.error()

        command(name)(guarded)
        return guarded

    return enter


def _instance(c, connected=False):
    """The instance that argument 0 names and that is enabled; None after an error."""
    one = c.modem.page_state.mqtt.get(c.number(0))
    if c.op != "set" or c.number(0) not in INSTANCES:
        c.cme(cme.NOT_SUPPORTED)
        return None
    if one is None or (connected and (one.client is None or not one.client.connected)):
        c.cme(cme.NOT_ALLOWED)
        return None
    return one


@_mqtt("#MQEN")
def enable(c):
    modem, state = c.modem, c.modem.page_state.mqtt
    if c.op == "read":
        for number in INSTANCES:
            c.info(f"#MQEN: {number},{int(number in state)}")
        c.ok()
        return
    if c.op == "test":
        c.info("#MQEN: (1-2),(0,1)")
        c.ok()
        return
    number, wanted = c.number(0), c.number(1)
    if c.op != "set" or number not in INSTANCES or wanted not in (0, 1) or len(c.args) != 2:
        c.cme(cme.NOT_SUPPORTED)
    elif wanted and number in state:
        c.cme(cme.NOT_ALLOWED)
    elif wanted:
        state[number] = Instance(modem, number)
        c.ok()
    elif number not in state or state[number].client is not None:
        c.cme(cme.NOT_ALLOWED)
    else:
        _let_go(modem, number)
        del state[number]
        c.ok()


def _let_go(modem, number):
    release(modem, number, "mqtt")


@_mqtt("#MQCFG")
def configure(c):
    """AT#MQCFG=<inst>,<host>,<port>,<cid>[,<sslEn>]: the context has to be active."""
    modem, state = c.modem, c.modem.page_state
    if c.op == "read":
        for number, one in sorted(state.mqtt.items()):
            host, port, cid, secure = one.config or ("", 0, 1, 0)
            c.info(f"#MQCFG: {number},{host},{port},{cid},{secure}")
        c.ok()
        return
    if c.op == "test":
        c.info("#MQCFG: (1-2),512,(1-65535),(1-6),(0-1)")
        c.ok()
        return
    one = _instance(c)
    if one is None:
        return
    port, cid, secure = c.number(2), c.number(3), c.number(4, 0)
    if not 4 <= len(c.args) <= 5 or not 0 < len(c.arg(1)) <= 512 or not port or port > 65535:
        c.cme(cme.NOT_SUPPORTED)
    elif cid not in range(1, 7) or secure not in (0, 1):
        c.cme(cme.NOT_SUPPORTED)
    elif one.client is not None:
        c.cme(cme.NOT_ALLOWED)
    elif cid not in state.contexts:
        c.cme(err.NOT_ACTIVE)
    else:
        code = _hold(modem, one.number, secure)
        if code:
            c.cme(code)
            return
        one.config = (c.arg(1), port, cid, secure)
        c.ok()


def _hold(modem, number, secure):
    """Take or release secure socket `number` for MQTT; the error, or 0."""
    holder = modem.page_state.holder
    if not secure:
        _let_go(modem, number)
        return 0
    if holder[number] == "mqtt" or (modem.page.CAPTURED and holder[number] == "ssl"):
        return 0
    return take(modem, number, "mqtt")


@_mqtt("#MQCFG2")
def configure_session(c):
    """AT#MQCFG2=<inst>,<keepalive s>,<clean session>."""
    if c.op == "read":
        for number, one in sorted(c.modem.page_state.mqtt.items()):
            c.info(f"#MQCFG2: {number},{one.keepalive_s},{one.clean}")
        c.ok()
        return
    if c.op == "test":
        c.info("#MQCFG2: (1-2),(1-3600),(0,1)")
        c.ok()
        return
    one = _instance(c)
    if one is None:
        return
    keepalive, clean = c.number(1), c.number(2)
    if len(c.args) != 3 or keepalive not in range(1, 3601) or clean not in (0, 1):
        c.cme(cme.NOT_SUPPORTED)
    elif one.client is not None:
        c.cme(cme.NOT_ALLOWED)
    else:
        one.keepalive_s, one.clean = keepalive, clean
        c.ok()


@_mqtt("#MQTCFG")
def configure_time(c):
    """AT#MQTCFG=<inst>,<s>: how long one packet may take to be answered."""
    if c.op == "read":
        for number, one in sorted(c.modem.page_state.mqtt.items()):
            c.info(f"#MQTCFG: {number},{one.timeout_s}")
        c.ok()
        return
    if c.op == "test":
        c.info("#MQTCFG: (1-2),(1-60)")
        c.ok()
        return
    one = _instance(c)
    if one is None:
        return
    if len(c.args) != 2 or c.number(1) not in range(1, 61):
        c.cme(cme.NOT_SUPPORTED)
    else:
        one.timeout_s = c.number(1)
        c.ok()


@_mqtt("#MQWCFG")
def configure_will(c):
    """AT#MQWCFG=<inst>,<flag>[,<retain>,<QoS>,<topic>,<message>]."""
    modem = c.modem
    if modem.page.CAPTURED and c.op == "set":
        modem.event("power", "restarted by AT#MQWCFG")
        modem.after_ms(200, modem.power.restart)
        return
    if c.op == "read":
        for number, one in sorted(modem.page_state.mqtt.items()):
            retain, qos, topic, message = one.will or (0, 0, "", "")
            flag = int(one.will is not None)
            c.info(f"#MQWCFG: {number},{flag},{retain},{qos},{topic},{message}")
        c.ok()
        return
    if c.op == "test":
        c.info(f"#MQWCFG: (1-2),(0,1),(0,1),(0-2),{_TOPIC},{_MESSAGE}")
        c.ok()
        return
    one = _instance(c)
    if one is None:
        return
    flag, retain, qos = c.number(1), c.number(2), c.number(3)
    if flag == 0 and len(c.args) == 2:
        one.will = None
        c.ok()
    elif flag != 1 or len(c.args) != 6 or retain not in (0, 1) or qos not in (0, 1, 2):
        c.cme(cme.NOT_SUPPORTED)
    elif not 0 < len(c.arg(4)) <= _TOPIC or len(c.arg(5)) > _MESSAGE:
        c.cme(cme.NOT_SUPPORTED)
    else:
        one.will = (retain, qos, c.arg(4), c.arg(5))
        c.ok()


@_mqtt("#MQCONN")
def connect_client(c):
    """AT#MQCONN=<inst>,<client id>,<user>,<password>: OK once CONNACK has said yes."""
    modem, state = c.modem, c.modem.page_state
    if c.op == "read":
        for number, one in sorted(state.mqtt.items()):
            up = one.client is not None and one.client.connected
            c.info(f"#MQCONN: {number},{int(up)}")
        c.ok()
        return
    if c.op == "test":
        c.info("#MQCONN: (1-2),128,256,256")
        c.ok()
        return
    one = _instance(c)
    if one is None:
        return
    if len(c.args) != 4 or not 0 < len(c.args[1]) <= 128:
        c.cme(cme.NOT_SUPPORTED)
        return
    if one.config is None or one.client is not None:
        c.cme(cme.NOT_ALLOWED)
        return
    host, port, cid, secure = one.config
    if cid not in state.contexts:
        c.cme(err.NOT_ACTIVE)
        return
    if secure and state.holder[one.number] == "other":
        c.cme(err.IN_USE)
        return
    client = one.client = MQTTClient(one, one.keepalive_s, one.clean)

    def opened(word):
        if one.client is not client:
            c.cme(err.CONNECTION_FAILED)
        elif word != "ok":
            one.client = None
            refuse(c, word, secure)
        else:
            late = modem.after(one.timeout_s * 1_000_000, answered, None)
            done.append(late)
            client.connect(c.args[1], c.args[2], c.args[3], one.will, answered)
            modem.after(0, data_waiting, modem, one.cid)

    done = []

    def answered(code):
        modem.timers.cancel(done[0])
        if code == 0:
            modem.event("socket", f"{one.cid} MQTT connected")
            c.ok()
        else:
            if one.client is client:
                one.close()
            c.cme(err.CONNECTION_FAILED)

    limit = CONNECT_US + one.timeout_s * 1_000_000
    connect(modem, one.cid, (host, port), one.number if secure else None, limit, opened)


@_mqtt("#MQDISC")
def disconnect(c):
    one = _instance(c, connected=True) if c.op != "test" else None
    if c.op == "test":
        c.info("#MQDISC: (1-2)")
        c.ok()
    elif one is not None:
        one.client.disconnect()
        one.close()
        c.modem.after_ms(100, c.ok)


def owner_of(modem, cid):
    """The instance whose socket that is, while it has a client."""
    one = modem.page_state.mqtt.get(int(cid[3:]))
    return one if one is not None and one.client is not None else None


def data_waiting(modem, cid):
    one, sock = owner_of(modem, cid), modem.sockets.get(cid)
    if one is not None and sock is not None:
        one.client.received(sock.read(1 << 20))


def socket_closed(modem, cid):
    one = owner_of(modem, cid)
    if one is not None:
        one.gone("closed by the broker")
