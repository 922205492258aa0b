"""Chapter 6.8 of Telit's SSL/TLS guide: driver and virtual modem exchange those commands, in that
order. What the driver says besides is in EXTRA, by name; questions that
only a person at a terminal has (`AT+CGMM`, `AT#SSLEN?` …) go through `ServiceModem.ask()`.

Misprints that are put right: `#SSELEN`, `AT#MQEN =1,0`, the full stops behind `OK` and an error.
"""

import base64

import pytest

from tests_host.modem.telit.bench import Sink
from tests_host.sim.telit_lines import HOST, Telit
from tools.modem.second import SecondPort
from uplink import log
from uplink.errors import ATError

@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Asking(Telit):
    """A module that is asked questions."""

    def __init__(self, folder, module, **more):
        super().__init__(folder, module, Sink(), **more)
        self.ask = self.modem.ask()
        self.start()
        self.found = []

    def question(self, command):
        """The lines of the answer, or the number of the error."""

        async def run():
            try:
                self.found.append(await self.ask(command.encode()))
            except ATError as error:
                self.found.append(error.code)

        count = len(self.found)
        self.world.loop.spawn(run())
        self.until(lambda: len(self.found) > count)
        last = self.found[-1]
        return last if isinstance(last, int) else b"\n".join(last).decode()

    def exchange(self, text):
        """A line each: `1` our port or `2` the other, a command, and its answer behind ` | `. What
        went over our line is compared whole.
        """
        other = SecondPort(self.world.vm)
        for line in filter(None, map(str.strip, text.splitlines())):
            port, command = line[:1], line[2:]
            command, *wanted = command.split(" | ")
            if port == "2":
                assert other.at(command) == wanted, line
            else:
                self.lines.clear()
                self.question(command)
                self.lines.play(f"> {command}\n< {' | '.join(wanted)}")


USED = "+CME ERROR: Resource used by another instance"


def table(*on):
    return " | ".join(f"#SSLEN: {i},{int(i in on)}" for i in range(1, 7)) + " | OK"


def test_6_8_1_one_secure_socket(folder):
    """`2`: the guide's instance 2, on COM4."""
    t = Asking(folder, "he910", tls={"ca": None})
    t.exchange(f"""
        1 AT+CGMM | HE910 | OK
        1 AT#PORTCFG? | #PORTCFG: 0,0 | OK
        1 AT#SSLCFG=? | #SSLCFG: (1),(1),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0),(0) | OK
        1 AT+CMEE=2 | OK
        1 AT#SSLEN? | #SSLEN: 1,0 | OK
        1 AT#SSLEN=1,1 | OK
        1 AT#SSLEN? | #SSLEN: 1,1 | OK
        2 AT+CMEE? | +CMEE: 0 | OK
        2 AT+CMEE=2 | OK
        2 AT#SSLEN? | #SSLEN: 1,1 | OK
        2 AT#SSLEN=1,0 | {USED}
        1 AT#SSLEN=1,0 | OK
        1 AT#SSLEN? | #SSLEN: 1,0 | OK
        2 AT#SSLEN? | #SSLEN: 1,0 | OK
        2 AT#SSLEN=1,1 | OK
        1 AT#SSLEN? | #SSLEN: 1,1 | OK
        1 AT#SSLEN=1,0 | {USED}
    """)


def test_6_8_2_several_secure_sockets(folder):
    """`2`: the guide's instance 2, on COM25."""
    t = Asking(folder, "le866", tls={"ca": None})
    t.exchange(f"""
        1 AT+CGMM | LE866-SV1 | OK
        1 AT#PORTCFG? | #PORTCFG: 1,1 | OK
        1 AT#SSLCFG=? | #SSLCFG: (1-6),(1-5),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0),(0) | OK
        1 AT+CMEE=2 | OK
        1 AT#SSLEN? | {table()}
        1 AT#SSLEN=1,1 | OK
        1 AT#SSLEN? | {table(1)}
        2 AT+CMEE? | +CMEE: 0 | OK
        2 AT+CMEE=2 | OK
        2 AT#SSLEN? | {table(1)}
        2 AT#SSLEN=1,0 | {USED}
        2 AT#SSLEN=2,1 | OK
        1 AT#SSLEN=1,0 | OK
        1 AT#SSLEN? | {table(2)}
        1 AT#SSLEN=2,0 | {USED}
        1 AT#SSLEN=3,1 | OK
        1 AT#SSLEN=4,1 | OK
        1 AT#SSLEN? | {table(2, 3, 4)}
        2 AT#SSLEN? | {table(2, 3, 4)}
        2 AT#SSLEN=1,1 | OK
        1 AT#SSLEN? | {table(1, 2, 3, 4)}
        2 AT#SSLEN=4,0 | {USED}
    """)


def test_6_8_3_other_commands_want_it_activated(folder):
    t = Asking(folder, "he910", tls={"ca": None})
    t.exchange("""
        1 AT+CGMM | HE910 | OK
        1 AT+CMEE=2 | OK
        1 AT#SSLEN=? | #SSLEN: (1),(0,1) | OK
        1 AT#SSLEN? | #SSLEN: 1,0 | OK
        1 AT#SSLSECCFG2? | +CME ERROR: SSL not activated
        1 AT#SSLSECCFG? | +CME ERROR: SSL not activated
        1 AT#SSLCFG? | +CME ERROR: SSL not activated
        1 AT#SSLEN=1,1 | OK
        1 AT#SSLSECCFG2? | #SSLSECCFG2: 1,1,0,0,0,0 | OK
        1 AT#SSLSECCFG? | #SSLSECCFG: 1,0,0 | OK
        1 AT#SSLCFG? | #SSLCFG: 1,1,300,90,100,50,0,0,0,0 | OK
    """)


