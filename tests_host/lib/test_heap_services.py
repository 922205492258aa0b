"""The modules' own services with the heap locked after start, beside MQTT over a socket: HTTP over
TLS and without, FTP over TLS, MQTT over TLS.
"""

import test_heap
from fake_module import drive
from fake_services import BODY, QuectelBare, QuectelServices, TelitServices
from test_heap import Device, quiet

from uplink import exact, log
from uplink.services import modem as services

RUNNING = -2
WHOLE = -1


class Done:
    """The request has ended."""

    def __init__(self, unit):
        self.unit = unit

    def met(self):
        return self.unit.why != RUNNING and not self.unit.state


class Quiet:
    """All is out and read, and it is connected."""

    def __init__(self, mqtt):
        self.mqtt = mqtt
        self.received = 0
        self.connects = 1

    def met(self):
        mqtt = self.mqtt
        if not mqtt.connected or mqtt.waiting or mqtt.connects < self.connects:
            return False
        return mqtt.received >= self.received and mqtt.granted.find(b"\0") < 0


def with_device(kind, test):
    """`test(device)` with a device whose module has services, online."""
    keep = log.sink
    log.sink = quiet
    plain = test_heap.Modem
    test_heap.Modem = services.ServiceModem
    try:
        device = Device(kind)
        test(device)
    finally:
        while device.heap.unlock():
            pass
        test_heap.Modem = plain
        log.sink = keep


def online(device):
    assert device.wait(0), device.modem.state


def ask_http(device, http, done, into, tls):
    port = 443 if tls else 80
    for counted in (True, False):
        device.board.counted = counted
        http.get(b"broker", b"/x", store=into, most=2000, port=port, tls=tls)
        if not drive(device.board, device.loop, done, 60_000):
            return 1
        status = 0 if device.board.TYPE == b"m95" else 200
        if http.why != WHOLE or http.status != status or len(into) != len(BODY):
            return 2
        if into != BODY:
            return 3
    return 0


def http_takes_no_heap(kind, tls):
    def test(device):
        http = device.modem.http()
        done = Done(http)
        into = exact.buffer(2000)
        online(device)
        failed = ask_http(device, http, done, into, tls)
        assert failed == 0, (failed, http.why, http.status, len(into))
        device.heap.lock()
        for _ in range(20):
            failed = failed or ask_http(device, http, done, into, tls)
        while device.heap.unlock():
            pass
        assert failed == 0, (failed, http.why, http.status, http.count)
        assert device.board.asked == 42

    with_device(kind, test)


def test_http_of_a_telit_takes_no_heap():
    http_takes_no_heap(TelitServices, False)


def test_http_of_a_telit_over_tls_takes_no_heap():
    http_takes_no_heap(TelitServices, True)


def test_http_of_an_m66_takes_no_heap():
    http_takes_no_heap(QuectelServices, False)


def test_http_of_an_m66_over_tls_takes_no_heap():
    http_takes_no_heap(QuectelServices, True)


def test_http_of_an_m95_over_tls_takes_no_heap():
    http_takes_no_heap(QuectelBare, True)


def test_ftp_of_a_telit_over_tls_takes_no_heap():
    ftp_takes_no_heap(False)


def test_ftp_of_a_telit_in_data_mode_takes_no_heap():
    ftp_takes_no_heap(True)


def ftp_takes_no_heap(in_data_mode):
    def test(device):
        ftp = device.modem.ftp()
        done = Done(ftp)
        into = exact.buffer(2000)
        online(device)
        failed = 0
        for number in range(21):
            ftp.get(b"broker", b"file", b"user", b"secret", into, most=2000, online=in_data_mode)
            if not drive(device.board, device.loop, done, 60_000):
                failed = failed or 1
            if ftp.why != WHOLE or into != BODY:
                failed = failed or 2
            if number == 0:
                assert failed == 0, (failed, ftp.why, len(into))
                device.heap.lock()
        while device.heap.unlock():
            pass
        assert failed == 0, (failed, ftp.why, ftp.count)
        assert device.board.opened == 21

    with_device(TelitServices, test)


def mq_traffic(device, mqtt, quiet, n):
    """Messages at each QoS, as many to us, and the connection lost."""
    board = device.board
    payload = b'{"temperature":21.5}'
    for qos in range(3):
        for _ in range(n):
            if mqtt.publish(b"devices/7/telemetry", payload, qos) is None:
                return 1
            if not drive(board, device.loop, quiet, 60_000):
                return 2
    for _ in range(n):
        quiet.received += 1
        board.mq_message(payload)
        if not drive(board, device.loop, quiet, 60_000):
            return 3
    for _ in range(3):
        quiet.connects += 1
        board.mq_lost()
        mqtt.publish(b"devices/7/telemetry", payload, 1)
        if not drive(board, device.loop, quiet, 200_000):
            return 4
    return 0


def test_mqtt_of_a_telit_over_tls_takes_no_heap():
    def test(device):
        mqtt = device.modem.mqtt()
        mqtt.tls = True
        mqtt.subscribe(b"devices/+/cmd", lambda topic, payload: None, 1)
        done = Quiet(mqtt)
        online(device)
        assert drive(device.board, device.loop, done, 60_000), mqtt.last_error
        failed = mq_traffic(device, mqtt, done, 5)
        assert failed == 0, (failed, mqtt.last_error)
        before = device.board.mq_published
        device.heap.lock()
        failed = mq_traffic(device, mqtt, done, 200)
        while device.heap.unlock():
            pass
        assert failed == 0, (failed, mqtt.last_error)
        assert device.board.mq_published - before == 603 and mqtt.received == 205
        assert mqtt.failed_handlers == 0

    with_device(TelitServices, test)
