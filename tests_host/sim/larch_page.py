"""Larch L3 in the virtual modem: the page of a module that does not exist.

The third step of *What adding a module takes* in lib/uplink/modems/README.md: what any module has
comes from tools/modem, commands of 27.007 from a page that has them, the rest stands here.
"""

from types import SimpleNamespace

from tools.modem.pages import sim7000_general, sim7000_network
from tools.modem.pages.base import Page
from tools.modem.pages.table import Table
from tools.modem.sockets import Trust

COMMANDS = Table()
command = COMMANDS.command

# Of 27.007 and V.250, with nothing of their vendor in them.
for _name in ("", "E", "V", "Q", "Z", "IPR", "CMEE", "CCLK", "CGSN"):
    COMMANDS[_name] = sim7000_general.COMMANDS[_name]
for _name in ("CPIN", "CIMI", "CCID", "CSQ"):
    COMMANDS[_name] = sim7000_network.COMMANDS[_name]
COMMANDS.stored("CEREG", (0, 1))
COMMANDS.stored("LSLEEP", (0, 1))

LINKS = (1, 2, 3)
SLOTS = ("7", "8", "9")  # CA, certificate, key
SEND_MAX = 700
READ_MAX = 512
CERT_MAX = 4096
INPUT_US = 7_000_000
EOT = b"\x04"
_SUITES = {"G": "ECDHE+AESGCM", "C": "AES128-SHA256:AES256-SHA256"}
_REASONS = {"dns": 5, "lost": 2, "refused": 4, "timeout": 3, "handshake": 6}  # others: 7


def done(c):
    c.final("DONE")


def fault(c):
    c.final("FAULT")


@command("CGMM", "GMM")
def model(c):
    c.info("LARCH L3")
    c.ok()


@command("CGMI", "GMI")
def maker(c):
    c.info("Larch")
    c.ok()


@command("CGMR", "GMR")
def revision(c):
    c.info("L3.04")
    c.ok()


_stored_cereg = COMMANDS["CEREG"]


@command("CEREG")
def registration(c):
    if c.op == "read":
        c.info(f"+CEREG: {c.modem.settings['CEREG']},{c.modem.radio.stat}")
        c.ok()
    else:
        _stored_cereg(c)


@command("COPS")
def operator(c):
    radio = c.modem.radio
    if c.op == "read":
        name = f',0,"{c.modem.options.operator}",7' if radio.registered() else ""
        c.info(f"+COPS: {radio.selection}{name}")
        c.ok()
    elif c.op == "set" and c.number(0) in (0, 2):
        c.modem.after_ms(900, lambda: (radio.select(c.number(0)), c.ok()))
    else:
        fault(c)


@command("CFUN")
def functionality(c):
    radio = c.modem.radio
    mode = c.number(0)
    if c.op != "set" or mode not in (0, 1):
        fault(c)
        return
    if mode == 0:
        radio.stop()
    elif not radio.functional:
        radio.start()
    c.modem.after_ms(500, c.ok)


@command("LECHO")
def echo(c):
    """Answers in every state: what is asked to find out whether anybody hears."""
    if c.op != "read":
        fault(c)
        return
    c.info("+LECHO: 0")
    done(c)


@command("LBOOT")
def restart(c):
    done(c)
    c.modem.after_ms(300, c.modem.power.restart)


@command("LOFF")
def switch_off(c):
    c.modem.power.shut_down(c.modem.now)  # no result but its URC


# ---- packet data


def net_text(modem):
    return f'+LNET: 1,"{modem.radio.address}"' if modem.radio.active else "+LNET: 0"


@command("LNET")
def packet_data(c):
    modem, radio = c.modem, c.modem.radio
    if c.op == "read":
        c.info(net_text(modem))
        done(c)
    elif c.op == "set" and c.number(0) == 0 and radio.active:
        radio.drop_data()
        done(c)
    elif c.op == "set" and c.number(0) == 1 and radio.registered() and radio.activating is None:
        if not radio.active:
            radio.activate(c.arg(1) or modem.options.network_apn, lambda good: None)
        done(c)
    else:
        fault(c)


