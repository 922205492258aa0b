"""HTTP by the SIM7000's own commands: what is said, faults of the module, TLS beside sockets."""

import pytest

from tests_host.modem.telit.servers import page
from tests_host.services.test_http import (
    BODY,
    HELD,
    RUNNING,
    UNABLE,
    UNSAID,
    WHOLE,
    Bench,
    Web,
)
from tests_host.sim import test_life
from tests_host.sim.test_life import events
from tests_host.sim.test_vendors import NOW, PKI
from uplink import log
from uplink.errors import CLOSED_UNOPENED, LinkDown, TimeoutError_
from uplink.http import HTTPError

PEER, TIMEOUT, REFUSED, DAMAGED, PROTOCOL = 1, 3, 4, 8, 9
BIG = bytes(range(256)) * 40  # 10,240 bytes


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(log, "sink", lambda level, room, text, *more: found.append(text))
    return found


def _web(folder, body=BODY, **more):
    b = Bench(folder, "sim7000", Web(page(body)))
    for name, value in more.items():
        setattr(b.world.vm.options, name, value)
    return b


def said(world):
    """The command lines, without their ends."""
    return [line.rstrip(b"\r") for line in test_life.said(world)]


def _sh(b):
    """What was said of HTTP, in order."""
    return [line for line in said(b.world) if line.startswith((b"AT+SH", b'AT+CSSLCFG="sni"'))]


def test_what_is_said(folder):
    b = _web(folder, b"0123456789" * 150)
    assert b.get(b"/x", most=2000, header=b"X-Key:  7") == WHOLE
    assert _sh(b) == [
        b"AT+SHDISC", b"AT+SHSTATE?",  # an earlier life's, before the modem is online
        b"AT+SHDISC",
        b'AT+CSSLCFG="sni",5,"broker"',
        b"AT+SHSSL?", b'AT+SHSSL=5,"uplink-ca.crt",""',
        b"AT+SHCONF?", b'AT+SHCONF="URL","https://broker"',
        b"AT+SHCONF?", b'AT+SHCONF="BODYLEN",1024',
        b"AT+SHCONF?", b'AT+SHCONF="HEADERLEN",350',
        b"AT+SHCONF?",
        b"AT+SHCONN", b"AT+SHCHEAD", b'AT+SHAHEAD="X-Key","7"', b'AT+SHREQ="/x",1',
        b"AT+SHREAD=0,1024", b"AT+SHREAD=1024,476",
        b"AT+SHDISC", b"AT+SHSTATE?",
    ]  # fmt: skip
    assert b.web.requests[0][1] == (
        b"GET /x HTTP/1.1\r\nHost: broker\r\nX-Key: 7\r\nContent-Length: 0"
    )
    # what saves itself is not written again
    written = b.world.vm.settings.flash_writes
    before = len(_sh(b))
    for _ in range(3):
        assert b.get(b"/x", most=2000) == WHOLE
    assert b.world.vm.settings.flash_writes == written
    assert not any(b"SHSSL=" in line or b"SHCONF=" in line for line in _sh(b)[before:])
    b.alive()


def test_a_post_says_its_kind(folder):
    b = _web(folder)
    assert b.post(b"\r\nOK\r\n", mime=b"text/x", most=3000) == WHOLE and bytes(b.into) == BODY
    assert b"\r\nContent-Type: text/x\r\n" in b.web.requests[0][1]
    assert b"AT+SHBODEXT=6,10000" in said(b.world)
    # the next one is a GET: nothing of that is left
    assert b.get(most=3000) == WHOLE
    assert b"Content-Type" not in b.web.requests[1][1] and b.web.requests[1][2] == b""


def test_a_firmware_without_shbodext(folder):
    b = _web(folder, shbodext=False)
    assert b.post(b"x" * 1024, most=3000) == WHOLE
    assert b.web.requests[0][2] == b"x" * 1024 and b"AT+SHBOD=1024,10000" in said(b.world)


