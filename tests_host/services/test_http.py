"""HTTP by the module's own commands, or by ours where it has none: in simulated time, over TLS."""

import pytest

from tests_host.modem.telit import servers
from tests_host.modem.telit.servers import page
from tests_host.sim.test_life import events, said
from tests_host.sim.test_vendors import NOW, PKI, recovery
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from uplink import log
from uplink.errors import LinkDown, TimeoutError_
from uplink.http import HTTP, HTTPError
from uplink.services import ServiceModem, modem as service_modem
from uplink.services.http import ModuleHTTP

WHOLE, RUNNING, TOO_LARGE, HELD, UNABLE, REDIRECT = -1, -2, 16, 17, 19, 20
BODY = b"<html>\r\nOK\r\n<<<> \x00\xff\r\n\r\nOK\r\n" * 60
OWN = ("m66", "m95", "gl865", "he910", "le910c1", "me310g1", "sim7000")
OURS = "sim7000-ours"  # by our client, in an image without the module's texts
EACH = (*OWN, OURS)
UNSAID = 21


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(log, "sink", lambda level, room, text, *more: found.append(text))
    return found


class Web(servers.Web):
    """One that ends the connection where it was asked to, or where that ends its answer."""

    def received(self, conn, data, now_us):
        asked = b"Connection: close" in self._got[conn] + data
        ends = isinstance(self.answer, bytes) and b"Content-Length" not in self.answer
        self.closes = self.closing and (asked or ends)
        super().received(conn, data, now_us)

    closing = True


def texts(vendor, service):
    return None


class Bench:
    """A device whose MQTT is plain, and a web server behind TLS and without."""

    def __init__(self, folder, module, web, port=443, **more):
        self.web = web
        self.pki = PKI(folder, client=False)
        services = {
            (b"broker", 443): self.pki.service(web),
            (b"broker", 80): web,
        }
        kind = module.split("-")[0]
        cfg = configuration(modem={"type": kind, "sockets": 2}, tls=self.pki.tls)
        self.world = World(
            cfg,
            services=services,
            options=Options(unix_s=NOW.timestamp()),
            kind=ServiceModem,
            **more,
        )
        with pytest.MonkeyPatch.context() as patch:
            if module == OURS:
                patch.setattr(service_modem, "texts", texts)
            self.http = self.world.modem.http()
        self.into = bytearray()
        assert self.world.run(100, lambda: self.world.mqtt.connected), self.world.modem.state

    def get(self, path=b"/x?y=1", limit_s=120, tls=True, **more):
        self.http.get(b"broker", path, store=self.into, port=443 if tls else 80, tls=tls, **more)
        return self.end(limit_s)

    def post(self, body, limit_s=120, tls=True, **more):
        port = 443 if tls else 80
        self.http.post(b"broker", b"/p", body, store=self.into, port=port, tls=tls, **more)
        return self.end(limit_s)

    def end(self, limit_s):
        assert self.world.run(limit_s, lambda: self.http.why != RUNNING), vars(self.http)
        return self.http.why

    def alive(self):
        """MQTT was not disturbed, and goes on."""
        self.world.publish(1)
        count = len(self.world.arrived())
        assert self.world.run(30, lambda: len(self.world.arrived()) > count)
        assert self.world.mqtt.connects == 1 and not recovery(self.world)


def knows_status(module):
    return module != "m95"


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("module", EACH)
def test_get(module, tls, folder):
    b = Bench(folder, module, Web(page(BODY)))
    assert isinstance(b.http, ModuleHTTP if module in OWN else HTTP)
    for _ in range(3):
        assert b.get(tls=tls, most=5000) == WHOLE and bytes(b.into) == BODY
        assert b.http.status == (200 if knows_status(module) else 0)
    assert [request[0] for request in b.web.requests] == [b"GET /x?y=1 HTTP/1.1"] * 3
    if module in OWN:
        verified = [text for text in events(b.world, "tls") if "verified" in text]
        assert len(verified) == (3 if tls else 0)
    b.alive()


