"""A bench for the virtual modem: hand-moved time, a line to type on, and small services."""

from tools.modem import Options, SimNetwork, sim7000

MS = 1000
S = 1_000_000


class Echo:
    """Answers every piece with the same in angle brackets; keeps what it got."""

    def __init__(self):
        self.conns = []
        self.closed_conns = 0
        self.got = b""

    def connected(self, conn):
        self.conns.append(conn)

    def received(self, conn, data, now_us):
        self.got += data
        conn.send(b"<" + data + b">")

    def closed(self, conn):
        self.closed_conns += 1
        self.conns.remove(conn)

    def poll(self, now_us):
        return None


class Sink(Echo):
    """The same without answering."""

    def received(self, conn, data, now_us):
        self.got += data


class Bench:
    """A modem, the time, and what it said."""

    def __init__(self, services=None, *, seed=0, network=None, maker=sim7000, **options):
        options.setdefault("baud", 115200)
        options.setdefault("register_jitter_ms", 0.0)
        self.options = Options(**options)
        self.network = network or SimNetwork(services)
        self.modem = maker(self.network, seed=seed, options=self.options)
        self.now = 0

    def run(self, us):
        """Let time pass; returns what arrived meanwhile."""
        end = self.now + us
        out = b""
        while True:
            when = self.modem.poll(self.now)
            out += self.modem.take(self.now)
            if when is None or when > end:
                break
            self.now = max(when, self.now)
        self.now = end
        self.modem.poll(end)
        return out + self.modem.take(end)

    def type(self, data, us=300 * MS):
        """Send bytes and wait."""
        self.modem.receive(data, self.now)
        return self.run(us)

    def at(self, line, us=300 * MS):
        """Send a command line and wait."""
        return self.type(line.encode() + b"\r", us)

    def pulse(self, name, us):
        """Hold a line low for so long."""
        self.modem.pin(name, True, self.now)
        out = self.run(us)
        self.modem.pin(name, False, self.now)
        return out

    def on(self, echo=False):
        """Switched on and booted, nothing of that in the way."""
        self.modem.switch_on()
        self.run(6 * S)
        if not echo:
            assert self.at("ATE0").endswith(b"\r\nOK\r\n")
        return self

    def online(self):
        """Registered, with an address."""
        self.on()
        assert self.at("AT+CNMP=38") == b"\r\nOK\r\n"
        self.run(20 * S)
        assert self.at("AT+CNACT=1", 3 * S) == b"\r\nOK\r\n\r\n+APP PDP: ACTIVE\r\n"
        return self

    def events(self, kind):
        """The events of one kind, as text."""
        head = kind + ": "
        return [
            text.removeprefix(head)
            for _, sign, text in self.modem.log
            if sign == "*" and text.startswith(head)
        ]

    def upload(self, name, data):
        """Store a file as a driver does; asserts every answer."""
        assert self.at("AT+CFSINIT") == b"\r\nOK\r\n"
        answer = self.at(f'AT+CFSWFILE=3,"{name}",0,{len(data)},5000')
        assert answer == b"\r\nDOWNLOAD\r\n"
        assert self.type(data, 2 * S) == b"\r\nOK\r\n"
        assert self.at("AT+CFSTERM") == b"\r\nOK\r\n"
