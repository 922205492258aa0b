"""How data comes with AT+QIMUX=0, and with AT+QINDI=0 and 2."""

from tests_host.modem.bench import Echo, S
from tests_host.modem.quectel.bench import ERROR, OK, QuectelBench

SEND_OK = b"\r\nSEND OK\r\n"


def _single(service=None):
    b = QuectelBench({(b"host", 7): service or Echo()}).online()
    assert b.at("AT+QIMUX=0") == OK
    assert b.at('AT+QIOPEN="TCP","host",7', S) == OK + b"\r\nCONNECT OK\r\n"
    return b


def test_a_single_socket():
    echo = Echo()
    b = _single(echo)
    assert b.at('AT+QIOPEN="TCP","host",7', S) == b"\r\nALREADY CONNECT\r\n"
    assert b.send("AT+QISEND=2", b"hi") == SEND_OK + b"\r\n+QIRDI: 0,1,0\r\n"
    assert b.at("AT+QIRD=0,1,0,1500") == b"\r\n+QIRD: 203.0.113.193:7,TCP,4\r\n<hi>" + OK
    assert b.at("AT+QISEND") == b"\r\n> "
    assert b.type(b"x\x1a").startswith(SEND_OK)
    assert b.at("AT+QISACK") == b"\r\n+QISACK: 3,2,1\r\n" + OK
    assert b.at("AT+QISTAT") == OK + b"\r\nSTATE: IP PROCESSING\r\n"
    assert b.at("AT+QICLOSE", S) == b"\r\nCLOSE OK\r\n"
    assert b.at('AT+QIOPEN="TCP","host",8', S) == OK + b"\r\nCONNECT FAIL\r\n"
    b.at('AT+QIOPEN="TCP","host",7', S)
    echo.conns[-1].close()
    assert b.run(S) == b"\r\nCLOSED\r\n"


def test_data_that_comes_unasked():
    b = _single()
    b.at("AT+QINDI=0")
    assert b.send("AT+QISEND=2", b"hi") == SEND_OK + b"<hi>"
    b.at("AT+QIHEAD=1")
    assert b.send("AT+QISEND=2", b"hi") == SEND_OK + b"IPD4:<hi>"
    assert b.at("AT+QIRD=0,1,0,100") == ERROR
    b.at("AT+QICLOSE", S)
    b.at("AT+QIMUX=1")
    b.at('AT+QIOPEN=3,"TCP","host",7', 2 * S)
    assert b.send("AT+QISEND=3,2", b"hi") == SEND_OK + b"\r\n+RECEIVE: 3, 4\r\n<hi>"


def test_announcement_with_sizes():
    b = QuectelBench({(b"host", 7): Echo()}).online()
    b.at("AT+QINDI=2")
    b.at('AT+QIOPEN=1,"TCP","host",7', 2 * S)
    assert b.send("AT+QISEND=1,2", b"hi") == SEND_OK + b"\r\n+QIRDI: 0,1,1,1,4,4\r\n"
