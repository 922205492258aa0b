"""Chapters 8, 9 and 10 of Telit's SSL/TLS guide as the driver does them by itself, from the
switching on (`www.example` for the guide's blanked name): what it says besides, or otherwise,
stands in the lists with its reason (`WHY` of telit_lines.py). Word for word, in the guide's order,
all of them are in test_words_telit.py.

The guide stores certificates when the context is up: `ServiceModem.certificates`.
"""

import os

import pytest

from tests_host.modem.telit.bench import Sink
from tests_host.modem.telit.servers import FTP, Web, page
from tests_host.sim.broker import Broker
from tests_host.sim.telit_lines import (
    ANEW,
    CLOCK,
    MADE,
    NETWORK,
    SIM,
    START,
    Telit,
    exactly,
    store,
    typed,
)
from tests_host.sim.test_life import Listener
from uplink import log

CONTEXT = """
    + up AT+CGDCONT?
    AT+CGDCONT=1,"IP","flolive.net"
    AT#SGACT=1,1
"""
UP = START + SIM + NETWORK + CONTEXT + CLOCK


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(log, "sink", lambda *line: found.append(line))
    return found


class Guided(Telit):
    """A module that has no certificates before its context is up."""

    def __init__(self, folder, module, server, **more):
        super().__init__(folder, module, server, sockets=1, tls={"ca": None}, **more)
        self.files = {"ca": self.pki.tls["ca"]}
        if "client" in more:
            self.files.update(cert=self.pki.tls["cert"], key=self.pki.tls["key"])
        self.world.cfg["tls"].update(cert=None, key=None)
        self.modem.files.paths = (None, None, None)
        self.ask = self.modem.ask()
        self.found = []
        self.failed = []
        self.world.loop.report = lambda task, error: self.failed.append(error)
        self.world.mqtt.disconnect()

    async def stored(self):
        """Online, with the certificates in the module."""
        await self.modem.ready.wait(600_000)
        self.modem.certificates(**self.files)
        while not self.modem.files.good or not self.modem.online:
            await self.world.loop.sleep_ms(100)

    def run(self, task, until, limit_s=200):
        self.world.loop.spawn(task)
        self.until(lambda: until() or self.failed, limit_s)
        assert not self.failed

    def sizes(self):
        return [(name, os.path.getsize(path)) for name, path in self.files.items()]


@pytest.mark.parametrize(
    ("module", "security", "besides"),
    [
        ("gl865", "AT#SSLSECCFG=1,0,1", "+ slow AT#CPUMODE=2\n+ saved AT#SSLSECCFG?"),
        (
            "he910",
            "AT#SSLSECCFG=1,0,1 ~ form AT#SSLSECCFG=1,0,1,1",
            "+ saved AT#SSLSECCFG?\n+ saved AT#SSLSECCFG2?\n+ policy AT#SSLSECCFG2=1,3",
        ),
        (
            "me910c1",
            "AT#SSLSECCFG=1,0,1",
            "+ saved AT#SSLSECCFG?\n+ saved AT#SSLSECCFG2?\n+ policy AT#SSLSECCFG2=1,2,1",
        ),
    ],
)
def test_8_1_https_by_ssld(module, security, besides, folder):
    t = Guided(folder, module, Web(page(b"<html></html>")), host="www.example")
    stream = t.modem.stream()
    stream.listener = heard = Listener()
    request = b"GET / HTTP/1.1\r\nHost: www\r\n\r\n"

    async def run():
        await t.stored()
        stream.open(b"www.example", 443, idle_s=90)
        await stream.moved.wait(60_000)
        assert stream.send(request, 0, len(request))

    t.run(run(), lambda: heard.reasons)
    assert heard.data == page(b"<html></html>") and heard.reasons == [1]
    said = typed(t)
    at = said.index('AT#SSLD=1,443,"www.example",0,0') + 1
    # (what may be the module's NO CARRIER is looked at with +++, which goes out as it stands)
    assert "".join(said[at:]).replace("\n", "") == "GET / HTTP/1.1Host: www+++"
    tail = ",0,0" if module == "me910c1" else ""
    exactly(
        said[:at],
        f"""
        {UP}
        {store(*t.sizes(), security=security)}
        {ANEW}
        + life AT#SSLEN=1,1
        + life AT#SSLH=1
        {besides}
        + saved AT#SSLCFG?
        + idle AT#SSLCFG=1,1,300,90,100,50,1{tail}
        AT#SSLD=1,443,"www.example",0,0
        """,
    )