@pytest.mark.parametrize("form", ["first", "last"])
def test_a_large_body_comes_in_pieces(form, folder):
    b = _web(folder, BIG, shread_ok=form)
    for _ in range(2):
        assert b.get(most=20_000) == WHOLE and bytes(b.into) == BIG
    reads = [line for line in said(b.world) if line.startswith(b"AT+SHREAD=")]
    assert reads == [b"AT+SHREAD=%d,1024" % at for at in range(0, 10_240, 1024)] * 2
    b.alive()


@pytest.mark.parametrize("form", ["first", "last"])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_any_split_and_urcs_anywhere(size, form, folder):
    b = Bench(folder, "sim7000", Web(page(BODY)), max_read=size, seed=size)
    b.world.vm.options.shread_ok = form
    b.world.vm.fault("urc_anywhere", rate=0.5)
    for _ in range(3):
        assert b.get(most=3000) == WHOLE and bytes(b.into) == BODY
        assert b.post(b"\r\nOK\r\n>", most=3000) == WHOLE and bytes(b.into) == BODY


def test_sockets_go_on_between_the_pieces(folder):
    """MQTT's own bytes do not get among the body's, nor the body's among MQTT's."""
    b = _web(folder, BIG * 10)
    b.http.get(b"broker", b"/", store=b.into, most=200_000, port=443)
    while b.http.why == RUNNING:
        b.world.publish(1)
        b.world.run(0.2)
    assert b.http.why == WHOLE and bytes(b.into) == BIG * 10
    b.world.run(20)
    assert b.world.mqtt.connects == 1 and b.world.arrived()
    assert len(b.world.arrived()) == len(set(b.world.arrived()))


def test_1529B08_is_asked_for_less(folder):
    b = Bench(folder, "sim7000", Web(page(BODY)))
    b.world.modem.read_max = 512  # as its firmware's name sets it
    assert b.get(most=3000) == WHOLE
    reads = [line for line in said(b.world) if line.startswith(b"AT+SHREAD=")]
    assert len(reads) == 4 and reads[0] == b"AT+SHREAD=0,512"


def test_urls_and_headers_that_the_module_cannot_take(folder):
    b = _web(folder)
    assert b.get(b"/" + b"x" * 176) == UNABLE
    assert b.get(header=b"X: " + b"x" * 350) == UNABLE
    b.http.get(b"h" * 51, b"/", port=12345)
    assert b.end(10) == UNABLE and isinstance(b.http.error(), HTTPError)
    b.http.get(b"h" * 50, b"/", port=12345)  # 64 bytes in all: it can be asked for
    assert b.end(60) == UNSAID
    asked = said(b.world).count(b"AT+SHCONN")
    for content in (b"x" * 1025, b"a\x1bb", b"a\x1ab", bytearray(b"\x1a"), memoryview(b"\x1a")):
        assert b.post(content) == UNABLE
    assert said(b.world).count(b"AT+SHCONN") == asked, "known before anything is said"
    assert b.get(b"/" + b"x" * 175, most=3000) == WHOLE
    assert b.post(memoryview(b"ab"), most=3000) == WHOLE and b.web.requests[-1][2] == b"ab"
    assert len(b.web.requests) == 2
    b.alive()


def test_another_port_is_said(folder):
    b = _web(folder)
    b.world.network.services[(b"broker", 8080)] = b.web
    b.http.get(b"broker", b"/", store=b.into, most=3000, port=8080, tls=False)
    assert b.end(60) == WHOLE and b'AT+SHCONF="URL","http://broker:8080"' in said(b.world)


# TLS


def test_an_empty_ca_is_never_said_where_servers_are_verified(folder):
    """An earlier program has left one that trusts everybody."""
    b = _web(folder)
    b.world.vm.settings.values["SHSSL"] = (5, "", "")
    assert b.get(most=3000) == WHOLE
    assert b.world.vm.settings["SHSSL"] == (5, "uplink-ca.crt", "")
    assert events(b.world, "tls")[-1] == "tls: http TLSv1.2 verified"


