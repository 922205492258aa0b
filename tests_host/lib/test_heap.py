"""The whole device with the heap locked after start (MicroPython; on CPython the same, unlocked):
URCs, publishes at each QoS, received messages, keepalives, a lost connection and its recovery,
the network's time, a restart of the module."""

from fake_module import FakeBoard, FakeQuectel, FakeTelit, Heap, drive

from uplink import log
from uplink.loop import Loop
from uplink.modem import Modem
from uplink.mqtt import MQTT

CFG = {
    "uart": {"id": 0, "tx": 0, "rx": 1, "rts": None, "cts": None, "baud": 115200, "ring": 2048},
    "pins": {"pwrkey": None, "dtr": None, "status": None, "reset": None, "control": None},
    "modem": {
        "type": b"sim7000",
        "echo": False,
        "sleep": False,
        "radio": b"lte-m",
        "led": True,
        "sockets": 1,
        "register_s": 300,
        "idle_sleep_s": 2,
        "sleep_check_s": 60,
    },
    "sim": {"pin": None, "apn": b"flolive.net", "apn_user": None, "apn_password": None},
    "broker": {
        "host": b"broker",
        "port": 1883,
        "tls": False,
        "client_id": b"dev7",
        "user": None,
        "password": None,
        "keepalive_s": 60,
        "clean": False,
        "will": None,
    },
    "tls": {
        "verify": "ca",
        "version": "1.2",
        "level": "compatible",
        "ca": None,
        "cert": None,
        "key": None,
        "server_name": None,
        "check_dates": True,
    },
    "outbox": {"messages": 8, "bytes": 2048, "inflight": 4, "packet": 1024},
    "backoff": {"first_s": 1, "max_s": 60, "stable_s": 60},
}
TOPIC = b"devices/7/telemetry"
PAYLOAD = b'{"temperature":21.5,"n":1}'


class Until:
    """A condition that can be looked at without heap."""

    def __init__(self, device):
        self.device = device
        self.what = 0
        self.count = 0

    def met(self):
        d = self.device
        what = self.what
        if what == 0:
            return d.mqtt.connected and not d.mqtt.waiting
        if what == 1:
            return d.received >= self.count and not d.board.inbox
        if what == 2:
            return d.board.connects >= self.count and d.mqtt.connected
        if what == 3:
            return d.board.pings >= self.count
        return not d.board.to_host and d.modem.engine.idle


class Device:
    def __init__(self, kind):
        self.heap = Heap()
        self.board = kind(self.heap)
        cfg = {name: dict(section) for name, section in CFG.items()}  # other tests have it, too
        cfg["modem"]["type"] = kind.TYPE
        cfg["broker"]["tls"] = kind.TLS
        cfg["tls"]["verify"] = kind.VERIFY
        self.loop = Loop(self.board)
        self.modem = Modem(self.loop, cfg)
        self.mqtt = MQTT(self.loop, self.modem.socket(), cfg, self.board.rand)
        self.mqtt.subscribe(b"devices/+/cmd", self.command, 1)
        self.received = 0
        self.size = 0
        self.until = Until(self)

    def command(self, topic, payload):
        self.received += 1
        self.size += len(payload)

    def wait(self, what, count=0, limit_ms=200_000):
        self.until.what = what
        self.until.count = count
        return drive(self.board, self.loop, self.until, limit_ms)


def traffic(device, n):
    """What a device lives through; numbers per kind of traffic."""
    board = device.board
    mqtt = device.mqtt
    for _ in range(5 * n):
        board.urc(b"+CSQN: 20,99")
        if not device.wait(4):
            return 1
    for qos in range(3):
        for _ in range(n):
            if not mqtt.publish(TOPIC, PAYLOAD, qos):
                return 2
            if not device.wait(0):
                return 3
    number = 0
    for _ in range(n):
        number += 1
        board.publish(b"devices/7/cmd", PAYLOAD, number % 3, number)
        if not device.wait(1, number):
            return 4
    pings = board.pings
    if not device.wait(3, pings + 3):
        return 5
    connects = board.connects
    for i in range(3):
        mqtt.publish(TOPIC, PAYLOAD, 1)
        board.hang_up()
        if not device.wait(2, connects + 1 + i):
            return 6
        if not device.wait(0):
            return 7
    # the network's time, a loss of registration, a restart of the module
    connects = board.connects
    board.urc(board.TIME)
    board.urc(board.LOST)
    if not device.wait(4):
        return 8
    board.restart()
    if not device.wait(2, connects + 1):
        return 9
    return 0


def quiet(level, room, text, a=None, b=None):
    pass


def test_everything_after_start_takes_no_heap():
    takes_no_heap(FakeBoard)


def test_an_m95_takes_no_heap():
    takes_no_heap(FakeQuectel)


def test_an_le910c1_takes_no_heap():
    takes_no_heap(FakeTelit)


def takes_no_heap(kind):
    """A device with this module lives through all of it; returns the module."""
    keep = log.sink
    log.sink = quiet
    try:
        device = Device(kind)
        assert device.wait(0), device.modem.state
        # once through with the heap: what is made at the first use of each path is made now
        assert traffic(device, 3) == 0
        device.received = 0
        n = 200
        board = device.board
        before = list(board.publishes)
        device.heap.lock()
        failed = traffic(device, n)
        while device.heap.unlock():
            pass
        assert failed == 0, (failed, device.modem.state, device.mqtt.state)
        after = board.publishes
        assert after[0] - before[0] == n, after
        assert after[1] - before[1] >= n, after
        assert after[2] - before[2] == n, after
        assert device.received == n
        assert device.mqtt.failed == 0
        return board
    finally:
        log.sink = keep