@command("LAUTH")
def login(c):
    """AT+LAUTH="<user>","<password>": of the APN, until the next restart."""
    if c.op != "set" or len(c.args) != 2:
        fault(c)
        return
    c.modem.page_state.login = tuple(c.args)
    done(c)


@command("LPING")
def ping(c):
    if c.op != "set" or len(c.args) != 1 or not c.modem.radio.active:
        fault(c)
        return
    ms = int(c.modem.options.ping_ms)
    c.modem.after(ms * 1000, lambda: (c.info(f"+LPING: {ms}"), done(c)))


# ---- certificates


def checksum(data):
    """The sum of the bytes, each times its place, in 24 bits."""
    return sum(i * byte for i, byte in enumerate(data, 1)) & 0xFFFFFF


@command("LCERT")
def certificate(c):
    """AT+LCERT=<number>,<bytes>: UPLOAD, the bytes and EOT, +LCERT: and the sum; 0: delete."""
    modem, slot, size = c.modem, c.arg(0), c.number(1)
    if c.op != "set" or slot not in SLOTS or size is None or size > CERT_MAX:
        fault(c)
    elif size == 0:
        done(c) if modem.files.delete(3, slot) else fault(c)
    else:
        c.prompt(b"UPLOAD\r\n", size + 1, INPUT_US, lambda data: _written(c, slot, data))


def _written(c, slot, data):
    modem = c.modem
    if data is None or not data.endswith(EOT):
        fault(c)
        return
    data = data[:-1]
    modem.files.write(3, slot, data)
    modem.event("file", f"{slot}: {len(data)} bytes")
    modem.after_ms(70, lambda: (c.info(f"+LCERT: {slot},{checksum(data)}"), done(c)))


@command("LSUM")
def sum_of(c):
    data = c.modem.files.read(3, c.arg(0))
    if c.op != "set" or data is None:
        fault(c)
        return
    c.info(f"+LSUM: {c.arg(0)},{checksum(data)}")
    done(c)


# ---- connections


def _link(c):
    return c.number(0) if c.op == "set" and c.number(0) in LINKS else None


@command("LTLS")
def secure(c):
    """AT+LTLS=<connection>,<1.x>,"<suites>",<verify>,<dates>,"<name>": for its next AT+LOPEN."""
    link, version, verify, dates = _link(c), c.number(1), c.number(3), c.number(4)
    suites = _SUITES.get(c.arg(2))
    good = link is not None and len(c.args) == 6 and version in range(3) and suites is not None
    if not good or verify not in range(3) or dates not in range(2):
        fault(c)
        return
    ca, cert, key = (c.modem.files.read(3, slot) for slot in SLOTS)
    needed = (ca,) if verify == 1 else (ca, cert, key) if verify else ()
    if None in needed:
        fault(c)
        return
    c.modem.page_state.trust[link] = Trust(
        f"1.{version}",
        ca if verify else None,
        (cert, key) if verify == 2 else None,
        suites,
        c.arg(5) or None,
        bool(dates),
    )
    done(c)


@command("LOPEN")
def open_link(c):
    """AT+LOPEN=<connection>,"<host>",<port>,<TLS>: DONE; later #LINK: "open", or "failed"."""
    modem, link, port, tls = c.modem, _link(c), c.number(2, 0), c.number(3)
    trust = modem.page_state.trust.pop(link, None)
    good = link is not None and len(c.args) == 4 and c.arg(1) and 0 < (port or 0) < 65536
    if not good or tls not in (0, 1) or (tls and trust is None) or modem.sockets.get(link):
        fault(c)
        return
    done(c)

    def opened(word):
        what = '"open"' if word == "ok" else f'"failed",{_REASONS.get(word, 7)}'
        modem.urc(f"#LINK: {link},{what}")

    if not modem.radio.active:
        modem.after_ms(100, opened, "lost")
        return
    where = c.arg(1).encode("latin-1"), port
    delay = modem.options.connect_ms
    modem.after_ms(
        delay, modem.sockets.open, link, *where, trust if tls else None, 60_000_000, opened
    )


