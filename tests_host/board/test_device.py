"""A whole device in simulated time: the image, the virtual modem, TLS and the strict broker."""

import json

import pytest

from tests_host.modem.pki import CA
from tests_host.sim.broker import Broker
from tools.board import Board
from tools.modem import Options, SimNetwork, TLSService, sim7000

HOST = "broker.example"
TOPIC = b"devices/dev7/telemetry"


def configuration(**more):
    """uplink.json with the wiring of README.md."""
    return {
        "id": "dev7",
        "uart": {"id": 0, "tx": 0, "rx": 1},
        "pins": {
            "pwrkey": {"pin": 2, "active": "high"},
            "reset": {"pin": 3, "active": "high"},
            "dtr": 4,
            "status": 5,
        },
        "sim": {"apn": "flolive.net"},
        "broker": {"host": HOST},
        "tls": {"ca": "ca.crt", "cert": "device.crt", "key": "device.key"},
        "telemetry": {"interval_s": 2},
        **more,
    }


@pytest.fixture(scope="module")
def pki():
    """(CA, server's certificate and key, device's certificate and key)."""
    ca = CA()
    return ca.pem, ca.issue(HOST), ca.issue("dev7")


class Device:
    """Board, modem, network and broker."""

    def __init__(self, image, root, pki, *, seed=1, scale=1.0, **more):
        ca, server, (crt, key) = pki
        self.broker = Broker()
        service = TLSService(self.broker, *server, ca)
        network = SimNetwork(services={(HOST.encode(), 8883): service})
        self.modem = sim7000(network, seed=seed, options=Options(scale=scale))
        files = {name: (root / name).read_bytes() for name in ("boot.py", "main.py")}
        files["uplink.json"] = json.dumps(configuration(**more)).encode()
        files.update({"ca.crt": ca, "device.crt": crt, "device.key": key})
        self.board = Board(image, self.modem, files=files, seed=seed)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.board.close()

    def telemetry(self):
        """What the broker has published of it."""
        return [bytes(p.payload) for p in self.broker.published if bytes(p.topic) == TOPIC]


def test_certificates_are_read_back_at_921600_baud_into_the_smallest_buffer(image, root, pki):
    """They come in one go, while the board's copy is read from flash."""
    uart = {"id": 0, "tx": 0, "rx": 1, "baud": 921_600, "rxbuf": 256}
    with Device(image, root, pki, uart=uart) as device:
        assert device.board.run_until(device.telemetry, 60)
        assert device.board.overruns == 0


def test_from_switched_off_to_acknowledged(image, root, pki):
    """... and through a power cut of the board, with everything on both sides still there."""
    with Device(image, root, pki) as device:
        board = device.board
        said = []
        board.listeners.append(said.append)
        assert board.run_until(lambda: len(device.telemetry()) >= 3, 90), b"".join(said)
        assert board.run_until(lambda: b"acknowledged" in b"".join(said), 10)
        first = json.loads(device.telemetry()[0])
        assert first["n"] == 1
        assert board.overruns == 0
        events = [what.split(": ")[0] for _, sign, what in device.modem.log if sign == "*"]
        assert "tls" in events

        board.cut()
        board.run_ms(3000)
        board.power()
        before = len(device.telemetry())
        assert board.run_until(lambda: len(device.telemetry()) > before, 120), b"".join(said)
        assert json.loads(device.telemetry()[-1])["n"] == 1
        assert board.boots == 2


def test_a_cut_in_the_middle_of_a_send_changes_no_message(image, root, pki):
    """The module waits for the rest of it; what the board says first is not that."""
    with Device(image, root, pki) as device:
        board, line = device.board, device.modem.line
        assert board.run_until(device.telemetry, 90)
        assert board.run_until(lambda: line.mode == "payload" and line.got, 10)
        board.cut()
        board.run_ms(200)
        board.power()
        before = len(device.telemetry())
        assert board.run_until(lambda: len(device.telemetry()) > before, 120)
        assert [json.loads(text)["n"] for text in device.telemetry()][before] == 1


def test_the_same_run_twice(image, root, pki):
    """Until packet data is up: TLS draws its random numbers from the PC."""
    logs = []
    for _ in range(2):
        with Device(image, root, pki, scale=0.1) as device:
            device.board.run_ms(6_000)
            logs.append((list(device.modem.log), device.board.state, bytes(device.board.output)))
    assert logs[0] == logs[1]
    assert b"info modem online\r\n" in logs[0][2]


def test_pwrkey_goes_low_by_the_wiring(image, root, pki):
    """High at the board's pin, through the transistor: the module starts to boot."""
    with Device(image, root, pki) as device:
        log = device.modem.log
        assert device.board.run_until(lambda: any("booting" in str(w) for _, _, w in log), 5)
        assert not device.modem.status
        assert device.board.run_until(lambda: device.modem.status, 10)
        device.board.run_ms(20)
        assert device.board.exec("from machine import Pin\nprint(Pin(5).value())") == "1\n"
