"""Telit: what secure sockets carry: #SSLSEND, #SSLSENDEXT, #SSLRECV, SSLSRING:, NO CARRIER."""

from .. import cme
from ..datamode import TextEntry
from . import telit_errors as err
from .table import Table
from .telit_holder import number_of, refuse, whole_range
from .telit_online import say
from .telit_security import config_of

COMMANDS = Table()
command = COMMANDS.command

SEND_MAX = 1500
READ_MAX = 1000
_ENTRY_US = 10**13


def key_of(number):
    return f"ssl{number}"


def _number(cid):
    return int(cid[3:])


def socket_of(modem, number):
    return modem.sockets.get(key_of(number))


def connected(c, number, writing=False):
    """The entry of a secure socket that is open; None after an error."""
    entry = c.modem.page_state.secure.get(number)
    one = socket_of(c.modem, number)
    if entry is None or one is None or not entry.open:
        c.cme(err.SSL_NOT_CONNECTED)
        return None
    if writing and one.state != "open":
        c.cme(err.SSL_DISCONNECTED)
        return None
    return entry


# sending


@command("#SSLSEND")
def send(c):
    """AT#SSLSEND=<SSId>[,<Timeout>]: prompt, text up to Ctrl-Z; backspace and escape work."""
    modem = c.modem
    number = number_of(c)
    timeout = c.number(1, 100)
    if c.op == "test":
        c.info(f"#SSLSEND: {whole_range(modem)},(10-5000)")
        c.ok()
    elif c.op != "set" or len(c.args) > 2 or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
    elif timeout is None or not 10 <= timeout <= 5000:
        c.cme(cme.NOT_SUPPORTED)
    elif connected(c, number, True) and not _refused(c, "prompt"):

        def typed(data, why):
            if why == "cancel":
                c.ok()  # nothing is sent
            elif not data:
                c.cme(err.SSL_GENERIC)
            else:
                _typed(c, number, data)

        c.listen(b"\r\n> ", TextEntry, SEND_MAX, _ENTRY_US, typed, erase=True)


@command("#SSLSENDEXT")
def send_counted(c):
    """AT#SSLSENDEXT=<SSId>,<bytes>[,<Timeout>]: prompt, so many bytes, OK."""
    modem = c.modem
    number, count, timeout = number_of(c), c.number(1), c.number(2, 100)
    if c.op == "test":
        c.info(f"#SSLSENDEXT: {whole_range(modem)},(1-{SEND_MAX}),(10-5000)")
        c.ok()
    elif c.op != "set" or not 2 <= len(c.args) <= 3 or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
    elif count is None or not 1 <= count <= SEND_MAX:
        c.cme(cme.NOT_SUPPORTED)
    elif timeout is None or not 10 <= timeout <= 5000:
        c.cme(cme.NOT_SUPPORTED)
    elif connected(c, number, True) and not _refused(c, "prompt"):
        c.prompt(b"> ", count, _ENTRY_US, lambda data: _typed(c, number, data))


def _refused(c, stage):
    if c.modem.faults.refuse_send(stage):
        c.cme(err.SSL_DATA)
        return True
    return False


def _typed(c, number, data):
    modem = c.modem
    if data is None:
        c.cme(err.SSL_GENERIC)
    elif not _refused(c, "payload"):
        modem.after(modem.latency_us(), _send, c, number, data)


def _send(c, number, data):
    modem = c.modem
    one = socket_of(modem, number)
    if one is None or not one.send(data):
        c.cme(err.SSL_DISCONNECTED)
        return
    modem.event("socket", f"{key_of(number)} sent {len(data)} bytes")
    c.ok()


# receiving


