"""Examples of Telit's SSL/TLS guide word for word: all that the guide prints, from the first
command of an example to its last, exchanged by the driver and the virtual modem in that order,
with the guide's answers. Names and addresses are the guide's (`www.example` for one that is
blanked, `8883` and `500,1` where it has a word for a number).

What a person at a terminal says goes through `ServiceModem.ask()`; connections, HTTP and FTP are
the driver's own (`socket`, `stream`, `http`, `ftp`). What the driver does by itself, in its order:
test_dialogues_telit_setup.py, test_dialogues_telit_services.py. 6.8.1 to 6.8.3 and 7.4 are word
for word there and in test_dialogues_telit.py.

Misprints that are put right: `#SSELEN`, blanks (`guide.spoken`), a full stop behind `OK`.
"""

import base64

import pytest

from tests_host.modem.telit.bench import Sink
from tests_host.modem.telit.servers import FTP, Web, page
from tests_host.sim.broker import Broker
from tests_host.sim.guide import Words
from tests_host.sim.telit_lines import HOST, MADE, WHY, Telit
from tests_host.sim.test_life import Listener, events
from tests_host.sim.test_vendors import TELIT, TELIT_2G
from tools.certs import authority
from uplink import log


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Spoken(Telit):
    """A module that is online; `words`: what is said from now on. `der`: its files are in DER;
    `service`: the name of the one that is used, which has to be asked for before.
    """

    def __init__(self, folder, module, server=None, der=False, service=None, **more):
        super().__init__(folder, module, server or Sink(), **more)
        tls = {name: self.pki.tls[name] for name in ("ca", "cert", "key") if name in self.pki.tls}
        if der:
            tls = {name: in_der(path) for name, path in tls.items()}
            self.world.cfg["tls"].update(tls)
            self.modem.files.paths = tuple(tls.get(name) for name in ("ca", "cert", "key"))
        data = {}
        for name, path in tls.items():
            with open(path, "rb") as file:
                data[name] = file.read() + (b"" if der else b"\x1a")
        self.ask = self.modem.ask()
        self.service = service and getattr(self.modem, service)()
        self.failed = []
        self.world.loop.report = lambda task, error: self.failed.append(error)
        self.start()
        self.words = Words(self.lines, self.ask, self.world.loop, self.until, data)

    def run(self, task, until):
        self.world.loop.spawn(task)
        self.until(lambda: until() or self.failed, 200)
        assert not self.failed, self.failed[0]

    def dial(self):
        """A connection over TLS: how it was verified."""
        socket = self.modem.sockets[0]
        socket.open(HOST.encode(), 443, True)
        self.until(lambda: socket.state == 2)
        return events(self.world, "tls")[-1]

    def verified(self):
        """The end of a dialogue: a connection on which the server has been verified."""
        self.words.told(DIALLED)
        assert self.dial().endswith(" verified")
        self.words.compare(DIAL, WHY)


def in_der(path):
    with open(path) as file:
        body = "".join(line for line in file.read().split("\n") if "-----" not in line)
    with open(path + ".der", "wb") as file:
        file.write(base64.b64decode(body))
    return file.name


# What the driver says before it dials, where that is not as it should be: it checks the server's
# name, sends it, sets version and idle limit, which the guide's examples leave as delivered.
DIAL = {
    "AT#SSLEN=1,1": "life",
    "AT#SSLH=1": "life",
    "AT#CPUMODE=2": "slow",
    "AT#SSLSECCFG2=1,": "policy",
    "AT#SSLCFG=1,": "idle",
}
DIALLED = 'AT#SSLD=1,443,"123.124.125.126",0,1,100 | OK'
FORMATS = ("he910", "le910", "le866", "le910c1", "le910c1eux")  # 6.2.2 to 6.2.4
WITHOUT = ("me910c1", "me310g1", "le910q1")  # 6.2.5

# 6.8.4 to 6.8.6 suppose that the socket is enabled (6.1).
ENABLE = """
    + AT#SSLEN=1,0 | OK
    + AT#SSLEN=1,1 | OK
"""


