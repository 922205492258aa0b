"""Line discipline: echo, command lines, answers, prompts with counted payload (V.250).

The line is in one of these modes:

- "dead": no power, booting or asleep. Nothing is heard, nothing is said.
- "command": characters are echoed and gathered up to the carriage return.
- "busy": a command runs. What arrives is lost (or kept, by option); a character may abort a
  command that can be aborted, and is lost as well.
- "payload": after a prompt, so many bytes whatever they are.
- "data": a reader of datamode.py hears everything.
- "deaf": the pause after a final result code.
"""

from .command import Command, parse
from .uart import Wire

_NUMBERS = {"OK": 0, "CONNECT": 1, "NO CARRIER": 3, "ERROR": 4}


class Line:
    """The module's end of the UART."""

    def __init__(self, modem):
        self.modem = modem
        self.rx = Wire(modem.rng_for("wire in"), "in")
        self.tx = Wire(modem.rng_for("wire out"), "out")
        self.mode = "dead"
        self.buffer = bytearray()
        self.command = None
        self.last = b""
        self.verbose = True
        self.need = 0
        self.got = bytearray()
        self.done = None
        self.reader = None  # in "data" mode
        self.next_reader = None  # takes the line once it is free
        self.limit = None
        self.quiet_since = 0
        self.held_out = bytearray()  # what hardware flow control keeps back
        self.held = False
        self.unheard = 0  # bytes that came in vain

    # from the host

    def arriving(self, data, now_us, baud):
        if self.mode == "dead" or (self.mode == "busy" and not self._keeps()):
            self.consume(now_us)
        self.rx.send(data, now_us, baud, "unheard")

    def due(self):
        """When the line has something to do because of bytes under way."""
        mode = self.mode
        if mode == "command":
            return self.rx.arrival(b"\r")
        if mode == "payload":
            return self.rx.arrival(None, self.need - len(self.got))
        if mode == "data":
            return self.reader.due()
        if mode == "busy" and self.command is not None and self.command.abortable:
            return self.rx.arrival(None, 1)
        return None

    def _keeps(self):
        return self.modem.options.busy_input == "kept"

    def consume(self, now_us):
        """Hear what has arrived whole by now_us."""
        while True:
            mode = self.mode
            if mode == "command":
                found = self.rx.take_line(b"\r", now_us)
                if found is None:
                    return
                self._characters(found[1], found[0])
            elif mode == "payload":
                start = self.rx.position()
                data = self.rx.take(now_us, self.need - len(self.got))
                if not data:
                    return
                self._mark(start, len(data), "payload")
                self.modem.note("<", data)
                if self.echoes_payload():
                    self.write("echo", data)
                self.got += data
                if len(self.got) >= self.need:
                    self._payload_done(bytes(self.got))
            elif mode == "data":
                if not self.reader.hear(now_us):
                    return
            elif mode == "busy" and self._keeps() and not self._abortable():
                return
            else:
                data = self.rx.take(now_us)
                if not data:
                    return
                self._vain(data)

    def echoes_payload(self):
        modem = self.modem
        wanted = modem.options.echo_payload or modem.page.ECHO_PAYLOAD
        return wanted and modem.settings["E"]

    def _abortable(self):
        return self.command is not None and self.command.abortable

    def _vain(self, data):
        self.unheard += len(data)
        self.modem.note("!", data)
        if self.mode == "busy" and self._abortable() and data.strip(b"\n"):
            command = self.command
            command.abortable = False
            if command.on_abort is not None:
                command.on_abort()
            command.final("ERROR")

    def _mark(self, start, count, context):
        for record in reversed(self.rx.damage):
            if record.index < start - 1:
                break
            # (the byte before was heard as something else, as a rule)
            if record.index < start + count and record.context == "unheard":
                record.context = context

    def _characters(self, data, first_us):
        modem = self.modem
        self._mark(self.rx.position() - len(data), len(data), "command")
        if not self.buffer:
            modem.faults.boundary("before echo")
        modem.note("<", data)
        modem.touched()
        if not modem.tuned():
            self._tune(data)
            return
        if modem.rates_differ():
            return  # noise: characters, but never a command line
        if modem.settings["E"]:
            self.write("echo", data, first_us)
        self.buffer += data.replace(b"\n", b"")
        while b"\x08" in self.buffer:
            at = self.buffer.index(b"\x08")
            del self.buffer[max(0, at - 1) : at + 1]
        if not self.buffer.endswith(b"\r"):
            del self.buffer[4096:]
            return
        text = bytes(self.buffer[:-1])
        self.buffer.clear()
        modem.faults.boundary("echo")
        self._command_line(text)

    def _tune(self, data):
        """Automatic baud rate: an AT at a rate that is known sets it."""
        self.buffer += data
        if self.buffer[-1:] == b"\r":
            heard = bytes(self.buffer).strip()
            self.buffer.clear()
            self.modem.autobaud(heard.upper()[:2] == b"AT")
        del self.buffer[:-64]

    def _command_line(self, text):
        at = text.upper().find(b"AT")
        slash = text.upper().find(b"A/")
        if slash >= 0 and at < 0 and self.last:
            body = self.last
        elif at < 0:
            return
        else:
            body = text[at + 2 :]
        self.last = body
        commands = parse(body) if len(text) <= self.modem.page.LINE_LIMIT else None
        self.mode = "busy"
        modem = self.modem
        delay = modem.latency_us()
        if commands is None:
            modem.count("malformed")
            bad = Command(self, "", "exec", [], [])
            self.command = bad
            modem.after(delay, bad.error)
        elif not commands:
            self.next_command([("", "exec", [])], None, delay)
        else:
            self.next_command(commands, None, delay)

    def next_command(self, commands, before, delay=0):
        """Begin the first of `commands`; the others follow when it ended well."""
        name, op, args = commands[0]
        command = Command(self, name, op, args, commands[1:])
        if before is not None:
            command.first, command.held = before.first, before.held
            command.fault = before.fault
            command.swallowed = before.swallowed
        self.command = command
        modem = self.modem
        modem.count(name or "AT")
        modem.event("command", modem.page.describe(command))
        if modem.faults.command(command):
            modem.after(delay, modem.page.execute, command)

    # to the host

    def payload(self, command, count, limit_us, done):
        self.consume(self.modem.now)  # what came before the prompt came in vain
        self.mode = "payload"
        self.need = count
        self.got = bytearray()
        self.done = done
        self.limit = self.modem.after(limit_us, self._payload_late)

    def listen(self, reader):
        """A reader of datamode.py takes the line from the command that runs."""
        self.consume(self.modem.now)
        if self.mode != "dead":
            self._take(reader)

    def listen_when_free(self, reader):
        """The same for something that comes by itself: once the command that runs has ended."""
        self.consume(self.modem.now)
        if self.mode == "command":
            self._take(reader)
        elif self.mode != "dead":
            self.next_reader = reader

    def _take(self, reader):
        if self.reader is not None:
            self.reader.drop()
        self.buffer.clear()
        self.next_reader = None
        self.reader = reader
        self.mode = "data"
        reader.begin()

    def release(self):
        """What the data mode was for has ended: command lines are heard again."""
        if self.next_reader is not None:
            self.next_reader.drop()
            self.next_reader = None
        self.consume(self.modem.now)
        if self.silent():
            self.reader.drop()
            self.reader = None
            self.mode = "busy"
            self.free()

    def silent(self):
        """Whether URCs are kept from the line."""
        return self.mode == "data" and not self.reader.urcs

    def _payload_late(self):
        self.consume(self.modem.now)
        if self.mode == "payload":
            self._payload_done(None)

    def _payload_done(self, data):
        self.modem.timers.cancel(self.limit)
        self.limit = None
        self.mode = "busy"
        self.modem.touched()
        self.done(data)

    def finish(self, command, text):
        """The final result code of `command`; the line is free again."""
        settings = self.modem.settings
        if text and not settings["Q"]:
            if self.verbose:
                command._say("final", b"\r\n" + text.encode() + b"\r\n")
            elif text in _NUMBERS:
                command._say("final", b"%d\r" % _NUMBERS[text])
            else:
                command._say("final", text.encode() + b"\r\n")
        self.verbose = bool(settings["V"])
        self.modem.event("final", text or "(none)")
        if not self.modem.faults.finished(command) and self.mode != "dead":
            self.free()

    def free(self):
        """Ready for the next command line (after the pause that the module needs)."""
        modem = self.modem
        self.consume(modem.now)
        self.command = None
        if self.next_reader is not None:
            self._take(self.next_reader)
            return
        pause = int((modem.options.pause_ms or modem.page.PAUSE_MS) * 1000)
        modem.touched()
        if pause:
            self.mode = "deaf"
            end = max(modem.now, self.tx.busy_until) + pause
            modem.after(end - modem.now, self._hear)
        else:
            self.mode = "command"

    def _hear(self):
        self.consume(self.modem.now)
        if self.mode == "deaf":
            self.mode = "command"
            if self.next_reader is not None:
                self._take(self.next_reader)

    def unit(self, kind, data):
        """One line of an answer (or one counted payload): URCs may stand before or after it."""
        self.modem.faults.boundary(kind)
        if self.mode != "dead":
            self.write(kind, data)

    def write(self, kind, data, start_us=None):
        """Put bytes on the wire, if anything can be said at all."""
        modem = self.modem
        if self.mode == "dead" or not modem.tuned():
            return
        modem.note(">", data)
        if modem.rates_differ():
            data = modem.noise(max(1, len(data) * modem.host_baud // modem.baud))
        if self.held:
            self.held_out += data
            return
        start = modem.now if start_us is None else start_us
        self.tx.send(data, start, modem.host_baud or modem.baud, kind)

    def flow(self, ready):
        """RTS from the host: hold what has not left yet, or let it go."""
        if not ready and not self.held:
            self.held = True
            self.held_out += self.tx.cut(self.modem.now)
        elif ready and self.held:
            self.held = False
            data, self.held_out = bytes(self.held_out), bytearray()
            if data:
                self.tx.send(
                    data, self.modem.now, self.modem.host_baud or self.modem.baud, "answer"
                )

    # power

    def up(self):
        self.consume(self.modem.now)
        self.mode = "command"
        self.buffer.clear()
        self.command = None
        self.verbose = bool(self.modem.settings["V"])

    def down(self):
        """The UART dies: what is half said is cut."""
        self.consume(self.modem.now)
        self.mode = "dead"
        self.command = None
        self.done = None
        if self.reader is not None:
            self.reader.drop()
        self.reader = self.next_reader = None
        self.buffer.clear()
        self.held_out.clear()
        kept = self.tx.take(self.modem.now)
        self.tx.clear(self.modem.now)
        if kept:  # it had arrived before
            self.modem.arrived += kept