@pytest.mark.parametrize("module", EACH)
def test_post(module, folder):
    b = Bench(folder, module, Web(page(b"done", status=b"201 Created")))
    body = b"\r\nOK\r\n\x1a>>> ERROR\r\n\x00\xff" * 20
    if module == "sim7000":
        assert b.post(body) == UNABLE and not b.web.requests  # it would end at Ctrl-Z
        body = body.replace(b"\x1a", b"\x11")
    for _ in range(2):
        assert b.post(body) == WHOLE and bytes(b.into) == b"done"
        assert b.http.status == (201 if knows_status(module) else 0)
        assert b.web.requests[-1][2] == body
    b.alive()


@pytest.mark.parametrize("module", EACH)
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.0 404 No\r\n\r\nno",
        b"HTTP/1.1 404 No\r\nContent-Type: a/b\r\n\r\nno\r\n\r\nOK\r\n",
        b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_ways_in_which_an_answer_ends(module, answer, folder):
    b = Bench(folder, module, Web(answer))
    if module in ("sim7000", OURS) and b"Length" not in answer:
        # the end comes before the bytes: told, never taken for all of them
        assert b.get() == 1 and isinstance(b.http.error(), LinkDown) and not b.into
        return
    assert b.get() == WHOLE
    assert bytes(b.into) == answer.partition(b"\r\n\r\n")[2]
    assert b.http.status == (404 if knows_status(module) else 0)
    b.alive()


@pytest.mark.parametrize("module", EACH)
def test_a_body_that_is_too_long(module, folder):
    b = Bench(folder, module, Web(page(BODY)))
    assert b.get(most=100) == TOO_LARGE and isinstance(b.http.error(), HTTPError)
    assert len(b.into) <= 100
    assert b.get(most=5000) == WHOLE and bytes(b.into) == BODY
    b.alive()


@pytest.mark.parametrize("module", EACH)
def test_a_server_that_does_not_answer(module, folder):
    b = Bench(folder, module, Web(None))
    b.http.pause_ms = 30_000
    assert b.get() == 3 and isinstance(b.http.error(), TimeoutError_)
    b.web.answer = page(BODY)
    b.world.run(60)
    assert b.get(most=5000) == WHOLE and bytes(b.into) == BODY


@pytest.mark.parametrize("module", EACH)
def test_cancelled(module, folder):
    b = Bench(folder, module, Web(None))
    b.http.get(b"broker", b"/")
    b.world.run(10)
    b.http.cancel()
    assert b.http.why == 0
    b.web.answer = page(BODY)
    assert b.get(limit_s=400, most=5000) == WHOLE and bytes(b.into) == BODY
    b.alive()


@pytest.mark.parametrize("module", EACH)
def test_a_server_of_another_ca_is_refused(module, folder, tmp_path_factory):
    b = Bench(folder, module, Web(page(BODY)))
    other = PKI(tmp_path_factory.mktemp("other"), client=False)
    b.world.network.services[(b"broker", 443)] = other.service(b.web)
    assert b.get() == UNSAID if module == "sim7000" else b.get() in (6, 7)
    assert not b.web.requests
    assert b.http.status == 0 and not b.into


@pytest.mark.parametrize("module", OWN)
def test_what_cannot_be_reached(module, folder):
    b = Bench(folder, module, Web(page(BODY)))
    b.http.get(b"nowhere", b"/", tls=False, port=80)
    assert b.end(120) in (4, 5) and isinstance(b.http.error(), LinkDown)
    assert b.get(most=5000) == WHOLE
    b.alive()


@pytest.mark.parametrize("module", OWN)
def test_what_the_module_cannot_do_is_refused(module, folder):
    b = Bench(folder, module, Web(page(b"")))
    assert b.get(b"/" + b"x" * 700) == UNABLE and isinstance(b.http.error(), HTTPError)
    assert b.post(b"") == UNABLE
    assert b.post(b"x" * 200_000) == UNABLE
    assert not b.web.requests
    b.alive()