def test_without_a_good_ca_nothing_is_opened(folder):
    b = _web(folder)
    b.world.modem.files.good = False
    b.http.get(b"broker", b"/")
    assert b.end(60) == CLOSED_UNOPENED and not b.web.requests
    assert not any(line.startswith(b"AT+SHCONN") for line in said(b.world))


def test_unverified_only_where_the_configuration_says_so(folder, lines, tmp_path_factory):
    b = _web(folder)
    other = PKI(tmp_path_factory.mktemp("other"), client=False)
    b.world.network.services[(b"broker", 443)] = other.service(b.web)
    assert b.get(most=3000) == UNSAID and not b.web.requests
    b.world.cfg["tls"]["verify"] = "none"
    assert b.get(most=3000) == WHOLE
    assert b.world.vm.settings["SHSSL"] == (5, "", "") and "TLS WITHOUT verification" in lines
    b.world.cfg["tls"]["verify"] = "full"
    assert b.get(most=3000) == UNSAID and len(b.web.requests) == 1


def test_a_certificate_of_another_host(folder):
    b = _web(folder)
    b.world.network.services[(b"elsewhere", 443)] = b.pki.service(b.web)
    b.http.get(b"elsewhere", b"/", store=b.into)
    assert b.end(60) == UNSAID and not b.web.requests
    assert "tls.ca" in str(b.http.error()) and isinstance(b.http.error(), HTTPError)
    assert b.get(most=3000) == WHOLE


def test_a_certificate_that_is_over_by_the_modules_clock(folder):
    b = _web(folder)
    b.world.vm.radio.set_clock(NOW.timestamp() + 40 * 365 * 86400, 0)
    assert b.get() == UNSAID and not b.web.requests


def test_tls_connections_are_two_in_all(folder):
    b = _web(folder)
    b.web.closing = False
    first, second = b.world.modem.sockets[1], b.world.modem.sockets[0]
    first.open(b"broker", 443, True)
    assert b.world.run(30, lambda: first.state == 2)
    assert b.get(most=3000) == WHOLE, "one of them is a socket's"
    # MQTT's place is taken for TLS, too
    b.world.mqtt.disconnect()
    assert b.world.run(30, lambda: not second.state)
    second.open(b"broker", 443, True)
    assert b.world.run(60, lambda: second.state == 2)
    assert b.get() == HELD and "another user holds it" in str(b.http.error())
    assert b.get(tls=False, most=3000) == WHOLE
    first.close()
    assert b.world.run(30, lambda: not first.state)
    assert b.get(most=3000) == WHOLE


# what goes wrong


