"""`python -m tools.modem sim7000` for any driver of anyone's: here, a few lines over its pty.

This is the whole of it: the modem is a program, its UART is a file, and an echo server on this
machine stands for the internet.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import tty
from time import monotonic

import pytest

from tests_host.conftest import ROOT

LIMIT_S = 60


class Driver:
    """The least that can be called a driver: write a command, read up to what is awaited."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)
        self.heard = b""

    def until(self, wanted, limit_s=LIMIT_S):
        """Read until `wanted` has come; everything up to its end."""
        end = monotonic() + limit_s
        while wanted not in self.heard:
            left = end - monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], (wanted, self.heard)
            self.heard += os.read(self.fd, 4096)
        at = self.heard.index(wanted) + len(wanted)
        found, self.heard = self.heard[:at], self.heard[at:]
        return found

    def count(self, n):
        """Read exactly `n` bytes, whatever they are."""
        while len(self.heard) < n:
            assert select.select([self.fd], [], [], LIMIT_S)[0], self.heard
            self.heard += os.read(self.fd, 4096)
        found, self.heard = self.heard[:n], self.heard[n:]
        return found

    def command(self, text, final=b"OK\r\n"):
        """One command line; its answer, with the final result code."""
        os.write(self.fd, text.encode() + b"\r")
        return self.until(final)

    def awake(self):
        """`AT` until it is answered: the first ones may only serve to find the baud rate."""
        for _ in range(LIMIT_S):
            os.write(self.fd, b"AT\r")
            while select.select([self.fd], [], [], 0.5)[0]:
                self.heard += os.read(self.fd, 4096)
                if b"OK\r\n" in self.heard:
                    self.until(b"OK\r\n")
                    return
        raise AssertionError("the modem does not answer AT")

    def ask(self, text, wanted):
        """The same command until its answer holds `wanted`; a new one when a URC has come."""
        for _ in range(LIMIT_S):
            if wanted in self.command(text):
                return
            select.select([self.fd], [], [], 1)  # a URC tells sooner that something changed
        raise AssertionError(f"{text} never answered {wanted}")


@pytest.fixture
def echo():
    """A TCP server that sends back what one client says; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT_S)

        def serve():
            with contextlib.suppress(OSError):  # the test has ended before a client came
                client, _ = server.accept()
                with client:
                    while data := client.recv(4096):
                        client.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(LIMIT_S)
        assert not thread.is_alive()


@pytest.fixture
def uart(echo):
    """Path of the pty of a modem that finds `echo.example`:7 on this machine."""
    argv = [sys.executable, "-m", "tools.modem", "sim7000", "--scale", "0.05"]
    argv += ["--redirect", f"echo.example:7=127.0.0.1:{echo}"]
    modem = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        name, path = modem.stdout.readline().split()
        assert name == "uart:"
        yield path
    finally:
        modem.send_signal(signal.SIGINT)
        status = modem.wait(LIMIT_S)
        modem.stdout.close()
    assert status == 0


@pytest.mark.parametrize("payload", [b"hello", b"\r\nOK\r\n>ERROR\r\n\x1a\x00\xff"])
def test_any_driver_can_talk_over_it(uart, payload):
    at = Driver(uart)
    try:
        at.awake()
        at.command("ATE0")
        at.ask("AT+CPIN?", b"+CPIN: READY")
        at.ask("AT+CEREG?", b"+CEREG: 0,5")  # registered, roaming
        at.command("AT+CNACT=1", b"+APP PDP: ACTIVE\r\n")  # packet data: a URC, later than OK
        assert b'+CNACT: 1,"' in at.command("AT+CNACT?")

        at.command("AT+CACID=0")
        assert b"+CAOPEN: 0,0\r\n" in at.command('AT+CAOPEN=0,"echo.example",7')

        at.command(f"AT+CASEND=0,{len(payload)}", b">")
        os.write(at.fd, payload)  # counted: no Ctrl-Z, and anything may be in it
        at.until(b"OK\r\n")

        at.until(b"+CADATAIND: 0\r\n")
        os.write(at.fd, b"AT+CARECV=0,512\r")
        at.until(b"+CARECV: ")
        size = int(at.until(b",")[:-1])
        assert size == len(payload)
        assert at.count(size) == payload
        at.until(b"OK\r\n")

        at.command("AT+CACLOSE=0")
        assert b"NORMAL POWER DOWN" in at.command("AT+CPOWD=1", b"NORMAL POWER DOWN\r\n")
    finally:
        os.close(at.fd)
