"""The command line with these modules: a real pty, pins, a real TLS server, HTTPS."""

import json
import os
import socket
import ssl
import threading

import pytest

from tests_host.modem.pki import CA
from tests_host.modem.quectel.bench import CIPHERS
from tests_host.modem.test_cli import LIMIT_S, Line, _raw, modem
from tools.modem.cli import main


@pytest.mark.parametrize("page", ["m10", "m66", "m85", "m95"])
def test_power_by_the_pins_pty_and_a_dialogue(page):
    with modem("--pins", "--baud", "115200", "--set", "pause_ms=0.0001", page=page) as (_, paths):
        uart, pins = _raw(paths["uart:"]), _raw(paths["pins:"])
        assert pins.until(b"\n") == b"STATUS 0\n"
        pins.write(b"PWRKEY 0\n")
        pins.until(b"STATUS 1\n")
        pins.write(b"PWRKEY 1\n")
        uart.until(b"Call Ready\r\n")
        uart.write(b"AT+CGMM\r")
        assert uart.until(b"OK\r\n").startswith(b"AT+CGMM\r\r\nQuectel_" + page.upper().encode())
        pins.write(b"EMERG_OFF 0\n")
        pins.until(b"STATUS 0\n")
        os.close(uart.fd)
        os.close(pins.fd)


def _serve(listener, context):
    """A TLS server: an echo with a greeting, and then one web page."""
    for wanted in (b"hello ", None):
        raw, _ = listener.accept()
        with context.wrap_socket(raw, server_side=True) as conn:
            data = conn.recv(1000)
            if wanted:
                conn.sendall(wanted + data)
                conn.recv(1)
            else:
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")


def test_tls_and_https_to_a_real_server_over_tcp(tmp_path):
    ca = CA(use_rsa=True)
    cert, key = ca.issue("broker.example")
    (tmp_path / "cert.pem").write_bytes(cert + key)
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(CIPHERS)
    context.load_cert_chain(tmp_path / "cert.pem")
    events = tmp_path / "events"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = threading.Thread(target=_serve, args=(listener, context), daemon=True)
        server.start()
        with modem(
            *("--tcp", "0", "--baud", "115200", "--events", str(events)),
            *("--redirect", f"broker.example:8883=127.0.0.1:{port}"),
            *("--file", f"CA0={tmp_path / 'ca.pem'}", "--set", "register_jitter_ms=0"),
            *("--set", "pause_ms=0.0001"),
            page="m95",
        ) as (_, paths):
            host, number = paths["uart:"].split(":")
            with socket.create_connection((host, int(number))) as sock:
                uart = Line(sock.fileno())

                def at(text, wanted=b"OK\r\n"):
                    uart.write(b"AT" + text.encode() + b"\r")
                    return uart.until(wanted)

                at("E0")
                at("+CTZU=1;+QNITZ=1;+CREG=1")
                at("+COPS=2")
                at("+COPS=0", b"+QNITZ: ")
                uart.until(b"\r\n")
                for text in (
                    '+QICSGP=1,"x"', "+QIREGAPP", "+QIACT", "+QIMUX=1;+QIDNSIP=1",
                    '+QSSLCFG="sslversion",0,3', '+QSSLCFG="seclevel",0,1',
                    '+QSSLCFG="cacert",0,"NVRAM:CA0"',
                ):  # fmt: skip
                    at(text)
                at('+QSSLOPEN=1,0,"broker.example",8883,0', b"+QSSLOPEN: 1,0\r\n")
                at("+QSSLSEND=1,5", b"> ")
                uart.write(b"world")
                uart.until(b'+QSSLURC: "recv",0,1\r\n')
                told = at("+QSSLRECV=0,1,100")
                assert told.endswith(b"127.0.0.1:8883,TCP,11\r\nhello world\r\nOK\r\n")
                at("+QSSLCLOSE=1", b"1, CLOSE OK\r\n")
                at('+QSSLCFG="https",1;+QSSLCFG="httpsctxi",0')
                url = b"https://broker.example:8883/x"
                at(f"+QHTTPURL={len(url)},30", b"CONNECT\r\n")
                uart.write(url)
                uart.until(b"OK\r\n")
                at("+QHTTPGET=30")
                assert at("+QHTTPREAD=30") == b"\r\nCONNECT\r\npage\r\nOK\r\n"
        server.join(LIMIT_S)
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    said = [line["text"] for line in lines if line["kind"] == "tls"]
    assert said == ["1 TLSv1.2 verified", "http TLSv1.2 verified"]
    assert not any("world" in line["text"] for line in lines)


def test_help_shows_these_modules_too(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    for text in ("timings of m10", "timings of m95", "off_pulse_max 1000", "socket_leak"):
        assert text in told
