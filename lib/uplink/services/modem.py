"""`ServiceModem`: a `Modem` whose module's own services can be used, too."""

from uplink import log, modems
from uplink.modem.core import Core
from uplink.modem.modem import Modem
from uplink.modem.states import const

_DO_OPEN = const(1)
_FILES = const(105)  # of states
_HELD = const(17)


def texts(vendor, service):
    """The file of modems with the texts of a service (`"http"`) for the tables `vendor`, None
    where there is none in this image.
    """
    for name in modems.NAMES:
        if modems.vendor(name) is vendor:
            return modems.vendor(name + "_" + service)
    return None


class ServiceModem(Modem):
    """As `Modem`; `http()` gives what does HTTP best."""

    def __init__(self, loop, cfg):
        self.units = []
        self.swept = False  # what an earlier life of ours left in the module is put away
        super().__init__(loop, cfg)
        self.own = self.script

    # ---- for the application --------------------------------------------------------------------

    def http(self):
        """An object with `get` and `post`: the module's own HTTP where it has one and this image
        its texts, otherwise ours over the next free socket (ValueError: there is none).
        """
        found = texts(self.vendor, "http")
        if found is None:
            from uplink.http import HTTP

            return HTTP(self.loop, self.socket())
        from .http import ModuleHTTP

        return self.add(ModuleHTTP(self, found))

    def ftp(self):
        """An object with `get`: the module's own FTP. ValueError: it has none, or this image."""
        found = texts(self.vendor, "ftp")
        if found is None:
            raise ValueError("no FTP: not in this module, or not in this image (services)")
        from .ftp import ModuleFTP

        return self.add(ModuleFTP(self, found))

    def mqtt(self):
        """The module's own MQTT, called as `MQTT`. ValueError: it has none, or this image."""
        found = texts(self.vendor, "mq")
        if found is None:
            raise ValueError("no MQTT: not in this module, or not in this image (services)")
        from .mq import ModuleMQTT

        return self.add(ModuleMQTT(self, found))

    def stream(self):
        """A secure socket in online mode, or command mode: `ModuleStream`. ValueError: the module
        has none, or this image.
        """
        found = texts(self.vendor, "stream")
        if found is None:
            raise ValueError("no stream: not in this module, or not in this image (services)")
        from .stream import ModuleStream

        return self.add(ModuleStream(self, found))

    def ask(self):
        """To be called with an AT command, and awaited: `Ask`."""
        from .ask import Ask

        return self.add(Ask(self))

    def add(self, service):
        """A service joins the sockets."""
        self.units.append(service)
        self.sockets.append(service)
        urcs = texts(self.vendor, "urcs")
        if urcs is not None:
            self.engine.vendor = urcs
        return service

    def socket(self):
        """The next connection of the module that nobody has; each is reused for every open."""
        n = self.taken
        while n < len(self.sockets) and self.sockets[n] in self.units:
            n += 1
        if n >= len(self.sockets):
            raise ValueError("no socket left: raise modem.sockets")
        self.taken = n + 1
        return self.sockets[n]

    def holder(self, s):
        """Whose TLS keeps `s` from having it, a socket or service; None: nobody's.

        There may be one connection, or several of which one protocol has all; `s` may want the
        one that another has.
        """
        alone = s in self.units and s.vendor.ALONE
        for other in self.sockets:
            if other is not s and other.tls and other.state > 0:
                theirs = other in self.units and other.vendor.ALONE  # type: ignore[attr-defined]
                if self.security.most == 1 or alone or theirs or other.id == s.id == 1:
                    return other
        return None

    def holder_name(self, s):
        """The same in words."""
        other = self.holder(s)
        if other is None:
            return "nobody"
        return other.name if other in self.units else "socket %d" % other.cid

    # ---- in place of the core's -----------------------------------------------------------------

    def run(self, script, doing, now):
        self.script = self.own
        return Modem.run(self, script, doing, now)

    def work(self, state, now, since):
        if state == _FILES and not self.swept:
            # a service that was not put away holds TLS, which certificates are written by
            self.swept = True
            for service in self.units:
                if service.sweep(now):
                    return True
        return Core.work(self, state, now, since)

    def _forget(self):
        self.swept = False
        Modem._forget(self)

    def serve(self, s, work, now):
        if s in self.units:
            s.serve(now)
            return
        if work == _DO_OPEN and s.tls:
            s.number(self.vendor.NUMBERS)
            holder = self.holder(s)
            if holder is not None:
                log.error("modem", "TLS is held, end that first: " + self.holder_name(s), s.cid)
                s.is_closed(_HELD, now)
                return
        self.script = self.own
        Modem.serve(self, s, work, now)

    def poll(self, now):
        wait = Modem.poll(self, now)
        for service in self.units:
            if service.raw:
                ms = service.raw_poll(now)
                if not service.raw:
                    wait = 0
                elif ms < wait:
                    wait = ms
            ms = service.poll(now)
            if ms < wait:
                wait = ms
        return wait

    def when(self, condition):
        s = self.active
        if s is not None and s in self.units:
            return s.vendor.when(s, condition)
        return Core.when(self, condition)

    def payload(self, engine):
        s = self.active
        if s is not None and s in self.units:
            return s.payload(engine)
        return Modem.payload(self, engine)

    def data(self, buf, off, n, now):
        s = self.active
        if s is not None and s in self.units and self.reading is None:
            if s.raw:
                s.raw_data(buf, off, n, now)
            else:
                s.taken(buf, off, n, now)
            return
        Modem.data(self, buf, off, n, now)

    def data_end(self, good, now):
        s = self.active
        if s is not None and s in self.units and self.reading is None:
            return  # the script's result tells it
        Modem.data_end(self, good, now)