@command("#SSLRECV")
def receive(c):
    """AT#SSLRECV=<SSId>,<most>[,<Timeout>]: waits for data so long, TIMEOUT, DISCONNECTED."""
    modem = c.modem
    number, count = number_of(c), c.number(1)
    if c.op == "test":
        c.info(f"#SSLRECV: {whole_range(modem)},(1-{READ_MAX}),(10-5000)")
        c.ok()
        return
    if c.op != "set" or not 2 <= len(c.args) <= 3 or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
        return
    default = config_of(modem, number).default_100ms
    timeout = c.number(2, default)
    least = 10 if len(c.args) == 3 else 0
    if count is None or not 1 <= count <= READ_MAX:
        c.cme(cme.NOT_SUPPORTED)
        return
    if timeout is None or not least <= timeout <= 5000:
        c.cme(cme.NOT_SUPPORTED)
        return
    entry = connected(c, number)
    if entry is None:
        return
    if socket_of(modem, number).buffer:
        _hand_over(c, number, count)
    else:
        limit = modem.after(timeout * 100_000, _nothing, c, number)
        entry.reading = (c, count, limit)


def _hand_over(c, number, count):
    modem = c.modem
    one = socket_of(modem, number)
    data = one.read(count)
    modem.event("socket", f"{key_of(number)} read {len(data)} bytes")
    c.raw("payload", b"\r\n#SSLRECV: %d\r\n%s\r\n" % (len(data), data))
    c.ok()
    if one.buffer:
        one.armed = True
        modem.after(2000, one._announce)


def _nothing(c, number, word="TIMEOUT"):
    entry = c.modem.page_state.secure.get(number)
    if entry is not None:
        entry.reading = None
    c.info("#SSLRECV: 0")
    c.info(word)
    c.ok()


# what happens


def data_waiting(modem, cid):
    """Data begins to wait: it goes to the host in data mode, to a read, or is announced."""
    announce(modem, _number(cid))


def announce(modem, number):
    state = modem.page_state
    entry, one = state.secure.get(number), socket_of(modem, number)
    if entry is None or one is None or not one.buffer or not entry.open:
        return
    online = state.online
    if online is not None and online.cid == key_of(number):
        online.waiting()
    elif entry.reading is not None:
        c, count, limit = entry.reading
        entry.reading = None
        modem.timers.cancel(limit)
        _hand_over(c, number, count)
    elif entry.config.ring == 1:
        if not modem.faults.drop_dataind():
            modem.urc(f"SSLSRING: {number},{len(one.buffer)}")
    elif entry.config.ring == 2:
        _push(modem, number)


def _push(modem, number):
    """AT#SSLCFG's mode 2: the data itself, in pieces; not while nobody could hear it."""
    entry, one = modem.page_state.secure.get(number), socket_of(modem, number)
    if entry is None or one is None:
        return
    if modem.asleep or modem.line.silent():
        modem.after(100_000, _push, modem, number)
        return
    while one.buffer:
        data = one.read(modem.page.PLATFORM.ring)
        modem.urc(b"SSLSRING: %d,%d,%s" % (number, len(data), data))


def socket_closed(modem, cid):
    """The far side has closed and everything is read: DISCONNECTED, or NO CARRIER."""
    number = _number(cid)
    state = modem.page_state
    entry = state.secure.pop(number, None)
    if entry is None:
        return
    if entry.closure == 1 and entry.trust.session is not None:
        state.sessions[number] = (entry.where, entry.trust.session)
    online = state.online
    if online is not None and online.cid == cid:
        online.close()
    elif entry.reading is not None:
        c, _, limit = entry.reading
        modem.timers.cancel(limit)
        _nothing(c, number, "DISCONNECTED")
    else:
        no_carrier(modem, entry.config.no_carrier, "SSL", number)


def no_carrier(modem, mode, kind, number):
    """NO CARRIER, as <noCarrierMode> wants it told."""
    if mode == 0:
        if modem.settings["V"]:
            modem.urc("NO CARRIER")
        else:
            say(modem, "NO CARRIER")
    else:
        modem.urc(f"NO CARRIER:{kind},{number}" + (",1" if mode == 2 else ""))