@command("LPUT")
def put(c):
    """AT+LPUT=<connection>,<bytes>: INPUT, the bytes, TAKEN (or FULL: nothing was)."""
    one, count = c.modem.sockets.get(_link(c)), c.number(1)
    if one is None or one.state != "open" or count is None or not 1 <= count <= SEND_MAX:
        fault(c)
    elif c.modem.faults.refuse_send("prompt"):
        fault(c)
    else:
        c.prompt(b"INPUT\r\n", count, INPUT_US, lambda data: _put(c, one, data))


def _put(c, one, data):
    state = c.modem.page_state
    if data is None or c.modem.faults.refuse_send("payload"):
        fault(c)
    elif state.full:
        state.full -= 1
        c.final("FULL")
    else:
        c.final("TAKEN") if one.send(data) else fault(c)


@command("LGET")
def get(c):
    """AT+LGET=<connection>,<bytes>: DATA <n>,<left>, n bytes, DONE; nothing there: DONE."""
    one, count = c.modem.sockets.get(_link(c)), c.number(1)
    if one is None or one.state != "open" or count is None or not 1 <= count <= READ_MAX:
        fault(c)
        return
    data = one.read(count)
    if data:
        head = b"\r\nDATA %d,%d\r\n" % (len(data), len(one.buffer))
        c.raw("payload", head + data + b"\r\n")
    done(c)


@command("LSHUT")
def shut(c):
    link = _link(c)
    c.modem.page_state.trust.pop(link, None)
    done(c) if link is not None and c.modem.sockets.close(link) else fault(c)


@command("LLINK")
def links(c):
    opened = [n for n, one in sorted(c.modem.sockets.by_cid.items()) if one.state == "open"]
    for n in opened:
        c.info(f"+LLINK: {n},1")
    if not opened:
        c.info("+LLINK: 0,0")
    done(c)


class Larch(Page):
    """The page of a Larch L3."""

    NAME = "larch"
    TIMINGS = {
        "on_pulse": 600,
        "boot": 2500,
        "off_pulse": 800,
        "down_min": 900,
        "down_max": 2500,
        "pause": 1000,
        "reset_pulse": 100,
        "reset_boot": 2500,
        "wake": 60,
    }
    AUTO_SAVE = ("IPR", "LSLEEP")
    SECRETS = ("CPIN", "LAUTH")
    SAMPLE_URCS = ('#LINK: 9,"data"', "+LNET: ?", "#TEMP: 41")
    PAUSE_MS = 4.0
    UNDER_VOLTAGE = ""
    COMMANDS = COMMANDS

    def factory(self, options):
        return {**super().factory(options), "CEREG": 0, "LSLEEP": 0}

    def fresh(self, modem):
        return SimpleNamespace(trust={}, full=0, login=None)

    def booted(self, modem):
        modem.urc("HELLO", boot=True)
        modem.radio.start()

    def power_down(self, modem):
        modem.urc("NORMAL POWER DOWN")

    def sim_changed(self, modem):
        words = {"ready": "READY", "pin": "SIM PIN", "puk": "SIM PUK"}
        modem.urc("+CPIN: " + words.get(modem.radio.sim_state(), "NOT INSERTED"))

    def registration_changed(self, modem):
        if modem.settings["CEREG"]:
            modem.urc(f"+CEREG: {modem.radio.stat}")

    def network_time(self, modem):
        modem.radio.set_clock(modem.radio.network_unix(), modem.options.zone_quarters)

    def pdp_changed(self, modem, active):
        modem.urc(net_text(modem))

    def data_waiting(self, modem, cid):
        if not modem.faults.drop_dataind():
            modem.urc(f'#LINK: {cid},"data"')

    def socket_closed(self, modem, cid):
        modem.urc(f'#LINK: {cid},"closed"')

    def may_sleep(self, modem):
        return modem.settings["LSLEEP"] == 1
