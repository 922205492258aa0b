"""A device alone with a virtual Quectel, and what passes over the line between them, in order."""

from tests_host.modem.pki import CA
from tests_host.modem.quectel.pki import AUTHORITY, DEVICE, IN_2024, shaped
from tests_host.sim.board import SimBoard
from tests_host.sim.world import configuration
from tools.modem.core import VirtualModem
from tools.modem.network import SimNetwork
from tools.modem.options import Options
from tools.modem.pages import PAGES
from tools.modem.tls import TLSService
from uplink.loop import Loop
from uplink.services import ServiceModem

ANY = "ALL:@SECLEVEL=0"  # a server that takes what these modules have


class Listener:
    """Of a socket: all that it was told."""

    def __init__(self):
        self.data = bytearray()
        self.told = []

    def opened(self, now):
        self.told.append("opened")

    def received(self, buf, off, n, now):
        self.data += buf[off : off + n]

    def sent(self, now):
        self.told.append("sent")

    def closed(self, reason, now):
        self.told.append(("closed", reason))


class Peer:
    """A server that keeps what it gets, and says what it is told to, once that has come."""

    def __init__(self, answers=()):
        self.got = bytearray()
        self.answers = list(answers)  # (so many bytes have come, what is said then)
        self.conn = None
        self.ended = 0

    def connected(self, conn, now_us=None):
        self.conn = conn

    def received(self, conn, data, now_us):
        self.got += data
        while self.answers and len(self.got) >= self.answers[0][0]:
            conn.send(self.answers.pop(0)[1])

    def closed(self, conn, now_us=None):
        self.ended += 1

    def poll(self, now_us):
        return None


# The sizes and checksums that the guide's files have (3.1, 3.2).
GUIDE = {"ca": (1614, 0x4039), "cert": (1419, 0x0618), "key": (1679, 0x83A7)}


def files(folder, shapes=GUIDE):
    """CA, certificate and key on the board: the section `tls` of a configuration."""
    pems = {"ca": AUTHORITY.pem, "cert": DEVICE[0], "key": DEVICE[1]}
    paths = {}
    for name, (size, checksum) in shapes.items():
        path = folder / (name + ".pem")
        path.write_bytes(shaped(pems[name], size, checksum))
        paths[name] = str(path)
    return paths


def server(peer, name, client=True, version=None, known=True):
    """`peer` behind TLS; `client`: it demands a certificate; not `known`: of another CA."""
    authority = AUTHORITY if known else CA("other", use_rsa=True)
    ca = AUTHORITY.pem if client else None
    return TLSService(peer, *authority.issue(name), ca, version, ANY)


class Device:
    """`modem`: the firmware's; `vm`: the module; `said()`: what went to it."""

    def __init__(self, services, *, module="m95", options=None, **sections):
        modem = {"type": module, "sockets": 4, **sections.pop("modem", {})}
        self.cfg = configuration(modem=modem, **sections)
        options = options or Options(unix_s=IN_2024)
        self.network = SimNetwork(services=services)
        self.vm = VirtualModem(PAGES[module](), self.network, seed=3, options=options)
        self.board = SimBoard(self.vm, seed=3)
        self.loop = Loop(self.board)
        self.failed = []
        self.loop.report = lambda task, error: self.failed.append(error)
        self.modem = ServiceModem(self.loop, self.cfg)

    @property
    def now_s(self):
        return self.board.now_us / 1e6

    def run(self, limit_s, until=None):
        found = self.board.run_until(self.loop, until or (lambda: False), limit_s)
        if self.failed:
            raise self.failed[0]
        return found

    def online(self):
        assert self.run(120, lambda: self.modem.online), self.modem.state
        return self

    def sockets(self, count):
        """So many of them, each with a listener; `None` before those that are not wanted."""
        found = [self.modem.socket() for _ in range(count)]
        for s in found:
            s.listener = Listener()
        return found

    def opened(self, s, host, port, tls):
        s.open(host, port, tls)
        assert self.run(60, lambda: s.state == 2), s.listener.told

    def said(self, since_us=0):
        """What the module heard as command lines and payload: (seconds, bytes)."""
        return [(us / 1e6, what) for us, way, what in self.vm.log if way == "<" and us >= since_us]

    def events(self, begin):
        return [what for _us, way, what in self.vm.log if way == "*" and what.startswith(begin)]

    def commands(self):
        """Command lines alone, in order, without their end."""
        return [w[:-1].decode() for _s, w in self.said() if w[:2] == b"AT" and w[-1:] == b"\r"]


# Why the driver says something besides the guide's commands, or other words: by a word for each.
# (`wait`, and names in RAM, are the only other words: 3.1, 3.2; test_words_quectel.py has theirs.)
WHY = {
    "start": "before the note begins: is anybody there, settings, identity, SIM, registration",
    "wait": "a time-out of QSECWRITE (2.2.7), QSSLOPEN (2.2.2): the examples' are the defaults",
    "there": "FACTS: AT+QSECREAD = 1 is the check of an upload; what is there is deleted before",
    "attach": "1.4.1: attached, registered, nobody else has the context, nothing is half up",
    "plain": "plain connections keep what they receive (3.3 says it later), and go by name",
    "clock": "certificates' dates are checked by the module's clock; and what supervision asks",
    "life": "whatever an earlier life has left open under this number",
    "dates": "2.2.1, ignorertctime: the dates count",
    "empty": "FACTS: read until a bare OK; also after a send, since an announcement can be lost",
    "look": "supervision while online: what a lost URC would have told",
}


def said(device, until=None):
    """Its command lines, what is asked again until the answer is another one once."""
    result = []
    for one in device.commands() if until is None else until:
        if one not in ("AT", "AT+CREG?", "AT+CPIN?") or result[-1:] != [one]:
            result.append(one)
    return result
