"""A Telit whose dialogues are looked at: the first supervision is over, so that nothing but what
is asked for is said for a minute.
"""

import datetime

from tests_host.sim import guide
from tests_host.sim.guide import Lines
from tests_host.sim.test_life import ALL
from tests_host.sim.test_vendors import ANY, NOW, PKI
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from tools.modem.tls import TLSService
from uplink.services import ServiceModem

MADE = NOW - datetime.timedelta(days=30)
HOST = "123.124.125.126"


class Telit:
    """A world with a Telit that is online; `server` behind HOST:443, over TLS."""

    def __init__(self, folder, module, server, host=HOST, port=443, services=None, **more):
        pki = self.pki = PKI(folder, client=more.pop("client", False))
        crt, key = (path.read_bytes() for path in pki.authority.server([host], now=MADE))
        version = more.pop("version", None)
        secure = TLSService(server, crt, key, pki.client_ca, version, ANY)
        options = {"address": more.pop("address")} if "address" in more else {}
        cfg = configuration(
            pins={name: 10 + i for i, name in enumerate(ALL)},
            modem={"type": module, "sockets": more.pop("sockets", 2)},
            broker={"keepalive_s": 1200},
            tls={**pki.tls, "level": "legacy", **more.pop("tls", {})},
            **more,
        )
        self.world = World(
            cfg,
            services={(host.encode(), port): secure, **(services or {})},
            options=Options(unix_s=NOW.timestamp(), **options),
            kind=ServiceModem,
        )
        self.lines = Lines(self.world)
        self.modem = self.world.modem

    def start(self):
        """Online, without other connections, and past a supervision: the next is in a minute."""
        self.world.mqtt.disconnect()
        assert self.world.run(120, lambda: self.modem.online), self.modem.state
        self.world.run(10)
        self.lines.clear()

    def until(self, condition, limit_s=40):
        assert self.world.run(limit_s, condition), (self.modem.state, self.lines.dialogue())


# Why the driver says something besides the guide's commands, or other words: by a word for each.
# (Where it says other words, in another order or not at all, test_words_telit.py has the guide's.)
WHY = {
    "start": "before the guide begins: is anybody there, settings, identity, SIM, registration",
    "number": "AT+CMEE=1: errors by number (12.2), where the guide's 2 has texts",
    "saved": "settings save themselves: asked for first, written only where they differ",
    "life": "what an earlier life has left: open, held, stored (deleted before it is written)",
    "there": "FACTS: it can only be asked which data are there; once for each of CA, cert, key",
    "anew": "other certificates: SIM, registration, packet data, clock are looked at again",
    "up": "is packet data up? FACTS: an error of #SGACT may be success, so the address decides",
    "clock": "FACTS: set the clock before verifying; and what supervision asks for",
    "ready": "6.8.4: the module is ready for AT#SSLD",
    "policy": "tls.version and SNI (6.3, 6.4), the server's name (6.7): left as delivered there",
    "slow": "7, <Timeout>: platforms 10 and 16 need a faster clock for large certificates",
    "form": "6.5: PEM is said, where the module has both forms (8.1 leaves the value out)",
    "idle": "AT#SSLCFG: the idle limit and announcements of this stream",
    "moved": "certificates are stored in a state of its own, before a protocol is set up",
    "asked": "a question of whoever sits there: `ask()` puts it when the context is up",
    "told": "the answer to AT#SGACT tells the same",
    "binary": "RFC 959: a file is text unless TYPE says otherwise; its size tells its end",
    "back": "#HTTPCFG and #FTPCFG save themselves and hold TLS: put back when it is done",
    "order": "6.8.6 stores certificate, CA, key; 10.1 CA, certificate, key: the driver, too",
    "carrier": "what may be the module's NO CARRIER is looked at with +++",
    "rc4": "RC4 with MD5 (6.8.5.1) is in no tls.level; legacy lets the server choose, as 6.8.6.1",
}


def exactly(said, text):
    guide.exactly(said, text, WHY)


def typed(t):
    """The driver's command lines, PEM data that was typed as `<ca>`, `<cert>`, `<key>` (its bytes
    and Ctrl-Z are compared), how often it searched for a network left out.
    """
    names = {}
    tls = t.world.cfg["tls"]
    for name in ("ca", "cert", "key"):
        if tls[name]:
            with open(tls[name]) as file:
                data = file.read()
            assert "\r" not in data, "line feeds alone (6.5)"
            names[data + "\x1a"] = f"<{name}>"
    result = []
    for one in t.lines.commands():
        at = one.find("\x1a") + 1
        for part in (one[:at], one[at:]) if at else (one,):
            if part:
                result.append(names.get(part, part))
    return unrepeated(result)


def unrepeated(said):
    """Without what is asked again and again until the answer is another: AT, SIM, registration."""
    result = []
    for one in said:
        if one in ("AT", "AT+CPIN?") and result[-1:] == [one]:
            continue
        result.append(one)
        if result[-4:-2] == result[-2:] == ["AT+CGREG?", "AT+CEREG?"]:
            del result[-2:]
    return result


# From the switching on to the SIM, and to the network; to the address.
START = """
    + start AT
    + start AT+CMEE?
    + start ATZ
    + start ATE0
    AT+CMEE=2 ~ number AT+CMEE=1
    + start AT+IPR?
    + start AT&K0
    + start AT+CFUN?
    + start AT#NITZ=7,1
    + start AT+CGREG=1
    + start AT+CEREG=1
    + start AT+CGMM
    + start AT+CGMR
    + start AT+CGSN
    + start AT#SSLEN=?
"""
SIM = """
    + start AT+CPIN?
    + start AT+CIMI
    + start AT#CCID
"""
NETWORK = """
    + start AT+CGREG=1
    + start AT+CEREG=1
    + start AT+COPS?
    + start AT+CGREG?
    + start AT+CEREG?
    + up AT#SGACT?
"""
CLOCK = """
    + up AT+CGPADDR=1
    + clock AT+CCLK?
    + clock AT+COPS?
    + clock AT+CSQ
"""
LOOK = """
    + life AT#SSLH=1
    + there AT#SSLSECDATA?
"""
AGAIN = "+ there AT#SSLEN=1,1" + LOOK
# What follows when certificates were given while it was online.
ANEW = (
    "+ anew AT+CPIN?\n+ anew AT+CGREG=1\n+ anew AT+CEREG=1\n+ anew AT+COPS?\n+ anew AT+CGREG?\n"
    "+ anew AT+CEREG?\n+ anew AT#SGACT?\n+ anew AT+CGPADDR=1\n+ anew AT+CCLK?\n+ anew AT+COPS?\n"
    "+ anew AT+CSQ\n"
)


def store(*what, security, marks=""):
    """Certificates into secure socket 1: `what` of ("ca", size) … in the driver's order. `marks`:
    before the guide's commands, where they stand elsewhere in the guide.
    """
    text = ""
    sizes = dict(what)
    for name, kind in (("ca", 1), ("cert", 0), ("key", 2)):
        text += (AGAIN if text else f"{marks} AT#SSLEN=1,1" + LOOK) + "\n"
        if name in sizes:
            text += "+ saved AT#SSLSECCFG?\n"
            if kind == 1:
                text += f"{marks} {security}\n"
            text += f"+ life AT#SSLSECDATA=1,0,{kind}\n"
            text += f"{marks} AT#SSLSECDATA=1,1,{kind},{sizes[name]}\n{marks} <{name}>\n" + AGAIN
            text += "\n"
    return text