# A setting is asked for before it is written; a datum is deleted before it is written anew.
EXTRA = ("AT#SSLSECCFG?", "AT#SSLSECDATA?", "AT#SSLSECDATA=1,0,", "AT#SSLH=1")


class Fresh(Telit):
    """A module with nothing stored; what it is told from the switching on."""

    def __init__(self, folder, module, server=None, **more):
        tls = {**more.pop("tls", {})}
        super().__init__(folder, module, server or Sink(), tls=tls, sockets=1, **more)
        self.world.mqtt.disconnect()

    def files(self):
        """Command lines and payload from the first look at the certificates to their end."""
        self.until(lambda: self.modem.state == "sim", 100)
        found = self.lines.commands()
        return found[found.index("AT#SSLEN=1,1") :]


def sizes(t):
    tls = t.world.cfg["tls"]
    return [
        len(open(tls[name], "rb").read()) if tls[name] else 0 for name in ("ca", "cert", "key")
    ]


def typed(t, name):
    """A PEM file goes out with line feeds alone, and Ctrl-Z behind its last byte (6.5)."""
    data = open(t.world.cfg["tls"][name], "rb").read()
    assert b"\r" not in data
    return data.decode() + "\x1a"


@pytest.mark.parametrize("module", ["ge910", "he910", "le910", "me310g1"])
def test_6_8_5_server_authentication_pem(module, folder):
    """Client authentication needs `AT#SSLSECCFG=…,2`, the server's alone `…,1`; 6.8.4 has 0. (On
    2G the guide takes suite 1, RC4 with MD5, which is in no level of `tls.level`: 0 is all.)
    """
    t = Fresh(folder, module)
    found = t.files()
    form = ",1" if t.world.vm.page.PLATFORM.formats else ""
    suite = found[[one.startswith("AT#SSLSECCFG=") for one in found].index(True)].split(",")[1]
    ca = sizes(t)[0]
    wanted = [
        f"AT#SSLSECCFG=1,{suite},1{form}", f"AT#SSLSECDATA=1,1,1,{ca}", typed(t, "ca"),
    ]  # fmt: skip
    joined = rejoin(found, t)
    in_order(wanted, joined, ("AT#SSLEN=1,1", *EXTRA))


def rejoin(found, t):
    """`commands()` cuts at CR; what was typed has none: it stands before the next command."""
    result = []
    for one in found:
        at = one.find("\x1a") + 1
        result += [one[:at], one[at:]] if at else [one]
    return [one for one in result if one]


@pytest.mark.parametrize("module", ["he910", "le910", "me310g1", "le910q1"])
def test_6_8_6_server_and_client_authentication_pem(module, folder):
    """The guide stores certificate, CA, key; the driver that of 10.1: CA first."""
    t = Fresh(folder, module, client=True)
    found = rejoin(t.files(), t)
    form = ",1" if t.world.vm.page.PLATFORM.formats else ""
    ca, cert, key = sizes(t)
    suite = next(one for one in found if one.startswith("AT#SSLSECCFG=")).split(",")[1]
    wanted = [f"AT#SSLSECCFG=1,{suite},2{form}"]
    for kind, size, name in ((1, ca, "ca"), (0, cert, "cert"), (2, key, "key")):
        wanted += [f"AT#SSLSECDATA=1,1,{kind},{size}", typed(t, name)]
    in_order(wanted, found, ("AT#SSLEN=1,1", *EXTRA))


@pytest.mark.parametrize("module", ["gl865", "he910", "le910c1", "me310g1"])
def test_6_8_4_verify_none(module, folder):
    t = Telit(folder, module, Sink(), tls={"verify": "none", "ca": None})
    settings = t.world.vm.settings["#SSLSECCFG"]
    settings[1] = ("0", 1, *settings[1][2:])  # somebody wanted verification
    t.start()
    socket = t.modem.sockets[0]
    socket.open(HOST.encode(), 443, True)
    t.until(lambda: socket.state == 2)
    said = t.lines.commands()
    form = ",1" if t.world.vm.page.PLATFORM.formats else ""
    assert any(one.startswith("AT#SSLSECCFG=1,") and one.endswith(",0" + form) for one in said)
    assert not any("SSLSECDATA=1,1" in one for one in said)


SECOND = ("AT#SSLSECCFG2",)


@pytest.mark.parametrize("module", ["he910", "le866", "le910c1"])
@pytest.mark.parametrize("client", [False, True])
def test_6_8_5_and_6_8_6_der(module, client, folder):
    """DER is counted: no Ctrl-Z behind it, and control characters in it are data."""
    t = Fresh(folder, module, client=client)
    tls = t.world.cfg["tls"]
    kept = []
    for name in ("ca", "cert", "key")[: 3 if client else 1]:
        text = open(tls[name]).read()
        body = "".join(line for line in text.split("\n") if "-----" not in line)
        kept.append(base64.b64decode(body))
        path = folder / (name + ".der")
        path.write_bytes(kept[-1])
        tls[name] = str(path)
    t.modem.files.paths = (tls["ca"], tls["cert"], tls["key"])
    t.until(lambda: t.modem.state == "sim", 100)
    said = b"".join(data for way, data in t.lines.said if way == ">")
    mode = 2 if client else 1
    at = said.index(b"AT#SSLSECCFG=1,0,%d,0\r" % mode)
    for kind, data in zip((1, 0, 2), kept, strict=False):
        # (a `>` of the module stands between the command and the data)
        at = said.index(b"AT#SSLSECDATA=1,1,%d,%d\r" % (kind, len(data)) + data + b"AT", at)
    t.until(lambda: t.modem.online, 120)
    socket = t.modem.sockets[0]
    socket.open(HOST.encode(), 443, True)
    t.until(lambda: socket.state == 2)