# HTTP and FTP: what stands between the certificates and the end of AT#SSLEN.
SECURED = """
    + life AT#SSLEN=1,1
    + saved AT#SSLSECCFG?
    + saved AT#SSLSECCFG2?
    + policy AT#SSLSECCFG2=1,3
    AT#SSLEN=1,0
"""
SCFG = [b"#SCFG: %d,%d,300,90,600,50" % (i, 1 + (i > 3)) for i in range(1, 7)]


def test_8_2_http_get(folder):
    web = Web(page(b"<!doctype html>\n<html>\n</html>"))
    t = Guided(folder, "he910", web, host="server_address")
    http = t.modem.http()
    http.pause_ms = 120_000
    into = bytearray()

    async def run():
        await t.modem.ready.wait(600_000)
        t.found.extend(await t.ask(b"AT#SCFG?"))
        await t.stored()
        assert await http.get(b"server_address", b"/", store=into, most=1000, port=443)

    t.run(run(), lambda: into and not http.state)
    assert bytes(into) == b"<!doctype html>\n<html>\n</html>" and http.status == 200
    assert t.found == SCFG
    exactly(
        typed(t),
        f"""
        {START}
        + back AT#HTTPCFG?
        {SIM}
        {NETWORK}
        + up AT+CGDCONT?
        AT+CGDCONT=1,"IP","flolive.net"
        - asked AT#SCFG?
        AT#SGACT=1,1
        {CLOCK}
        + asked AT#SCFG?
        {store(*t.sizes(), security="AT#SSLSECCFG=1,0,1,1")}
        {ANEW}
        {SECURED}
        AT#FTPCFG?
        AT#HTTPCFG=0,"server_address",443,0,,,1,120,1
        AT#HTTPQRY=0,0,"/"
        AT#HTTPRCV=0
        + back AT#HTTPCFG?
        + back AT#HTTPCFG=0,"",80
        """,
    )


@pytest.mark.parametrize("online", [True, False], ids=["FTPGET", "FTPGETPKT"])
def test_9_1_ftps(online, folder):
    """The module's HTTP is as 8.2 has left it. In pieces, too, which the guide does not show."""
    t = Guided(folder, "he910", Sink())
    files = t.pki.authority.server(["server"], now=MADE)
    ftp = FTP({"file.txt": b"the file\r\nNO CARRIER?"}, tuple(one.read_bytes() for one in files))
    ftp.HOST = "server"
    ftp.network = t.world.network
    t.world.network.services[b"server", 21] = ftp
    one = t.modem.ftp()
    into = bytearray()

    async def run():
        await t.modem.ready.wait(600_000)
        t.found.extend(await t.ask(b"AT#SCFG?"))
        await t.stored()
        settings = t.world.vm.settings
        left = ("server_address", 443, 0, "", "", 1, 120, 1)
        settings.set("#HTTPCFG", {**settings["#HTTPCFG"], 0: left})
        login = (b"username", b"password")
        ftp.user = tuple(word.decode() for word in login)
        assert await one.get(
            b"server", b"file.txt", *login, store=into, most=100, online=online
        ), one.why

    t.run(run(), lambda: into and not one.state)
    assert bytes(into) == b"the file\r\nNO CARRIER?"
    assert t.found == SCFG
    pieces = """
        - binary AT#FTPGET="file.txt"
        + binary AT#FTPGETPKT="file.txt"
        + binary AT#FTPRECV=1000
        + binary AT#FTPGETPKT?
        + binary AT#FTPRECV=1000
        + binary AT#FTPGETPKT?
    """
    exactly(
        typed(t),
        f"""
        {START}
        + back AT#FTPCLOSE
        + back AT#FTPCFG?
        + back AT#FTPCFG=500,1,0
        {SIM}
        {NETWORK}
        + up AT+CGDCONT?
        AT+CGDCONT=1,"IP","flolive.net"
        - asked AT#SCFG?
        AT#SGACT=1,1
        {CLOCK}
        + asked AT#SCFG?
        {store(*t.sizes(), security="AT#SSLSECCFG=1,0,1,1")}
        {ANEW}
        {SECURED}
        + saved AT#HTTPCFG?
        AT#HTTPCFG=0,"server_address",443,0,,,0,120,1
        AT#FTPCFG=500,1,1
        AT#FTPOPEN="server:21","username","password",1
        + binary AT#FTPTYPE=0
        + binary AT#FTPFSIZE="file.txt"
        {'AT#FTPGET="file.txt"' if online else pieces}
        AT#FTPCLOSE
        + back AT#FTPCFG?
        + back AT#FTPCFG=500,1,0
        """,
    )


