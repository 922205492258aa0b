"""One AT command of the application's own, and what the module answers: `ServiceModem.ask()`."""

from uplink.at import cme, codes
from uplink.errors import ATError
from uplink.loop import Event
from uplink.modem.states import const
from uplink.port.ticks import FOREVER

from .service import Service, ServiceScript

_MOST = const(180)  # bytes of a command line
_LINES = const(16)  # of an answer
_CME = const(2)  # of at.codes
_WORK = const(5)
_TIMEOUT = const(5)
_PAYLOAD = const(8)
_DOING_SOCKET = const(16)
_DOING_SEND = const(18)
_STOPPED = const(11)


class AskScript(ServiceScript):
    """Hands each line of the answer on."""

    def answer(self, m, c):
        return self.core.line(c)


class Ask(Service):
    """`lines = await ask(b"AT#SSLEN?")`: its information responses; `ATError` where it fails.

    For what no other call asks: it changes nothing behind the driver's back only as long as the
    command is a question. One at a time (takes heap).

    `data`: what goes out behind the prompt, and what ends it (`b"text\\x1a"`); lines of an answer
    behind it are not told. `prompt`: a line that stands for one (`b"CONNECT"` of AT+QSECWRITE).
    `count`: so many lines are all of the answer, no final result code follows (AT+QILOCIP: 1).
    """

    # what this one has for `vendor`: no texts of its own
    REASONS = ()

    def __init__(self, core):
        super().__init__(core, self, "ask")
        self.script = AskScript(self)
        self.SCRIPTS = core.vendor.SCRIPTS
        self.event = Event(core.loop)
        self.command = b""
        self.content = None
        self.name_end = 0
        self.lines = []
        self.count = 0
        self.sum_at = 0  # a checksum of the driver's own files (modem.files)
        self.sum = 0
        self.result = 0
        self.cme = -1
        # any line; or those that begin with the command's own name
        self.steps = ([0, (b"AT", 65), b"", "answer", 30_000, 0],)

    def __call__(self, command, limit_ms=30_000, data=None, prompt=b">", count=0):
        """`command`: bytes as they go out, without the line end."""
        if self.state:
            raise ValueError("ask: one at a time")
        good = 2 < len(command) < _MOST and command[:2] == b"AT"
        if not good or min(command) < 32 or max(command) > 126:
            raise ValueError("ask: no command")
        self.command = command
        end = 2
        while end < len(command) and command[end] not in b"=?":
            end += 1
        self.name_end = end
        self.content = data
        self.count = count
        step = self.steps[0]
        step[5] = 0
        if data is not None:
            step[5] = _PAYLOAD
            step[2] = prompt
        else:
            step[2] = command[2:3] if command[2] in b"#+" and end < len(command) else b""
        step[4] = limit_ms
        self.lines = []
        self.wants()
        return self

    def __iter__(self):
        while self.state:
            self.event.clear()
            yield from self.event.wait()
        if self.result:
            text = cme.text(self.cme).decode() if self.cme >= 0 else ""
            raise ATError(self.command.decode(), self.cme, text or codes.name(self.result))
        return self.lines

    __await__ = __iter__

    # ---- of Service -----------------------------------------------------------------------------

    def begin(self):
        return 1

    def serve(self, now):
        core = self.core
        core.active = self
        # (a send that is cut off leaves a module that waits for the rest)
        core.doing = _DOING_SOCKET + _WORK if self.content is None else _DOING_SEND
        core.script = self.script
        self.letter = 1  # it has been put
        self.sum_at = core.files.index
        self.sum = core.files.sums[self.sum_at]
        self.script.any = not self.steps[0][2]  # (the engine takes such lines for URCs)
        core.engine.run(self.steps, now)

    def payload(self, engine):
        """The data, once."""
        content = self.content
        if engine.out is content:
            return False
        engine.out = content
        engine.out_pos = 0
        engine.out_end = len(content)
        return True

    def put(self, s, letter, line):
        line.extend(memoryview(self.command)[2:])
        return True

    def when(self, s, condition):
        return True

    def heard(self, s, c, what):
        return None

    def line(self, c):
        """An information response; of another command it is a URC."""
        buf = c.buf
        c.rest()
        if self.steps[0][2]:
            name = memoryview(self.command)[2 : self.name_end]
            start = c.first - 1
            if bytes(buf[start : start + len(name)]) != bytes(name):
                return -2
            c.first = start
        if len(self.lines) < _LINES:
            self.lines.append(bytes(buf[c.first : c.last]))
        if len(self.lines) == self.count:
            self.core.engine.result(0, self.core.now)
        return None

    def ended(self, letter, result, now):
        self.result = result
        self.cme = self.core.engine.cme if result == _CME else -1
        self._over()
        if result == _TIMEOUT and self.content is not None:
            self.core.unsent()

    def failed(self, reason, now):
        self.result = _STOPPED
        self.cme = -1
        self._over()

    def _over(self):
        if self.letter:
            # (a file that was written here is none of the driver's: what was told of it is not)
            self.core.files.sums[self.sum_at] = self.sum
            self.letter = 0
        self.state = 0
        self.event.set()

    def poll(self, now):
        return FOREVER
