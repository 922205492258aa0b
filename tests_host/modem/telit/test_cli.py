"""The Telit pages as a process: pins by Telit's names, and the help."""

import os

import pytest

from tests_host.modem.test_cli import _raw, modem
from tools.modem.cli import main


def test_pins_have_telits_names():
    with modem("--pins", page="he910") as (_, paths):
        uart, pins = _raw(paths["uart:"]), _raw(paths["pins:"])
        assert pins.until(b"\n") == b"STATUS 0\n"
        pins.write(b"ON_OFF 0\n")
        pins.until(b"STATUS 1\n")
        pins.write(b"ON_OFF 1\n")
        uart.write(b"AT+CGMM;#SSLEN?\r")
        told = uart.until(b"OK\r\n")
        assert told == b"AT+CGMM;#SSLEN?\r\r\nHE910\r\n#SSLEN: 1,0\r\n\r\nOK\r\n"
        pins.write(b"HW_SHUTDOWN 0\n")
        pins.until(b"STATUS 0\n")
        os.close(uart.fd)
        os.close(pins.fd)


def test_help_shows_each_product_once(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert told.count("\ntimings of gl865, ") == 1 and "\ntimings of le910r1 in ms" in told
    assert "tls_held=number:1,for_s:0.0" in told and "legacy_server=False" in told