@pytest.mark.parametrize("module", [*TELIT_2G, *TELIT])
def test_6_8_4_verify_none(module, folder):
    t = Spoken(folder, module, tls={"verify": "none", "ca": None})
    t.words.ask("""
        + AT#SSLEN=1,1 | OK
        AT#SSLSECCFG=1,0,0 | OK
    """)
    t.words.told(DIALLED)
    assert t.dial().endswith("NOT verified: no CA")
    # (with the format, where it was never said and so is not told)
    t.words.compare({**DIAL, "AT#SSLSECCFG=1,0,0,1": "form"}, WHY)


CA = """
    AT#SSLSECDATA=1,1,1,<size> | >
    <ca> | OK
"""
CERT = """
    AT#SSLSECDATA=1,1,0,<size> | >
    <cert> | OK
"""
KEY = """
    AT#SSLSECDATA=1,1,2,<size> | >
    <key> | OK
"""


@pytest.mark.parametrize("module", TELIT_2G)
def test_6_8_5_1_server_authentication_2g(module, folder):
    """RC4 with MD5 is in no `tls.level` (RFC 7465): the module is ready, the driver would not."""
    t = Spoken(folder, module)
    t.words.ask(f"""
        {ENABLE}
        AT#SSLSECCFG=1,1,1 | OK
        {CA}
        + AT#SSLSECCFG? | #SSLSECCFG: 1,1,1 | OK
        + AT#SSLSECDATA? | #SSLSECDATA: 1,0,1,0 | OK
    """)
    t.words.compare({}, WHY)


@pytest.mark.parametrize("module", FORMATS)
@pytest.mark.parametrize("der", [True, False], ids=["DER", "PEM"])
def test_6_8_5_2_server_authentication_3g_4g(module, der, folder):
    t = Spoken(folder, module, der=der, sockets=1)
    t.words.ask(f"""
        {ENABLE}
        AT#SSLSECCFG=1,0,1,{int(not der)} | OK
        {CA}
    """)
    t.verified()


@pytest.mark.parametrize("module", TELIT_2G)
def test_6_8_6_1_both_authenticated_2g(module, folder, monkeypatch):
    """(1535 bytes, which platform 10 has for each, are no room for a key of 2048 bits.)"""
    if module == "gl865":
        monkeypatch.setattr(authority, "BITS", 1024)
    t = Spoken(folder, module, client=True)
    t.words.ask(f"""
        {ENABLE}
        AT#SSLSECCFG=1,0,2 | OK
        {CERT}
        {CA}
        {KEY}
    """)
    t.verified()


@pytest.mark.parametrize("module", FORMATS)
@pytest.mark.parametrize("der", [True, False], ids=["DER", "PEM"])
def test_6_8_6_2_both_authenticated_3g_4g(module, der, folder):
    t = Spoken(folder, module, der=der, client=True, sockets=1)
    t.words.ask(f"""
        {ENABLE}
        AT#SSLSECCFG=1,0,2,{int(not der)} | OK
        {CERT}
        {CA}
        {KEY}
    """)
    t.verified()


@pytest.mark.parametrize("module", WITHOUT)
def test_6_2_5_has_no_format(module, folder):
    """6.8.5.2 and 6.8.6.2 say "3G/4G", but the command of 30, 37, 52 ends before the format
    (6.2.5, and the examples of 10.1): there it is left out.
    """
    t = Spoken(folder, module, client=True, sockets=1)
    t.words.ask(f"""
        {ENABLE}
        AT#SSLSECCFG=1,0,1,1 | +CME ERROR: 4
        AT#SSLSECCFG=1,0,1 | OK
        {CA}
        AT#SSLSECCFG=1,0,2 | OK
        {CERT}
        {CA}
        {KEY}
    """)
    t.verified()


