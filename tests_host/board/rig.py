"""A whole device on the emulated board: image, virtual modem, TLS and strict broker, in one time.

    with Rig(image) as rig:
        assert rig.run_until(lambda: rig.broker.published, 60)

Real TLS with a CA, a broker and a device of its own; the same arguments give the same run.
"""

import datetime
import functools
import json
import tempfile
from pathlib import Path

from tests_host.sim.broker import Broker
from tools.board import Board
from tools.certs.authority import Authority
from tools.modem import Options, SimNetwork, TLSService, sim7000

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.datetime(2026, 6, 13, 12, 0, tzinfo=datetime.UTC)
HOST, PORT, DEVICE = "broker", 8883, "dev7"
TELEMETRY = f"devices/{DEVICE}/telemetry".encode()
COMMANDS = f"devices/{DEVICE}/cmd".encode()
MAIN = (ROOT / "main.py").read_bytes()


@functools.cache
def pki():
    """{name: bytes} of one CA, its broker and its device, made once for a process."""
    with tempfile.TemporaryDirectory() as folder:
        made = NOW - datetime.timedelta(days=30)
        authority = Authority.create(folder, now=made)
        authority.server([HOST], now=made)
        authority.device(DEVICE, now=made)
        names = {
            "ca.crt": "ca.crt",
            "server.crt": "server.crt",
            "server.key": "server.key",
            "device.crt": f"devices/{DEVICE}.crt",
            "device.key": f"devices/{DEVICE}.key",
        }
        return {name: (authority.folder / path).read_bytes() for name, path in names.items()}


def configuration(**sections):
    """uplink.json as a dict: the README's wiring, TLS, defaults, and what `sections` change."""
    values = {
        "id": DEVICE,
        "uart": {"tx": "MODEM_TX", "rx": "MODEM_RX"},
        "pins": {
            "pwrkey": {"pin": "MODEM_PWRKEY", "active": "high"},
            "reset": {"pin": "MODEM_RESET", "active": "high"},
            "dtr": "MODEM_DTR",
            "status": "MODEM_STATUS",
        },
        "modem": {"type": "sim7000"},
        "sim": {"apn": "flolive.net"},
        "broker": {"host": HOST, "port": PORT},
        "tls": {"ca": "ca.crt", "cert": "device.crt", "key": "device.key"},
        "telemetry": {"interval_s": 60},
    }
    for name, value in sections.items():
        if isinstance(value, dict):
            values.setdefault(name, {}).update(value)
        else:
            values[name] = value
    return values


class Rig(Board):
    """`services`: more {(host, port): service}; `main`: the application; `files`: more of them;
    `bare`: a formatted file system with nothing on it;
    `modem`, `broker`: those of another rig, which go on when this board is another one.
    """

    def __init__(
        self,
        image,
        *,
        seed=1,
        main=MAIN,
        config=None,
        options=None,
        services=None,
        files=None,
        flash=None,
        modem=None,
        broker=None,
        watch=(),
        bare=False,
        **faults,
    ):
        keys = pki()
        self.said = []  # (ns, ns awake) when the board had said something over the UART
        self.broker = broker or Broker(**faults)
        if modem is None:
            options = options or Options()
            options.unix_s = NOW.timestamp()
            tls = TLSService(self.broker, keys["server.crt"], keys["server.key"], keys["ca.crt"])
            reached = {(HOST.encode(), PORT): tls, **(services or {})}
            modem = sim7000(SimNetwork(services=reached), seed=seed, options=options)
        whole = (
            {}
            if bare
            else {
                "boot.py": (ROOT / "boot.py").read_bytes(),
                "main.py": main,
                "uplink.json": json.dumps(config or configuration()).encode(),
                "ca.crt": keys["ca.crt"],
                "device.crt": keys["device.crt"],
                "device.key": keys["device.key"],
                **(files or {}),
            }
        )
        super().__init__(
            image, modem, files=None if flash else whole, flash=flash, seed=seed, watch=watch
        )

    def _taken(self, reply):
        for event in reply["events"]:
            if event["kind"] == "uart":
                self.said.append((reply["nanos"], reply["awake"]))
        super()._taken(reply)

    def arrived(self, topic=TELEMETRY):
        """Payloads that the broker has published under `topic`."""
        return [bytes(p.payload) for p in self.broker.published if bytes(p.topic) == topic]

    @property
    def text(self):
        """What the board printed."""
        return self.output.decode(errors="replace")
