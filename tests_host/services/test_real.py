"""Real HTTPS servers (Python's, over its ssl) behind the virtual modem, which is a program of its
own: by our client over the module's TLS socket, and by the modules' own HTTP.
"""

import contextlib
import http.server
import os
import signal
import ssl
import subprocess
import sys
import threading
from time import monotonic, time

import pytest

from tests_host.conftest import ROOT
from tools.certs.authority import Authority
from uplink import log
from uplink.app import config
from uplink.http import HTTP
from uplink.loop import Loop
from uplink.services import ServiceModem, modem as service_modem
from uplink.services.http import ModuleHTTP

pytestmark = pytest.mark.usefixtures("brisk")
LIMIT_S = 120
HOST = "web.example"
MODULES = ("sim7000", "sim7000-ours", "m66", "m95", "he910", "le910c1", "me310g1")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.command, self.path, self.request.version()))
        body = b"0123456789abcdef" * (1 if self.path == "/small" else 300)
        self.send_response(200 if self.path != "/none" else 404)
        if self.path == "/chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(body), 1000):
                piece = body[i : i + 1000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/half":
            body = body[:1000]
            self.close_connection = True
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.command, self.path, body))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    found = Authority.create(tmp_path_factory.mktemp("ca"))
    found.server([HOST, "localhost"])
    return found


@contextlib.contextmanager
def web(authority):
    """A real server; its port, and what it saw."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.seen = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:@SECLEVEL=0")  # what modules of 2G and 3G have, too
    folder = authority.folder
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(LIMIT_S)
        server.server_close()


@contextlib.contextmanager
def modem(kind, port, names=(HOST,), more=None, scale=0.05):
    """`python -m tools.modem`, for which the server has these names; port 443 is `port` here, and
    each of `more` (a dict) another of HOST's ports. The path of its UART.
    """
    argv = [sys.executable, "-m", "tools.modem", kind, "--scale", f"{scale}", "--on"]
    argv += ["--baud", "115200", "--set", f"rtc_unix_s={time():.0f}"]
    argv += ["--set", "pause_ms=1", "--set", "latency_ms=1"]
    for name in names:
        argv += ["--redirect", f"{name}:443=127.0.0.1:{port}"]
    for asked, found in (more or {}).items():
        argv += ["--redirect", f"{HOST}:{asked}=127.0.0.1:{found}"]
    program = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        name, path = program.stdout.readline().split()
        assert name == "uart:"
        yield path
    finally:
        program.send_signal(signal.SIGINT)
        program.wait(LIMIT_S)
        program.stdout.close()


def device(path, kind, ca, **sections):
    """The firmware's modem on that UART."""
    raw = {
        "id": "dev7",
        "watchdog_s": 0,
        "uart": {"device": path, "baud": 115200},
        "modem": {"type": kind, "sockets": 1},
        "sim": {"apn": "internet"},
        "tls": {"ca": ca},
        "broker": {"host": HOST, "port": 443},
        **sections,
    }
    loop = Loop()
    loop.report = lambda task, error: failures.append((task.name, error))
    failures = []
    return loop, ServiceModem(loop, config.check(raw))


def run(loop, task):
    """The loop, until the task has ended; what it gave."""
    end = monotonic() + LIMIT_S
    while not task.done:
        assert monotonic() < end
        ms = loop.step()
        if ms:
            loop.idle(min(ms, 200))
    if task.error is not None:
        raise task.error
    return task.value


