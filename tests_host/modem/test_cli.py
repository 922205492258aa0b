"""The command line: a real pty, a real port, a real TLS server."""

import contextlib
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading

import pytest

from tests_host.conftest import ROOT
from tests_host.modem.pki import CA
from tools.modem.cli import main

LIMIT_S = 20


class Line:
    """One end of a pty or socket: write, and read until what is wanted has come."""

    def __init__(self, fd):
        self.fd = fd
        self.got = b""

    def write(self, data):
        os.write(self.fd, data)

    def until(self, wanted):
        while wanted not in self.got:
            ready, _, _ = select.select([self.fd], [], [], LIMIT_S)
            assert ready, f"{wanted!r} did not come; got {self.got!r}"
            self.got += os.read(self.fd, 4096)
        found, _, self.got = self.got.partition(wanted)
        return found + wanted


@contextlib.contextmanager
def modem(*args, page="sim7000"):
    """A modem as a process; yields it and the paths it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.modem", page, "--scale", "0.02", *args],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wanted = 2 if "--pins" in args else 1
        yield process, dict(process.stdout.readline().split() for _ in range(wanted))
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 0
        process.stdout.close()


def _raw(path):
    return Line(os.open(path, os.O_RDWR | os.O_NOCTTY))


def test_power_by_the_pins_pty_and_a_dialogue():
    with modem("--pins", "--baud", "115200") as (_, paths):
        uart, pins = _raw(paths["uart:"]), _raw(paths["pins:"])
        assert pins.until(b"\n") == b"STATUS 0\n"
        pins.write(b"PWRKEY 0\n")
        assert pins.until(b"STATUS 1\n").count(b"STATUS 1\n") == 1
        pins.write(b"PWRKEY 1\n")
        uart.until(b"SMS Ready\r\n")
        uart.write(b"AT\r")
        assert uart.until(b"OK\r\n") == b"AT\r\r\nOK\r\n"
        uart.write(b"AT+CPOWD=1\r")
        uart.until(b"NORMAL POWER DOWN\r\n")
        pins.until(b"STATUS 0\n")
        os.close(uart.fd)
        os.close(pins.fd)


def _serve(listener, context):
    with contextlib.suppress(OSError):
        raw, _ = listener.accept()
        with context.wrap_socket(raw, server_side=True) as conn:
            conn.sendall(b"hello " + conn.recv(100))
            conn.recv(1)


def test_tls_to_a_real_server_over_tcp(tmp_path):
    ca = CA()
    cert, key = ca.issue("broker.example")
    (tmp_path / "cert.pem").write_bytes(cert + key)
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem")
    events = tmp_path / "events"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = threading.Thread(target=_serve, args=(listener, context), daemon=True)
        server.start()
        with modem(
            *("--tcp", "0", "--baud", "115200", "--events", str(events)),
            *("--redirect", f"broker.example:8883=127.0.0.1:{port}"),
            *("--file", f"ca.pem={tmp_path / 'ca.pem'}", "--set", "register_jitter_ms=0"),
        ) as (_, paths):
            host, number = paths["uart:"].split(":")
            with socket.create_connection((host, int(number))) as sock:
                uart = Line(sock.fileno())
                uart.write(b"ATE0\r")
                uart.until(b"OK\r\n")
                for line in ("+CLTS=1", "+CNMP=38", "+CEREG=1"):
                    uart.write(b"AT" + line.encode() + b"\r")
                    uart.until(b"OK\r\n")
                uart.write(b"AT+COPS=2\r")
                uart.until(b"OK\r\n")
                uart.write(b"AT+COPS=0\r")
                uart.until(b"*PSUTTZ: ")
                uart.write(b"AT+CNACT=1\r")
                uart.until(b"+APP PDP: ACTIVE\r\n")
                for line in (
                    'AT+CSSLCFG="convert",2,"ca.pem"',
                    'AT+CSSLCFG="sslversion",0,3',
                    'AT+CASSLCFG=0,"ssl",1',
                    'AT+CASSLCFG=0,"cacert","ca.pem"',
                ):
                    uart.write(line.encode() + b"\r")
                    uart.until(b"OK\r\n")
                uart.write(b'AT+CAOPEN=0,"broker.example",8883\r')
                assert b"+CAOPEN: 0,0\r\n" in uart.until(b"OK\r\n")
                uart.write(b"AT+CASEND=0,5\r")
                uart.until(b">")
                uart.write(b"world")
                uart.until(b"+CADATAIND: 0\r\n")
                uart.write(b"AT+CARECV=0,100\r")
                assert b"+CARECV: 11,hello world\r\n" in uart.until(b"OK\r\n")
                uart.write(b"AT+CACLOSE=0\r")
                uart.until(b"OK\r\n")
        server.join(LIMIT_S)
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert all(set(line) == {"t", "kind", "text"} for line in lines)
    kinds = {line["kind"] for line in lines}
    assert {"power", "command", "final", "urc", "socket", "tls", "radio"} <= kinds
    assert not any("world" in line["text"] for line in lines)


@pytest.mark.parametrize(
    "args",
    [
        ["--fault", "nothing"],
        ["--set", "colour=red"],
        ["--set", "sockets=many"],
        ["--redirect", "here"],
        ["--scenario", "/nowhere.json"],
        ["--file", "a=/nowhere"],
    ],
)
def test_wrong_arguments_are_explained(args, capsys):
    assert main(["sim7000", *args]) == 2
    assert "tools.modem: " in capsys.readouterr().err


def test_help_lists_faults_and_timings(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    for text in ("wedged_until_power_cycle", "off_pulse 1200", "register_ms", "@when"):
        assert text in told