@pytest.mark.parametrize("module", [*TELIT_2G, *TELIT])
def test_8_1_https_by_ssld(module, folder):
    body = b"<html></html>"
    t = Spoken(folder, module, Web(page(body)), host="www.example", service="stream", sockets=1)
    stream = t.service
    stream.listener = heard = Listener()
    request = b"GET / HTTP/1.1\r\nHost: www\r\n\r\n"
    t.words.data["request"] = request
    t.words.ask(f"""
        + AT#SSLEN=1,0 | OK
        AT#SSLEN=1,1 | OK
        AT#SSLSECCFG=1,0,1 | OK
        {CA}
    """)
    t.words.told("""
        AT#SSLD=1,443,"www.example",0,0 | CONNECT
        <request> | HTTP/1.1 200 OK | ... | <html></html> | NO CARRIER
    """)

    async def run():
        stream.open(b"www.example", 443, idle_s=90)
        await stream.moved.wait(60_000)
        assert stream.send(request, 0, len(request))

    t.run(run(), lambda: heard.reasons)
    assert heard.data == page(body) and heard.reasons == [1]
    assert events(t.world, "tls")[-1].endswith(" verified")
    t.words.compare({**DIAL, "+++": "carrier"}, WHY)


SCFG = " | ".join(f"#SCFG: {i},{1 + (i > 3)},300,90,600,50" for i in range(1, 7))
# 8.2 and 9.1 begin with a module that has no context: the driver's is given up, and its socket.
BEGIN = """
    + AT#SSLEN=1,0 | OK
    + AT#SGACT=1,0 | OK
    + AT+CGDCONT=1 | OK
"""
SECURED = f"""
    AT+CGDCONT=1,"IP", "Access_Point_Name" | OK
    AT#SCFG? | {SCFG} | OK
    AT#SGACT=1,1 | #SGACT: 10.7.125.7 | OK
    AT#SSLEN=1,1 | OK
    AT#SSLSECCFG=1,0,1,1 | OK
    {CA}
"""
CONTEXT = {"sim": {"apn": "Access_Point_Name"}, "sockets": 1}


def test_8_2_http_get(folder):
    body = b"<!doctype html>\r\n<html>\r\n</html>"
    t = Spoken(
        folder, "he910", Web(page(body)), host="server_address", service="http",
        address="10.7.125.6", **CONTEXT,
    )  # fmt: skip
    http = t.service
    http.pause_ms = 120_000
    into = bytearray()
    t.words.ask(BEGIN + SECURED)
    t.words.told("""
        AT#SSLEN=1,0 | OK
        AT#FTPCFG? | #FTPCFG: 100,0,0 | OK
        AT#HTTPCFG=0,"server_address",443,0,,,1,120,1 | OK
        AT#HTTPQRY=0,0,"/" | OK | #HTTPRING: 0,200,"text/html",...
        AT#HTTPRCV=0 | <<<<!doctype html> | <html> | </html> | OK
    """)

    async def run():
        assert await http.get(b"server_address", b"/", store=into, most=1000, port=443), http.why

    t.run(run(), lambda: into and not http.state)
    assert bytes(into) == body and http.status == 200
    t.words.compare({**DIAL, 'AT#HTTPCFG=0,"",80': "back"}, WHY)


def test_9_1_ftps(folder):
    """The module's HTTP is as 8.2 has left it."""
    t = Spoken(folder, "he910", service="ftp", address="10.7.125.6", **CONTEXT)
    text = b"the file\r\nNO CARRIER?"
    files = t.pki.authority.server(["server"], now=MADE)
    ftp = FTP({"file.txt": text}, tuple(one.read_bytes() for one in files))
    ftp.HOST = "server"
    ftp.network = t.world.network
    ftp.user = ("username", "password")
    t.world.network.services[b"server", 21] = ftp
    settings = t.world.vm.settings
    left = ("server_address", 443, 0, "", "", 1, 120, 1)
    settings.set("#HTTPCFG", {**settings["#HTTPCFG"], 0: left})
    one = t.service
    into = bytearray()
    t.words.ask(BEGIN + SECURED)
    t.words.told("""
        AT#SSLEN=1,0 | OK
        AT#HTTPCFG=0,"server_address",443,0,,,0,120,1 | OK
        AT#FTPCFG=500,1,1 | OK
        AT#FTPOPEN="server:21","username","password",1 | OK
        AT#FTPGET="file.txt" | CONNECT | the file | NO CARRIER? | NO CARRIER
        AT#FTPCLOSE | OK
    """)

    async def run():
        login = (b"username", b"password")
        assert await one.get(b"server", b"file.txt", *login, store=into, most=100, online=True), (
            one.why
        )

    t.run(run(), lambda: into and not one.state)
    assert bytes(into) == text
    besides = {"AT#FTPTYPE=0": "binary", "AT#FTPFSIZE=": "binary", "AT#FTPCFG=500,1,0": "back"}
    t.words.compare({**DIAL, **besides}, WHY)


