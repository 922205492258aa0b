"""`ServiceModem`: a `Modem` whose module's own services can be used, too."""

from uplink import log, modems
from uplink.modem.core import Core
from uplink.modem.modem import Modem
from uplink.modem.states import const

_DO_OPEN = const(1)
_FILES = const(8)  # of states
_ONLINE = const(13)
_CHECK = const(26)
_HELD = const(17)
_NEVER = const(-2)  # of modem.files


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
        self.renewed = False  # other certificates were given
        super().__init__(loop, cfg)
        self.own = self.script

    # ---- for the application --------------------------------------------------------------------

    def http(self):
        """An object with `get` and `post`: the module's own HTTP where it has one and this image
        its texts, otherwise ours over the next free socket. ValueError: there is none, or it is
        taken (a module does one exchange at a time: share the object).
        """
        found = texts(self.vendor, "http")
        if found is None:
            from uplink.http import HTTP

            return HTTP(self.loop, self.socket())
        from .http import ModuleHTTP

        for unit in self.units:
            if unit.name == "http":
                raise ValueError("the module's HTTP is taken: share the object")
        return self.add(ModuleHTTP(self, found))

    def ftp(self):
        """An object with `get`: the module's own FTP. ValueError: it has none, or this image."""
        found = self.texts("ftp", "FTP")
        try:
            from .ftp_online import OnlineFTP as FTP
        except ImportError:
            from .ftp import ModuleFTP as FTP
        return self.add(FTP(self, found))

    def mqtt(self):
        """The module's own MQTT, called as `MQTT`. ValueError: it has none, or this image."""
        found = self.texts("mq", "MQTT")
        from .mq import ModuleMQTT

        return self.add(ModuleMQTT(self, found))

    def texts(self, service, name):
        """The texts of a service; ValueError: it has none, or this image."""
        found = texts(self.vendor, service)
        if found is None:
            raise ValueError("no %s: not in this module, or not in this image (services)" % name)
        return found

    def stream(self):
        """One TLS connection that can have the serial line for itself: `escape`, `resume` and the
        calls of a transport (README.md). ValueError: the module has none, or this image.
        """
        found = self.texts("stream", "stream")
        if found.COMMANDS:
            from .online_stream import OnlineStream as Stream
        else:
            from .stream import ModuleStream as Stream
        return self.add(Stream(self, found))

    def ask(self):
        """To be called with an AT command, and awaited: `Ask`."""
        from .ask import Ask

        return self.add(Ask(self))

    def certificates(self, ca, cert=None, key=None):
        """From now on TLS uses these files of the board, paths as `tls` of the configuration has
        them: the first, or renewed ones. The module's are replaced as soon as nothing else is
        going on, connections are closed for that. ValueError: certificate and key go together.
        """
        if not ca or (cert is None) != (key is None):
            raise ValueError("certificates: a CA, and certificate and key together")
        tls = self.cfg["tls"]
        tls["ca"] = ca
        tls["cert"] = cert
        tls["key"] = key
        self.files.good = False
        self.renewed = True
        self.wake()

    def _renew(self, state):
        """The engine is free: take the files that were given."""
        self.renewed = False
        tls = self.cfg["tls"]
        files = self.files
        files.paths = (tls["ca"], tls["cert"], tls["key"])
        files.wanted = True
        files.good = False
        for i in range(len(files.sums)):
            files.sums[i] = _NEVER
        self.checked = False  # (what was damaged on the line is written once more)
        if state == _FILES:
            files.start()
        else:
            self.event(_CHECK)

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

        There are so many connections; where one protocol has all of them, its services are
        `alone`; `s` may want the one that another has.
        """
        left = self.security.most
        alone = s in self.units and s.alone
        for other in self.sockets:
            if other is not s and other.tls and other.state > 0:
                left -= 1
                if other in self.units and other.alone:  # type: ignore[attr-defined]
                    left = 0
                if left <= 0 or alone or other.id == s.id == 1:
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
        if self.reading is not None and self.reading in self.units:
            return False  # bytes still come for it
        if self.renewed and (state == _FILES or state == _ONLINE):
            self._renew(state)
            return True
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

    def event(self, event):
        for service in self.units:
            if service.defers(event):
                return
        Modem.event(self, event)

    def poll(self, now):
        for service in self.units:
            if service.holds:
                self.engine.heard(now)  # silence in data mode is no damage
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
        s = self.active if self.reading is None else self.reading
        if s is not None and s in self.units:
            if s.raw:
                s.raw_data(buf, off, n, now)
            else:
                s.taken(buf, off, n, now)
            return
        Modem.data(self, buf, off, n, now)

    def data_end(self, good, now):
        s = self.reading
        if s is not None and s in self.units:
            self.reading = None
            s.piece_end(good, now)
            return
        s = self.active
        if s is not None and s in self.units and self.reading is None:
            return  # the script's result tells it
        Modem.data_end(self, good, now)