# In the guide's words: its examples do not check the server's name, take any version, and a CA
# that came with the module. By themselves drivers do otherwise.
AWS_30 = ("0,2", "1,300,90,100,50,0,0,1,0", "3,1")
AWS_37 = ("0,2", "1,300,90,100,50,0,0,1,0,0,0", "3,1,1,1")
OURS_30 = """
    + saved AT#SSLSECCFG?
    + saved AT#SSLCFG?
    + policy AT#SSLCFG=1,1,300,90,100,50,0,0,0
    + saved AT#SSLSECCFG2?
    + policy AT#SSLSECCFG2=1,2,1
"""
OURS_37 = OURS_30.replace("50,0,0,0", "50,0,0,0,0,600").replace("2=1,2,1", "2=1,2,1,1,0,2")
THEIRS = """
    + saved AT#SSLSECCFG?
    + saved AT#SSLCFG?
    AT#SSLCFG=1,{1}
    + saved AT#SSLSECCFG2?
    AT#SSLSECCFG2=1,{2}
"""


@pytest.mark.parametrize(
    ("module", "words", "secured"),
    [
        ("me910c1", None, OURS_30),  # 10.1.1
        ("me310g1", None, OURS_37),
        ("els63", None, OURS_37),
        ("me910c1", AWS_30, THEIRS.format(*AWS_30)),  # 10.1.2
        ("me310g1", AWS_37, THEIRS.format(*AWS_37)),  # 10.1.3
        ("els63", AWS_37, THEIRS.format(*AWS_37)),
    ],
)
def test_10_1_mqtt(module, words, secured, folder, lines):
    broker = Broker()
    t = Guided(folder, module, broker, host="mqtt_broker_address", port=8883, client=True)
    cfg = t.world.cfg["broker"]
    cfg.update(host=b"mqtt_broker_address", port=8883, tls=True, keepalive_s=60)
    cfg.update(client_id=b"client_id", clean=True, user=None, password=None)
    mqtt = t.modem.mqtt()
    mqtt.disconnect()
    if words is not None:
        mqtt.security(*words)
        # (delivered so, it would not be written: an earlier connection has checked the name)
        settings = t.world.vm.settings
        checked = (*settings["#SSLCFG"][1][:7], 0, *settings["#SSLCFG"][1][8:])
        settings.set("#SSLCFG", {**settings["#SSLCFG"], 1: checked})

    async def run():
        await t.stored()
        mqtt.connect()
        while not mqtt.connected:
            await t.world.loop.sleep_ms(100)
        mqtt.disconnect()

    t.run(run(), lambda: mqtt.connects and not mqtt.state, 100)
    assert broker.violations == []
    assert any("own words" in str(line) for line in lines) == (words is not None)
    exactly(
        typed(t),
        f"""
        {START}
        {SIM}
        {NETWORK}
        AT+CGDCONT?
        AT+CGDCONT=1,"IP","flolive.net"
        - told AT+CGDCONT?
        AT#SGACT=1,1
        {CLOCK}
        {store(*t.sizes(), security="AT#SSLSECCFG=1,0,2", marks="+ moved")}
        {ANEW}
        + life AT#MQDISC=1
        + life AT#MQEN=1,0
        + life AT#SSLEN=1,0
        AT#MQEN=1,1
        AT#MQEN?
        AT#MQCFG=1,"mqtt_broker_address",8883,1,1
        - moved AT#SSLSECCFG=1,0,2
        - moved AT#SSLSECDATA=1,1,1,<size>
        - moved AT#SSLSECDATA=1,1,0,<size>
        - moved AT#SSLSECDATA=1,1,2,<size>
        {secured}
        AT#MQCFG2=1,60,1
        AT#MQTCFG=1,30
        AT#MQCONN=1,"client_id","",""
        AT#MQCONN?
        AT#MQDISC=1
        AT#MQCONN?
        AT#MQEN=1,0
        AT#MQEN?
        """,
    )