# 10.1: 10.1.1, and how the two others differ.
MQTT_BEGIN = """
    + AT#SSLEN=1,0 | OK
    + AT#SGACT=1,0 | OK
    + AT+CGDCONT=1 | OK
    AT+CMEE=2 | OK
    AT+CGDCONT? | OK
    AT+CGDCONT=1,"IP", "Access_Point_Name" | OK
    AT+CGDCONT? | +CGDCONT: 1,"IP","Access_Point_Name","0.0.0.0",0,0 | OK
    AT#SGACT=1,1 | #SGACT: 37.176.124.199 | OK
    AT#MQEN=1,1 | OK
"""
MQTT_STORE = f"""
    AT#MQCFG=1,"mqtt_broker_address",8883,1,1 | OK
    AT#SSLSECCFG=1,0,2 | OK
    {CA}
    {CERT}
    {KEY}
"""
MQTT_CONNECT = """
    AT#MQCFG2=1,60,1 | OK
    AT#MQTCFG=1,30 | OK
    AT#MQCONN=1,"client_id","", "" | OK
    AT#MQCONN? | #MQCONN: 1,1 | OK
"""
MQTT_10_1_1 = f"""
    {MQTT_BEGIN}
    AT#MQEN? | #MQEN: 1,1 | #MQEN: 2,0 | OK
    {MQTT_STORE}
    {MQTT_CONNECT}
    AT#MQDISC=1 | OK
    AT#MQCONN? | #MQCONN: 1,0 | OK
    AT#MQEN =1,0 | OK
    AT#MQEN? | #MQEN: 1,0 | #MQEN: 2,0 | OK
"""
MQTT_10_1_2 = f"""
    {MQTT_BEGIN}
    {MQTT_STORE}
    AT#SSLCFG=1,1,300,90,100,50,0,0,1,0 | OK
    AT#SSLSECCFG2=1,3,1 | OK
    {MQTT_CONNECT}
"""
MQTT_10_1_3 = f"""
    {MQTT_BEGIN}
    {MQTT_STORE}
    AT#SSLCFG=1,1,300,90,100,50,0,0,1,0,0,0 | OK
    AT#SSLSECCFG2=1,3,1,1,1 | OK
    {MQTT_CONNECT}
"""


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("me910c1", MQTT_10_1_1),
        ("me310g1", MQTT_10_1_1),
        ("els63", MQTT_10_1_1),
        ("me910c1", MQTT_10_1_2),
        ("me310g1", MQTT_10_1_3),
        ("els63", MQTT_10_1_3),
    ],
    ids=["10_1_1-30", "10_1_1-37", "10_1_1-52", "10_1_2-30", "10_1_3-37", "10_1_3-52"],
)
def test_10_1_mqtt(module, text, folder):
    """10.1.1 says nothing of versions: the broker takes those that modules have as delivered."""
    broker = Broker()
    t = Spoken(
        folder, module, broker, host="mqtt_broker_address", port=8883, client=True,
        version="1.0-1.2", address="37.176.124.198", **CONTEXT,
    )  # fmt: skip
    t.words.ask(text)
    t.words.compare({}, WHY)
    assert broker.violations == [] and len(broker.history[b"client_id"]) == 1
    assert events(t.world, "tls")[-1].endswith(" verified")
