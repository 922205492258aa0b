"""Quectel: transparent mode: `+++`, ATO, and what a socket does then."""

from ..command import Command
from ..datamode import DataMode
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

GUARD_US = 1_000_000  # silence before and after +++
WINDOW = 14_600  # bytes that are sent and not acknowledged


def settle(modem, cid):
    """What was sent half a second ago is acknowledged, unless nothing gets through."""
    kind, stream = modem.page_state.kinds[cid], modem.sockets.get(cid).stream
    network = modem.network
    dead = getattr(stream, "dead", False) or getattr(stream, "state", "") == "silent"
    if getattr(network, "stalled", False) or getattr(network, "stalled_until", 0) > modem.now:
        dead = True
    while kind.sends and not dead and modem.now - kind.sends[0][0] > 500_000:
        kind.acked = kind.sends.popleft()[1]
    return kind


def full(modem, cid):
    """Whether so much is not acknowledged that nothing more can be queued."""
    kind = settle(modem, cid)
    return kind.sent - kind.acked > WINDOW


def put(modem, cid, data):
    """Queue bytes for the peer."""
    kind = settle(modem, cid)
    if data and not modem.sockets.get(cid).send(data):
        return False
    kind.sent += len(data)
    kind.sends.append((modem.now, kind.sent))
    modem.event("socket", f"{cid} sent {len(data)} bytes")
    return True


def enter_data(modem, cid):
    """CONNECT, and from then on every byte is data."""
    modem.page_state.transparent = cid
    modem.urc("CONNECT")
    modem.line.listen_when_free(
        DataMode(
            modem.line,
            lambda data: _up(modem, cid, data),
            lambda why: _escaped(modem),
            guard_us=GUARD_US,
            begun=lambda: modem.after(0, pump, modem, cid),
        )
    )


def _up(modem, cid, data):
    if modem.page_state.transparent == cid and modem.sockets.get(cid) is not None:
        put(modem, cid, data)


def _escaped(modem):
    """`+++`: OK, the connection stays."""
    modem.event("uart", "escaped from data mode")
    done = Command(modem.line, "+++", "exec", [], [])
    modem.line.command = done
    modem.after(modem.latency_us(), done.ok)


def pump(modem, cid):
    """What has come from the peer goes to the line as it is."""
    one = modem.sockets.get(cid)
    if one is None or not modem.line.silent() or modem.page_state.transparent != cid:
        return
    data = one.read(len(one.buffer))
    if data:
        modem.line.write("payload", data)


def leave_data(modem):
    """The connection is gone: command lines are heard again."""
    modem.page_state.transparent = None
    modem.line.release()


@command("O")
def back_to_data(c):
    """ATO: CONNECT, or NO CARRIER when the connection is gone."""
    modem = c.modem
    cid = modem.page_state.transparent
    if cid is None or modem.sockets.get(cid) is None:
        c.final("NO CARRIER")
        return
    c.final("")
    enter_data(modem, cid)