@pytest.mark.parametrize("body", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
def test_closed_before_the_answer_was_whole(body, folder):
    b = _web(folder)
    b.web.answer = lambda line: body
    b.web.received = _closing(b.web)
    assert b.get() == PEER and isinstance(b.http.error(), LinkDown) and not b.into
    del b.web.received
    b.web.answer = page(BODY)
    assert b.get(most=3000) == WHOLE
    b.alive()


def _closing(web):
    def received(conn, data, now_us):
        if web.answer(b""):
            conn.send(web.answer(b""))
        conn.close()

    return received


@pytest.mark.parametrize(("unread", "code"), [("lost", PEER), ("kept", WHOLE)])
def test_closed_behind_the_answer(unread, code, folder):
    b = _web(folder, shread_unread=unread)
    b.web.received = _closing(b.web)
    b.web.answer = lambda line: page(BODY)
    assert b.get(most=3000) == code
    assert bytes(b.into) == (BODY if code == WHOLE else b"")


def test_closed_between_two_pieces(folder):
    b = _web(folder, BIG)
    b.http.get(b"broker", b"/", store=b.into, most=20_000, port=443)
    assert b.world.run(60, lambda: b.http.count >= 2048)
    b.world.vm.sockets.get("http")._gone()
    assert b.end(60) == PEER and bytes(b.into) == BIG[: len(b.into)]
    assert 2048 <= len(b.into) < len(BIG)
    b.alive()


@pytest.mark.parametrize("name", ["SHCONN", "SHREQ", "SHREAD"])
def test_a_command_that_is_not_answered(name, folder):
    b = _web(folder)
    b.world.vm.fault("no_answer", command=name)
    assert b.get(most=3000, limit_s=200) == TIMEOUT
    assert isinstance(b.http.error(), TimeoutError_)
    b.world.run(60)
    assert b.get(most=3000) == WHOLE and bytes(b.into) == BODY


@pytest.mark.parametrize(
    ("name", "code"),
    [("SHCONN", UNSAID), ("SHREQ", PEER), ("SHREAD", PEER), ("SHCHEAD", UNABLE)],
)
def test_a_command_that_is_refused(name, code, folder):
    b = _web(folder)
    b.world.vm.fault("error", command=name)
    assert b.get(most=3000) == code
    assert b.get(most=3000) == WHOLE and bytes(b.into) == BODY
    b.alive()


@pytest.mark.parametrize("name", ["SHSSL", "SHBODEXT"])
def test_what_is_refused_on_the_way(name, folder):
    b = _web(folder)
    if name == "SHSSL":  # it is asked for, then written
        b.world.vm.fault("error", command=name, count=2)
    else:  # is it there? It is, and then it is not
        b.world.vm.faults.plan("error", {"command": name}, after_command=name)
    assert b.post(b"x", most=3000) == UNABLE and not b.web.requests
    assert b.post(b"x", most=3000) == WHOLE


@pytest.mark.parametrize("where", ["SHCONN", "SHREQ", "SHREAD", "SHDISC"])
def test_it_restarts_in_the_middle(where, folder):
    b = _web(folder)
    b.world.vm.fault("reboot_in_command", command=where)
    b.http.get(b"broker", b"/", store=b.into, most=3000)
    assert b.end(300) in (1, 2, 3, WHOLE)
    assert b.world.run(300, lambda: b.world.mqtt.connected and not b.http.state)
    assert b.get(most=3000) == WHOLE and bytes(b.into) == BODY


@pytest.mark.parametrize("seed", range(6))
def test_bytes_lost_on_the_wire(seed, folder):
    """What is told to be whole is; and it goes on afterwards."""
    b = Bench(folder, "sim7000", Web(page(BIG)), seed=seed)
    whole = 0
    for _ in range(4):
        b.world.vm.fault("lose", rate=0.0002)
        if b.get(most=20_000, limit_s=600) == WHOLE:
            whole += 1
            assert bytes(b.into) == BIG
        b.world.vm.fault("none")
        b.world.run(120)
    assert b.get(most=20_000, limit_s=600) == WHOLE and bytes(b.into) == BIG, whole


def test_late_answers_of_a_request_given_up(folder):
    """It was cancelled while the server thought; its answer is not the next one's."""
    b = _web(folder)
    b.web.answer = None
    b.http.get(b"broker", b"/old", store=b.into)
    assert b.world.run(60, lambda: b.web.requests)
    b.http.cancel()
    conn = next(iter(b.web._got))
    b.web.answer = page(b"new")
    b.http.get(b"broker", b"/new", store=b.into, port=443)
    b.world.run(1)
    conn.send(page(b"old answer"))
    assert b.end(200) == WHOLE and bytes(b.into) == b"new"
    assert [request[0] for request in b.web.requests] == [
        b"GET /old HTTP/1.1",
        b"GET /new HTTP/1.1",
    ]


def test_given_up_in_the_middle_of_a_piece(folder):
    b = Bench(folder, "sim7000", Web(page(BIG)), max_read=100)
    b.http.get(b"broker", b"/", store=b.into, most=20_000, port=443)
    assert b.world.run(60, lambda: b.world.modem.reading is b.http and b.http.count)
    b.http.cancel()
    assert b.http.why == 0
    assert b.get(most=20_000) == WHOLE and bytes(b.into) == BIG
    b.alive()
