"""Chapter 6.8 of Telit's SSL/TLS guide. 6.8.1 to 6.8.3, where only a person at a terminal speaks,
word for word through `ServiceModem.ask()`; 6.8.4 to 6.8.6 as the driver does it by itself: what it
says besides, or otherwise, stands in the lists with its reason (`WHY` of telit_lines.py), and word
for word they are in test_words_telit.py.

Misprints that are put right: `#SSELEN`, the full stops behind `OK` and an error.
"""

import base64
import os

import pytest

from tests_host.modem.telit.bench import Sink
from tests_host.sim import guide
from tests_host.sim.telit_lines import HOST, START, WHY, Telit, exactly, store, typed
from tools.modem.second import SecondPort
from uplink import log
from uplink.errors import ATError


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Asking(Telit):
    """A module that is asked questions."""

    def __init__(self, folder, module, server=None, **more):
        super().__init__(folder, module, server or Sink(), **more)
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


RANGES = "#SSLCFG: (1-6),(1-5),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0),(0)"
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
        1 AT#SSLCFG=? | {RANGES} | OK
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
        2 AT#SSLEN? | {table(1, 2, 3, 4)}
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


class Fresh(Telit):
    """A module with nothing stored; what it is told from the switching on to the SIM."""

    def __init__(self, folder, module, client=False):
        super().__init__(folder, module, Sink(), client=client, sockets=1)
        self.world.mqtt.disconnect()

    def sizes(self):
        tls = self.world.cfg["tls"]
        return [(name, os.path.getsize(tls[name])) for name in ("ca", "cert", "key") if tls[name]]

    def stored(self):
        self.until(lambda: self.modem.state == "sim", 100)


@pytest.mark.parametrize("module", ["gl865", "he910", "le910c1", "me310g1", "le910q1"])
def test_6_8_4_verify_none(module, folder):
    t = Telit(folder, module, Sink(), tls={"verify": "none", "ca": None}, sockets=1)
    settings = t.world.vm.settings["#SSLSECCFG"]
    settings[1] = ("0", 1, *settings[1][2:])  # somebody wanted verification
    t.start()
    socket = t.modem.sockets[0]
    socket.open(HOST.encode(), 443, True)
    t.until(lambda: socket.state == 2)
    guides = "AT#SSLSECCFG=1,0,0"
    if t.world.vm.page.PLATFORM.formats:
        guides += " ~ form AT#SSLSECCFG=1,0,0,1"
    second, tail = {
        "gl865": (None, ""),
        "he910": ("3", ""),
        "le910c1": ("3", ",0,0"),
        "me310g1": ("2,1,1,0,2", ",0,0,0,600"),
        "le910q1": ("2,1,1,0,2", ",0,0,0,600"),
    }[module]
    exactly(
        typed(t),
        f"""
        + life AT#SSLEN=1,1
        + life AT#SSLH=1
        {"" if second else "+ slow AT#CPUMODE=2"}
        + saved AT#SSLSECCFG?
        {guides}
        {f"+ saved AT#SSLSECCFG2?{chr(10)}+ policy AT#SSLSECCFG2=1,{second}" if second else ""}
        + saved AT#SSLCFG?
        + idle AT#SSLCFG=1,1,300,90,100,50,1{tail}
        + ready AT#SSLD=1,443,"{HOST}",0,1,100
        + ready AT#SSLS=1
        """,
    )


PEM = {
    "ge910": "AT#SSLSECCFG=1,0,{}",
    "he910": "AT#SSLSECCFG=1,0,{},1",
    "le910": "AT#SSLSECCFG=1,0,{},1",
    "me310g1": "AT#SSLSECCFG=1,0,{},1 ~ form AT#SSLSECCFG=1,0,{}",
    "le910q1": "AT#SSLSECCFG=1,0,{},1 ~ form AT#SSLSECCFG=1,0,{}",
}


@pytest.mark.parametrize("module", PEM)
def test_6_8_5_server_authentication_pem(module, folder):
    t = Fresh(folder, module)
    t.stored()
    security = PEM[module].format(1, 1)
    if module == "ge910":
        security = "AT#SSLSECCFG=1,1,1 ~ rc4 " + security
    exactly(typed(t), START + store(*t.sizes(), security=security))


@pytest.mark.parametrize("module", PEM)
def test_6_8_6_server_and_client_authentication_pem(module, folder):
    t = Fresh(folder, module, client=True)
    t.stored()
    text = store(*t.sizes(), security=PEM[module].format(2, 2))
    # the guide's CA stands behind the certificate: one of both is not in its place
    for line in (f"AT#SSLSECDATA=1,1,1,{t.sizes()[0][1]}", "<ca>"):
        text = text.replace(f" {line}\n", f" + order {line}\n")
    exactly(typed(t), START + text)


@pytest.mark.parametrize("module", ["he910", "le866", "le910c1"])
@pytest.mark.parametrize("client", [False, True])
def test_6_8_5_and_6_8_6_der(module, client, folder):
    """DER is counted: no Ctrl-Z behind it, and control characters in it are data."""
    t = Fresh(folder, module, client=client)
    tls = t.world.cfg["tls"]
    kept = {}
    for name, _size in t.sizes():
        text = open(tls[name]).read()
        body = "".join(line for line in text.split("\n") if "-----" not in line)
        path = folder / (name + ".der")
        path.write_bytes(base64.b64decode(body))
        kept[f"<{name}>"] = path.read_bytes()
        tls[name] = str(path)
    t.modem.files.paths = (tls["ca"], tls["cert"], tls["key"])
    t.stored()
    said = b"".join(data for way, data in t.lines.said if way == ">")
    security = f"AT#SSLSECCFG=1,0,{2 if client else 1},0"
    wanted = guide.ours(store(*t.sizes(), security=security), WHY)
    assert said[said.index(b"AT#SSLEN=1,1\r") :] == b"".join(
        kept.get(line, line.encode() + b"\r") for line in wanted
    )
    t.until(lambda: t.modem.online, 120)
    socket = t.modem.sockets[0]
    socket.open(HOST.encode(), 443, True)
    t.until(lambda: socket.state == 2)