@pytest.mark.parametrize("kind", MODULES)
def test_get_and_post(kind, authority, tmp_path_factory, monkeypatch):
    kind, _, ours = kind.partition("-")
    if ours:  # by our client over a socket: an image without the module's texts
        monkeypatch.setattr(service_modem, "texts", lambda vendor, service: None)
    said = []
    monkeypatch.setattr(log, "sink", lambda level, room, *text: said.append(text))
    folder = tmp_path_factory.mktemp("t")
    ca = folder / "ca.crt"
    ca.write_bytes(authority.ca.read_bytes())
    with web(authority) as server, modem(kind, server.server_port) as path:
        loop, link = device(path, kind, os.fspath(ca))
        http = link.http()
        assert isinstance(http, HTTP if ours else ModuleHTTP)
        host = HOST.encode()
        big = b"0123456789abcdef" * 300

        async def talk():
            assert await link.ready.wait(60_000), (link.state, said[-20:])
            into = bytearray()
            assert await http.get(host, b"/small", store=into), (http.error(), said[-20:])
            assert bytes(into) == big[:16]
            assert await http.get(host, b"/large", store=into, most=5000), http.error()
            assert bytes(into) == big and http.count == len(big)
            assert http.status == (0 if kind == "m95" else 200)
            if ours or kind in ("m66", "m95"):
                # (the others hand chunks over as they come: README of services)
                assert await http.get(host, b"/chunks", store=into, most=5000), http.error()
                assert bytes(into) == big
            body = b"\r\nOK\r\n>\x1a\x00\xff" * 30
            if kind == "sim7000" and not ours:
                body = body.replace(b"\x1a", b"\x19")  # (it would end there)
            assert await http.post(host, b"/p", body, store=into), http.error()
            assert bytes(into) == body[::-1] and http.status in (0, 201)
            return body

        body = run(loop, loop.spawn(talk()))
    assert [one[:2] for one in server.seen][:2] == [("GET", "/small"), ("GET", "/large")]
    assert {one[2] for one in server.seen if one[0] == "GET"} == {"TLSv1.2"}
    assert server.seen[-1] == ("POST", "/p", body)


@pytest.mark.parametrize("kind", ("sim7000", "m66", "le910c1"))
def test_a_server_of_another_ca(kind, authority, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)
    other = Authority.create(tmp_path_factory.mktemp("o"))
    ca = tmp_path_factory.mktemp("t") / "ca.crt"
    ca.write_bytes(other.ca.read_bytes())
    with web(authority) as server, modem(kind, server.server_port) as path:
        loop, link = device(path, kind, os.fspath(ca))
        http = link.http()

        async def talk():
            assert await link.ready.wait(60_000), link.state
            return await http.get(HOST.encode(), b"/")

        assert run(loop, loop.spawn(talk())) is False
        assert http.why in ((21,) if kind == "sim7000" else (6, 7)), http.why
    assert not server.seen


def test_what_a_real_server_does_to_the_sim7000(authority, tmp_path_factory, monkeypatch):
    """404, an answer cut short, a certificate of another name, and whole ones between them."""
    monkeypatch.setattr(log, "sink", lambda *line: None)
    ca = tmp_path_factory.mktemp("t") / "ca.crt"
    ca.write_bytes(authority.ca.read_bytes())
    host, other = HOST.encode(), b"other.example"
    big = b"0123456789abcdef" * 300
    names = (HOST, other.decode())
    with web(authority) as server, modem("sim7000", server.server_port, names) as path:
        loop, link = device(path, "sim7000", os.fspath(ca))
        http = link.http()

        async def talk():
            assert await link.ready.wait(60_000), link.state
            into = bytearray()
            assert await http.get(host, b"/none", store=into, most=5000), http.error()
            assert http.status == 404 and bytes(into) == big
            assert not await http.get(host, b"/half", store=into, most=5000)
            assert http.why == 1 and not into
            assert not await http.get(other, b"/small", store=into)
            assert http.why == 21 and "host" in str(http.error())
            assert not await http.get(host, b"/large", store=into, most=100)
            assert http.why == 16
            assert await http.get(host, b"/large", store=into, most=5000), http.error()
            assert http.status == 200 and bytes(into) == big

        run(loop, loop.spawn(talk()))
    assert [one[1] for one in server.seen] == ["/none", "/half", "/large", "/large"]
