"""What goes over the line between driver and virtual modem, and a Telit whose dialogues are looked
at: the first supervision is over, so that nothing but what is asked for is said for a minute.
"""

import datetime
import re

from tests_host.sim.test_life import ALL
from tests_host.sim.test_vendors import ANY, NOW, PKI
from tests_host.sim.world import World, configuration
from tools.modem.options import Options
from tools.modem.tls import TLSService
from uplink.services import ServiceModem

MADE = NOW - datetime.timedelta(days=30)
HOST = "123.124.125.126"


class Lines:
    """Records both directions of `world`'s line, in order, as `(direction, bytes)`."""

    def __init__(self, world):
        self.said = []
        peer = world.vm
        receive, take = peer.receive, peer.take

        def heard(data, now_us):
            self._add(">", bytes(data))
            return receive(data, now_us)

        def answered(now_us):
            data = take(now_us)
            self._add("<", bytes(data))
            return data

        peer.receive, peer.take = heard, answered

    def _add(self, way, data):
        if not data:
            return
        if self.said and self.said[-1][0] == way:
            self.said[-1] = (way, self.said[-1][1] + data)
        else:
            self.said.append((way, data))

    def clear(self):
        del self.said[:]

    def cut(self, command):
        """Leave out what was said before the driver's last `command`."""
        at = [i for i, (_, data) in enumerate(self.said) if data.startswith(command.encode())]
        del self.said[: at[-1]]

    def dialogue(self):
        """What was said since `clear`: `> ` what the driver said, `< ` the answer; a line each.

        Line ends around answers are left out: the virtual modem's are tested byte for byte.
        """
        return [
            way + " " + re.sub(r"(?:\r\n)+", " | ", data.decode("latin-1").strip("\r\n "))
            for way, data in self.said
        ]

    def play(self, text):
        """`text` is exactly what was said: the guide's lines as they stand there, behind `> `
        and `< `; a `+` before a line marks what the driver says, or is answered, besides.
        """
        wanted = [line.strip().removeprefix("+ ") for line in text.splitlines()]
        found = self.dialogue()
        assert found == [line for line in wanted if line], "\n".join(found)
        self.clear()

    def commands(self):
        """The driver's command lines alone."""
        text = b"\r".join(data for way, data in self.said if way == ">")
        return [one.decode("latin-1") for one in text.split(b"\r") if one]


class Telit:
    """A world with a Telit that is online; `server` behind HOST:443, over TLS."""

    def __init__(self, folder, module, server, host=HOST, port=443, services=None, **more):
        pki = self.pki = PKI(folder, client=more.pop("client", False))
        crt, key = (path.read_bytes() for path in pki.authority.server([host], now=MADE))
        secure = TLSService(server, crt, key, pki.client_ca, ciphers=ANY)
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
            options=Options(unix_s=NOW.timestamp()),
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