@pytest.mark.parametrize("module", ("gl865", "he910", "le910c1"))
def test_tls_has_one_user_at_a_time(module, folder, lines):
    b = Bench(folder, module, Web(page(BODY)))
    b.web.closing = False
    socket = b.world.modem.socket()
    socket.open(b"broker", 443, True)
    assert b.world.run(30, lambda: socket.state == 2)
    assert b.get() == HELD
    assert "another user holds it" in str(b.http.error())
    assert b.world.modem.holder_name(b.http) == "socket 1"
    b.web.closing = True
    assert b.get(tls=False, most=5000) == WHOLE, "without TLS they are side by side"
    socket.close()
    assert b.world.run(30, lambda: not socket.state)
    assert b.get(most=5000) == WHOLE and bytes(b.into) == BODY
    # and the other way round
    b.web.answer = None
    b.http.pause_ms = 30_000
    b.http.get(b"broker", b"/")
    b.world.run(5)
    reasons = []

    class Listener:
        def closed(self, reason, now):
            reasons.append(reason)

        def opened(self, now):
            raise AssertionError

    socket.listener = Listener()
    socket.open(b"broker", 443, True)
    assert b.world.run(10, lambda: reasons) and reasons == [HELD]
    assert any("TLS is held, end that first: http" in text for text in lines)
    b.end(120)
    socket.listener = None
    socket.open(b"broker", 443, True)
    assert b.world.run(60, lambda: socket.state == 2)
    b.alive()


def test_the_modules_http_is_there_once(folder):
    b = Bench(folder, "sim7000", Web(page(b"")))
    with pytest.raises(ValueError, match="taken"):
        b.world.modem.http()


@pytest.mark.parametrize("module", ("le910c1", "me310g1"))
def test_what_an_earlier_life_left_is_put_away(module, folder):
    """The board was reset in a request: #HTTPCFG is saved, and holds TLS from the start."""
    b = Bench(folder, module, Web(None))
    b.http.get(b"broker", b"/")
    b.world.run(10)
    assert b.world.vm.page_state.holder[1] == "http"
    b.world.vm.fault("reboot")
    assert b.end(300) == 2
    assert b.world.run(200, lambda: b.world.mqtt.connected and not b.http.state)
    assert b.world.vm.page_state.holder[1] != "http"
    b.web.answer = page(BODY)
    assert b.get(most=5000) == WHOLE


@pytest.mark.parametrize("module", ("he910", "me310g1"))
def test_tls_that_ftp_holds_since_an_earlier_life_is_taken_from_it(module, folder):
    """#FTPCFG is saved, too; nobody has asked for FTP in this life."""
    b = Bench(folder, module, Web(page(BODY)))
    settings, holder = b.world.vm.settings, b.world.vm.page_state.holder
    settings.set("#FTPCFG", (*settings["#FTPCFG"][:2], 1))
    holder[1] = "ftp"
    assert b.get(most=5000) == WHOLE and bytes(b.into) == BODY
    assert settings["#FTPCFG"][2] == 0 and holder[1] is None
    b.alive()


@pytest.mark.parametrize("module", EACH)
def test_the_link_is_lost_in_a_request(module, folder):
    b = Bench(folder, module, Web(None))
    b.http.get(b"broker", b"/")
    b.world.run(8)
    b.world.vm.fault("reboot")
    assert b.end(300) in (1, 2, 3), b.http.why
    connects = b.world.mqtt.connects
    assert b.world.run(300, lambda: b.world.mqtt.connects > connects or b.world.mqtt.connected)
    b.web.answer = page(BODY)
    b.world.run(100)
    assert b.get(limit_s=400, most=5000) == WHOLE and bytes(b.into) == BODY


def _room(folder, module):
    found = folder / module[-4:]  # (a short name: `folder`)
    found.mkdir()
    return found


def test_a_redirect(folder):
    answer = b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
    for module in EACH:
        b = Bench(_room(folder, module), module, Web(answer))
        code = b.get()
        if module in ("m66", "m95"):
            assert code == REDIRECT
        else:
            assert code == WHOLE and b.http.status == 302
            assert bytes(b.http.location) == (b"/y" if module == OURS else b"")
        assert len(b.web.requests) == 1


def test_settings_of_flash_are_written_twice_a_request(folder):
    b = Bench(folder, "me310g1", Web(page(BODY)))
    b.get(most=5000)
    written = b.world.vm.settings.flash_writes
    for _ in range(3):
        b.get(most=5000)
    assert b.world.vm.settings.flash_writes - written <= 6
    commands = [line for line in said(b.world) if line.startswith(b"AT#SSLSECCFG=1,")]
    assert len(commands) <= 1
