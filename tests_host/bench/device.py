"""The whole device, measured: board, virtual modem, TLS and broker in one time."""

from pathlib import Path

from tests_host.board.rig import HOST, NOW, Rig, configuration, pki
from tools.modem import Options, TLSService

GO = 22
SIZE = 65_536
DATA = bytes(i * 7 % 256 for i in range(SIZE))
CHARACTER = 10  # bits on the line
_ON_BOARD = Path(__file__).with_name("on_board")


class BenchError(Exception):
    """The device did not get to the end; the text is what it last said."""


class Give:
    """A server that answers anything with DATA."""

    def connected(self, conn):
        pass

    def received(self, conn, data, now_us):
        conn.send(DATA)

    def closed(self, conn):
        pass

    def poll(self, now_us):
        return None


class Marks:
    """Edges of GO: (level, ns, ns awake) in their order."""

    def __init__(self):
        self.edges = []

    def __call__(self, pin, level, nanos, awake):
        if pin == GO and level >= 0:
            self.edges.append((level, nanos, awake))

    def pulses(self):
        """[(ns from, ns awake from, ns to, ns awake to)] of each high."""
        found, high = [], None
        for level, nanos, awake in self.edges:
            if level:
                high = (nanos, awake)
            elif high:
                found.append((*high, nanos, awake))
                high = None
        return found


def measure(image, baud):
    """{name: value} of one run at `baud`."""
    keys = pki()
    big = TLSService(Give(), keys["server.crt"], keys["server.key"], keys["ca.crt"])
    main = b"SIZE = %d\n" % SIZE + (_ON_BOARD / "device.py").read_bytes()
    config = configuration(
        uart={"baud": baud},
        tls={"server_name": HOST},
        telemetry={"interval_s": 200_000},
    )
    rig = Rig(
        image,
        main=main,
        config=config,
        options=Options(latency_ms=5.0, unix_s=NOW.timestamp()),
        services={(b"big", 8883): big},
        watch=[GO],
    )
    rig.on_pin = marks = Marks()
    with rig:
        figures = _start(rig)
        _until(rig, lambda: b"DONE" in rig.output, 300)
        for line in rig.text.splitlines():
            if line.startswith("FIGURE "):
                _, name, value = line.split()
                figures[name] = float(value)
        figures["device.overruns"] = rig.overruns
    idle, *publishes, download = marks.pulses()
    figures["device.idle_awake"] = 100 * (idle[3] - idle[1]) / (idle[2] - idle[0])
    # Of each message the CPU's time from the call until its last byte has left the UART: at the
    # higher rate, where the module has it before anything else happens.
    took = [_sent_after(rig, began) - awake for began, awake, _, _ in publishes[1:]]
    if baud > 115_200:
        figures["device.publish_us"] = sorted(took)[len(took) // 2] / 1000
    figures["device.publish_call_us"] = sorted(p[3] - p[1] for p in publishes[1:])[0] / 1000
    figures[f"device.rate_{baud}"] = (
        100 * _line_ns(baud) / (download[2] - _first_ns(rig, download))
    )
    figures[f"device.busy_{baud}"] = (
        100 * (download[3] - download[1]) / (download[2] - download[0])
    )
    return figures


def _until(rig, condition, limit_s):
    """Raises `BenchError`."""
    if not rig.run_until(lambda: condition() or b"Traceback" in rig.output, limit_s) or (
        b"Traceback" in rig.output
    ):
        raise BenchError(rig.text[-2000:])


def _start(rig):
    """From power on to the first acknowledged message."""
    _until(rig, lambda: any(pin == rig.link.wiring.pwrkey for _, pin, _ in rig.pins), 30)
    figures = {"device.pwrkey_ms": rig.pins[-1][0] / 1000}
    _until(rig, lambda: _ready(rig), 60)
    began, awake = rig.now_us, rig.awake_us
    _until(rig, lambda: b"acknowledged" in rig.output, 120)
    figures["device.first_ack_ms"] = (rig.now_us - began) / 1000
    figures["device.first_ack_share"] = 100 * (rig.awake_us - awake) / (rig.now_us - began)
    return figures


def _ready(rig):
    """The module has said RDY, or answers (one at an automatic rate says nothing)."""
    return any(direction == ">" for _, direction, _ in rig.modem.log)


def _sent_after(rig, began):
    """ns awake when the last byte of the message begun at `began` had left the UART."""
    log = [entry for entry in rig.modem.log if entry[0] * 1000 > began]
    end = next(i for i, entry in enumerate(log) if str(entry[2]).startswith("socket: 0 sent"))
    last = max(at for at, direction, _ in log[:end] if direction == "<")
    return next(awake for nanos, awake in rig.said if nanos > last * 1000 - 1000)  # (whole µs)


def _line_ns(baud):
    return SIZE * CHARACTER * 1e9 / baud


def _first_ns(rig, download):
    """When the module announced the data."""
    return next(
        at * 1000
        for at, direction, data in rig.modem.log
        if direction == ">" and b"+CADATAIND" in data and at * 1000 > download[0]
    )
