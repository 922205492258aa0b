"""A whole device in simulated time: firmware, virtual modem, network and broker.

`World` is what a field test would have on the bench: the real `Modem` and `MQTT` on a
`SimBoard`, whose UART and pins lead to the virtual SIM7000, whose network leads to the strict
broker. Nothing in it waits for the wall clock, and the same seed gives the same run.
"""

from tests_host.sim.board import SimBoard
from tests_host.sim.broker import Broker
from tools.modem.core import VirtualModem
from tools.modem.network import SimNetwork
from tools.modem.options import Options
from tools.modem.pages import PAGES
from uplink.app import config
from uplink.loop import Loop
from uplink.modem import Modem
from uplink.mqtt import MQTT

DEVICE = b"dev7"
TOPIC = b"devices/dev7/telemetry"
COMMANDS = b"devices/dev7/cmd"

# What the tests change of the defaults; every other key is the configuration's own default.
_BASE = {
    "id": "dev7",
    "watchdog_s": 0,
    "pins": {"pwrkey": 14, "dtr": 15, "status": 16, "reset": 17},
    "modem": {"type": "sim7000"},
    "sim": {"apn": "flolive.net"},
    "broker": {"host": "broker", "port": 1883, "tls": False, "keepalive_s": 120},
    "outbox": {"messages": 64, "bytes": 8192},
    "backoff": {"first_s": 1, "max_s": 60},
}


def configuration(**sections):
    """A checked configuration: the base with the given sections' keys changed."""
    raw = {k: dict(v) if isinstance(v, dict) else v for k, v in _BASE.items()}
    for name, value in sections.items():
        if isinstance(value, dict):
            raw.setdefault(name, {}).update(value)
        else:
            raw[name] = value
    return config.check(raw)


class World:
    """`cfg` from `configuration`; `options` of the virtual modem; `services` beside the broker;
    `page`: the virtual modem, where it is not the one that `modem.type` names; `kind`: of `Modem`.
    """

    def __init__(
        self,
        cfg=None,
        *,
        options=None,
        seed=1,
        broker=None,
        services=None,
        max_read=None,
        start_ms=0,
        page=None,
        kind=Modem,
    ):
        self.cfg = cfg or configuration()
        self.seed = seed
        self.broker = broker or Broker()
        broker_cfg = self.cfg["broker"]
        reached = {(broker_cfg["host"], broker_cfg["port"]): self.broker}
        reached.update(services or {})
        self.network = SimNetwork(services=reached)
        self.vm = VirtualModem(
            PAGES[page or self.cfg["modem"]["type"].decode()](),
            self.network,
            seed=seed,
            options=options or Options(),
        )
        self.board = SimBoard(self.vm, seed=seed, max_read=max_read, start_ms=start_ms)
        self.loop = Loop(self.board)
        self.failed = []
        self.loop.report = lambda task, error: self.failed.append((task.name, error))
        self.modem = kind(self.loop, self.cfg)
        self.mqtt = MQTT(self.loop, self.modem.socket(), self.cfg, self.board.rand)
        self.commands = []
        self.mqtt.subscribe(COMMANDS, self._command, 1)
        self.accepted = []
        self.number = 0

    def _command(self, topic, payload):
        self.commands.append((bytes(topic), bytes(payload)))

    @property
    def now_s(self):
        """Simulated seconds since the start."""
        return self.board.now_us / 1e6

    def publish(self, qos=1):
        """One numbered message into the outbox; True when it was accepted."""
        self.number += 1
        payload = b"%08d" % self.number
        if self.mqtt.publish(TOPIC, payload, qos):
            self.accepted.append(payload)
            return True
        return False

    def run(self, limit_s, until=None):
        """Let time pass until `until()` or the limit; True when it came."""
        found = self.board.run_until(self.loop, until or (lambda: False), limit_s)
        if self.failed:
            raise self.failed[0][1]
        return found

    def arrived(self):
        """Payloads that the broker has published for this device, in order."""
        return [bytes(p.payload) for p in self.broker.published if bytes(p.topic) == TOPIC]

    def missing(self):
        """Accepted messages that the broker does not have."""
        there = set(self.arrived())
        return [payload for payload in self.accepted if payload not in there]
