"""The parts of an end-to-end test: real Mosquitto, the virtual modem, the firmware, as programs.

    with Bench(tmp_path, authority) as bench:
        bench.start_broker()
        bench.start_modem()
        bench.start_device()
        bench.device.wait("mqtt connected")

Nothing here sleeps: every wait is for a line of a program, and has a limit.
"""

import json
import queue
import re
import subprocess
from time import monotonic, time

from tests_host.mosquitto import Mosquitto, Tls, program
from tools.demo import device as devices, modem as modems
from tools.demo.children import Family

DEVICE = "bench-7"
WATCHER = "watcher"  # who publishes and subscribes beside the device
HOST = "localhost"
LIMIT_S = 60  # generous: other programs may need both cores meanwhile

# The modem's own times (registration, …) are short. The firmware's times stay as they are.
_SCALE = ("--scale", "0.05")
_RUNNING = ("--on", "--baud", "115200")


class Program:
    """What one program has said; `wait` goes on behind the line that was waited for last."""

    def __init__(self, bench, name):
        self.bench = bench
        self.name = name
        self.lines = []
        self.ended = False
        self._from = 0

    def wait(self, pattern, limit_s=LIMIT_S):
        """Wait for a new line that holds the regular expression; the match."""
        compiled = re.compile(pattern)
        end = monotonic() + limit_s
        while True:
            while self._from < len(self.lines):
                line = self.lines[self._from]
                self._from += 1
                match = compiled.search(line)
                if match:
                    return match
            assert not self.ended, f"{self.name} has ended: {self.bench.report()}"
            left = end - monotonic()
            assert left > 0, f"{self.name} never said {pattern!r}: {self.bench.report()}"
            self.bench.take(left)

    def wait_end(self, limit_s=LIMIT_S):
        """Wait until the program has ended."""
        end = monotonic() + limit_s
        while not self.ended:
            left = end - monotonic()
            assert left > 0, f"{self.name} does not end: {self.bench.report()}"
            self.bench.take(left)

    def count(self, pattern):
        """How many of all its lines hold the regular expression."""
        return sum(re.search(pattern, line) is not None for line in self.lines)

    def text(self):
        return "\n".join(self.lines)


class Bench:
    """`authority`: a `tools.certs.Authority` that has `server.crt`, DEVICE and WATCHER."""

    def __init__(self, folder, authority):
        self.folder = folder
        self.authority = authority
        self.queue = queue.Queue()
        self.family = Family(self.queue)
        self.programs = {name: Program(self, name) for name in ("modem", "device", "run")}
        self.modem = self.programs["modem"]
        self.device = self.programs["device"]
        self.run = self.programs["run"]
        self.broker = None
        self.virtual = None
        self.kind = None
        self.board = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.family.end()
        if self.broker is not None:
            self.broker.stop()

    def take(self, limit_s):
        """Wait for a line of any program."""
        try:
            name, line = self.queue.get(timeout=limit_s)
        except queue.Empty:
            return
        if name == "modem" and line is not None:
            self.virtual.heard(line)
            if line.startswith("{"):
                event = json.loads(line)
                line = f"{event['kind']}: {event['text']}"
        said = self.programs[name]
        if line is None:
            said.ended = True
        else:
            said.lines.append(line)

    def report(self):
        """The last words of all, for a test that fails."""
        parts = [
            f"\n--- {said.name}:\n" + "\n".join(said.lines[-40:])
            for said in self.programs.values()
        ]
        if self.broker is not None:
            parts.append("\n--- broker:\n" + "\n".join(self.broker.log().splitlines()[-40:]))
        return "".join(parts)

    # ---- starting ---------------------------------------------------------------------------

    def start_broker(self, server=None, crl=None, **options):
        """Mosquitto with TLS that demands a client certificate; `server`: other (crt, key)."""
        folder = self.authority.folder
        certificate, key = server or (folder / "server.crt", folder / "server.key")
        tls = Tls(self.authority.ca, certificate, key, crl)
        self.broker = Mosquitto(self.folder, tls=tls, **options)
        mine = folder / "devices" / WATCHER
        self.broker.client = Tls(self.authority.ca, f"{mine}.crt", f"{mine}.key")
        self.broker.start()

    def start_modem(self, *options, on=True, clock=True, kind="sim7000"):
        """The virtual modem, running for a while already, with the right time; not `on`: switched
        off; not `clock`: its clock says 1980 until it is told better. `options`: more of them.
        `kind`: which one.
        """
        self.kind = kind
        options += _RUNNING if on else ("--off",)
        if clock:
            options += ("--set", f"rtc_unix_s={time():.0f}")
        options += (*_SCALE, *modems.redirect(HOST, self.broker.port))
        log = self.folder / "modem.log"
        self.virtual = modems.VirtualModem(self.family, kind, log, *options)
        end = monotonic() + LIMIT_S
        while not self.virtual.ready:
            assert monotonic() < end and not self.modem.ended, self.report()
            self.take(0.1)
        if on:
            if kind == "sim7000":
                self.modem.wait("urc: SMS Ready")  # the last that it says of its start
            self.modem.wait("radio: registration [15]")

    def lay_out(self, ca=None, **sections):
        """The device's flash: `sections` are put into its configuration; `ca` replaces its CA."""
        config = devices.configuration(
            DEVICE, self.virtual.uart, self.virtual.pins, HOST, self.broker.port, 1, self.kind
        )
        for name, values in sections.items():
            config.setdefault(name, {}).update(values)
        flash = devices.lay_out(self.folder / "flash", self.authority, config)
        if ca is not None:
            (flash / "ca.crt").write_bytes(ca.read_bytes())
        return flash

    def start_device(self, ca=None, **sections):
        """The real firmware on a new flash."""
        flash = self.lay_out(ca, **sections)
        self.board = devices.Device(self.family, flash, self.folder / "device.log")
        self.board.start()

    # ---- what must not happen ---------------------------------------------------------------

    def refused(self):
        """Nothing of the device's has reached the broker: no login, no packet behind one."""
        log = self.broker.log()
        assert not re.search(rf"New client connected .* as {DEVICE}\b", log), self.report()
        assert not re.search(rf"Received \w+ from {DEVICE}\b", log), self.report()
        assert "mqtt connected" not in self.device.text(), self.report()

    def collect(self, client_id, topic, n):
        """The payloads that the broker kept for a session made by `remember`."""
        ran = self._sub(client_id, topic, "-C", n, "-W", LIMIT_S, "-F", "%p")
        return [json.loads(line) for line in ran.splitlines()]

    def remember(self, client_id, topic):
        """Subscribe a session that the broker keeps while nobody is there."""
        self._sub(client_id, topic, "-E")

    def _sub(self, client_id, topic, *more):
        client = self.broker.client
        argv = [program("mosquitto_sub"), "-h", HOST, "-p", self.broker.port, "-V", "mqttv311"]
        argv += ["--cafile", client.ca, "--cert", client.cert, "--key", client.key]
        argv += ["-i", client_id, "-c", "-q", 1, "-t", topic, *more]
        argv = [str(arg) for arg in argv]
        return subprocess.run(
            argv, capture_output=True, text=True, check=True, timeout=2 * LIMIT_S
        ).stdout
