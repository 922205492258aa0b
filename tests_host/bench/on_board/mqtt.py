# One message of 26 bytes: Uplink's client and umqtt.simple, each on a transport that only counts.
import sys

from uplink import MQTT, config

TOPIC = b"devices/7/telemetry"
PAYLOAD = b'{"t":21.5,"rssi":-67,"n":1}'[:26]
ROUNDS = 50
TEXT = (
    b'{"id":"device-7","broker":{"host":"broker.example","tls":false},'
    b'"outbox":{"messages":4,"bytes":2048,"inflight":4,"packet":1024}}'
)


class Wire:
    """A transport that takes everything at once."""

    state = 0
    listener = None
    bytes = 0

    def open(self, host, port, tls):
        self.state = 1

    def send(self, buf, off, n):
        self.bytes += n
        self.listener.sent(0)
        return True

    def close(self):
        self.state = 0
        self.listener.closed(0, 0)

    def proved(self):
        pass

    def doubt(self):
        pass


class Client:
    """Ours, connected; the broker's packets are handed in."""

    def __init__(self, cfg):
        self.wire = Wire()
        self.mqtt = MQTT(None, self.wire, cfg)
        self.now = 1
        self.packet = bytearray(4)
        self.mqtt.connect()
        self.mqtt.poll(0)
        self.wire.state = 2
        self.mqtt.opened(0)
        self.feed(b"\x20\x02\x00\x00")
        self.id = 0

    def feed(self, packet):
        self.mqtt.received(packet, 0, len(packet), self.now)
        self.mqtt.poll(self.now)

    def publish(self, qos):
        self.mqtt.publish(TOPIC, PAYLOAD, qos)
        self.mqtt.poll(self.now)

    def acknowledge(self, kind):
        """The packet identifiers that the client uses count up from where it began."""
        packet = self.packet
        packet[0] = kind
        packet[1] = 2
        packet[2] = self.id >> 8
        packet[3] = self.id & 255
        self.feed(packet)


class Socket:
    """umqtt.simple's: what it writes is counted, what it reads stands ready."""

    answer = b""
    at = 0

    def write(self, data, n=0):
        pass

    def setblocking(self, flag):
        pass

    def read(self, n):
        at = self.at
        self.at = at + n
        return self.answer[at : at + n]


def ours():
    with open("bench.json", "w") as f:
        f.write(TEXT)
    cfg = config.load("bench.json")
    client, taken = heap(Client, cfg)
    figure("uplink.mqtt.instance_bytes", taken)
    seen = []
    send = Wire.send

    def watch(self, buf, off, n):
        if buf[off] & 0xF0 == 0x30:
            seen.append(bytes(buf[off : off + n]))
        return send(self, buf, off, n)

    Wire.send = watch
    client.publish(1)
    Wire.send = send
    at = 4 + len(TOPIC)
    client.id = seen[0][at] << 8 | seen[0][at + 1]
    client.acknowledge(0x40)

    def qos0(n):
        for _ in range(n):
            client.publish(0)

    def qos1(n):
        for _ in range(n):
            client.publish(1)
            client.id = client.id + 1 & 0xFFFF or 1
            client.acknowledge(0x40)

    def qos2(n):
        for _ in range(n):
            client.publish(2)
            client.id = client.id + 1 & 0xFFFF or 1
            client.acknowledge(0x50)
            client.acknowledge(0x70)

    each("uplink.publish_qos0", ROUNDS, qos0)
    each("uplink.publish_qos1", ROUNDS, qos1)
    each("uplink.publish_qos2", ROUNDS, qos2)

    @client.mqtt.on("#")
    def on(topic, payload):
        pass

    body = bytes([0, len(TOPIC)]) + TOPIC + PAYLOAD
    message = bytes([0x30, len(body)]) + body

    def receive(n):
        for _ in range(n):
            client.feed(message)

    each("uplink.receive_qos0", ROUNDS, receive)


def theirs(umqtt):
    client, taken = heap(umqtt.MQTTClient, "device-7", "broker.example")
    figure("umqtt.instance_bytes", taken)
    socket = client.sock = Socket()
    client.set_callback(lambda topic, payload: None)

    def qos0(n):
        for _ in range(n):
            client.publish(TOPIC, PAYLOAD)

    def qos1(n):
        for _ in range(n):
            pid = client.pid + 1
            socket.answer = bytes((0x40, 2, pid >> 8, pid & 255))
            socket.at = 0
            client.publish(TOPIC, PAYLOAD, qos=1)

    body = bytes([0, len(TOPIC)]) + TOPIC + PAYLOAD
    message = bytes([0x30, len(body)]) + body

    def receive(n):
        for _ in range(n):
            socket.answer = message
            socket.at = 0
            client.wait_msg()

    each("umqtt.publish_qos0", ROUNDS, qos0)
    each("umqtt.publish_qos1", ROUNDS, qos1)
    each("umqtt.receive_qos0", ROUNDS, receive)


ours()
try:
    sys.modules["usocket"] = sys  # it asks for the module, and this image has none
    import umqtt_simple
except ImportError:
    print("no umqtt.simple here")
else:
    theirs(umqtt_simple)
