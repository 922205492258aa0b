"""Data mode on MicroPython: its process, the virtual modem's, a real TLS server that echoes."""

import contextlib
import json
import os
import socketserver
import ssl
import subprocess
import threading

import pytest

from tests_host.conftest import ROOT
from tests_host.services.test_real import HOST, LIMIT_S, authority, modem  # noqa: F401
from tools.setup import host

SCRIPT = ROOT / "tests_host" / "services" / "on_micropython" / "stream.py"
SIZE = 2100  # of the script's data, each time
MODEL = {"m66": b"Quectel_M66", "he910": b"HE910", "gl865": b"GL865-QUAD"}


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.server.got += data
            self.request.sendall(data)


@contextlib.contextmanager
def echo(authority):  # noqa: F811
    """A server of TLS; its port, and what it got."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1  # what modules of 2G have
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(authority.folder / "server.crt", authority.folder / "server.key")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        server.got = bytearray()
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(LIMIT_S)


@pytest.mark.parametrize("kind", MODEL)
def test_a_stream_in_data_mode(kind, authority, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("t")
    ca = folder / "ca.crt"
    ca.write_bytes(authority.ca.read_bytes())
    with echo(authority) as server, modem(kind, server.server_address[1]) as path:
        config = {
            "id": "dev7",
            "watchdog_s": 0,
            "uart": {"device": path, "baud": 115200},
            "modem": {"type": kind, "sockets": 1},
            "sim": {"apn": "internet"},
            "tls": {"ca": os.fspath(ca), "level": "legacy"},
            "broker": {"host": HOST, "port": 443},
        }
        (folder / "uplink.json").write_text(json.dumps(config))
        binary = ROOT / "build" / f"micropython-{host.widths()[-1]}"
        done = subprocess.run(
            [binary, "-X", "heapsize=1m", SCRIPT, folder / "uplink.json"],
            env={**os.environ, "MICROPYPATH": f"{ROOT / 'lib'}:.frozen"},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"DONE micropython {[MODEL[kind]]}\n"
    assert len(server.got) == 2 * SIZE
