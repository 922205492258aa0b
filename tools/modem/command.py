"""Command lines taken apart, and one command being carried out (V.250, 5.2)."""

import re

_EXTENDED = re.compile(rb"(?:\+(?!#)|(?=#))(#?[A-Za-z0-9]+)(=\?|\?|=)?")
_BASIC = re.compile(rb"(&?[A-Za-z])(\d*)")
_REGISTER = re.compile(rb"[Ss](\d+)(?:=(\d+)|(\?))")


class Quoted(str):
    """An argument that came in quotes (they are taken off)."""


def split_arguments(text):
    """Split at commas outside quotes and take the quotes off; None when they do not balance."""
    if text.count(b'"') % 2:
        return None
    parts = re.findall(rb'(?:"[^"]*"|[^,"])*(?:,|$)', text)
    found = []
    for part in parts:
        comma = part.endswith(b",")
        part = (part[:-1] if comma else part).strip(b" ")
        if len(part) >= 2 and part[:1] == part[-1:] == b'"':
            found.append(Quoted(part[1:-1].decode("latin-1")))
        else:
            found.append(part.decode("latin-1"))
        if not comma:
            break
    return found


def parse(body):
    """The commands of a line (behind its AT): [(name, op, args)] or None when it is malformed.
    op is "exec", "set", "read" or "test"; basic commands come as ("E", "set", ["0"]), those that
    begin with # keep it: ("#SGACT", "read", []); S registers are ("S", "set", ["12", "50"])."""
    found = []
    while body:
        if body[:1] in (b" ", b";"):
            body = body[1:]
            continue
        match = _EXTENDED.match(body)
        if match:
            name = match.group(1).decode().upper()
            if len(name) == 1:
                name = "+" + name  # not the basic command of that letter
            mark = match.group(2)
            rest = body[match.end() :]
            cut = len(rest)
            quoted = False
            for i, byte in enumerate(rest):
                if byte == 0x22:
                    quoted = not quoted
                elif byte == 0x3B and not quoted:
                    cut = i
                    break
            text, body = rest[:cut], rest[cut:]
            if mark == b"=":
                args = split_arguments(text)
                if args is None:
                    return None
                found.append((name, "set", args))
            elif text.strip():
                return None
            else:
                op = {None: "exec", b"?": "read", b"=?": "test"}[mark]
                found.append((name, op, []))
            continue
        match = _REGISTER.match(body)
        if match:
            args = [one.decode() for one in match.groups()[:2] if one is not None]
            found.append(("S", "read" if match.group(3) else "set", args))
            body = body[match.end() :]
            continue
        match = _BASIC.match(body)
        if not match:
            return None
        found.append((match.group(1).decode().upper(), "set", [match.group(2).decode()]))
        body = body[match.end() :]
    return found


class Command:
    """One command being carried out, and the answer it makes."""

    def __init__(self, line, name, op, args, more):
        self.line = line
        self.modem = line.modem
        self.name = name
        self.op = op
        self.args = args
        self.more = more  # further commands of the same line
        self.abortable = False
        self.on_abort = None
        self.finished = False
        self.held = None  # a list while the answer is kept back by a fault
        self.fault = None  # that fault
        self.swallowed = False
        self.first = True

    def arg(self, i, default=""):
        return self.args[i] if 0 <= i < len(self.args) and self.args[i] != "" else default

    def number(self, i, default=None):
        """Argument i as int; `default` when it is missing, None when it is no number."""
        text = self.arg(i, None)
        if text is None:
            return default
        return int(text) if re.fullmatch(r"\d{1,9}", text) else None

    def info(self, text):
        """One line of information response."""
        if isinstance(text, str):
            text = text.encode("latin-1")
        head = b"\r\n" if self.first and self.line.verbose else b""
        self.first = False
        self._say("answer", head + text + b"\r\n")

    def raw(self, kind, data):
        self._say(kind, data)

    def ok(self):
        if self.more and not self.finished:
            self.finished = True
            self.line.next_command(self.more, self)
        else:
            self.final("OK")

    def error(self):
        self.final("ERROR")

    def cme(self, code):
        """An error with a reason, as AT+CMEE wants it told."""
        self.final(self.modem.page.cme_text(self.modem, code))

    def final(self, text):
        if self.finished:
            return
        self.finished = True
        self.line.finish(self, text)

    def listen(self, text, make, *args, **settings):
        """Say `text` (whole, or None), then let a reader of datamode.py hear the line:
        make(line, *args, **settings)."""
        if text is not None and not self.swallowed:
            self.line.unit("prompt", text)
        self.line.listen(make(self.line, *args, **settings))

    def prompt(self, text, count, limit_us, done, framed=True):
        """Say `text`, then take `count` bytes and call done(data), or done(None) after limit."""
        if not self.swallowed:  # a late answer keeps back what follows the payload, not the prompt
            self.line.unit("prompt", b"\r\n" + text if framed else text)
        self.line.payload(self, count, limit_us, done)

    def _say(self, kind, data):
        if self.swallowed:
            return
        if self.held is not None:
            self.held.append((kind, data))
        else:
            self.line.unit(kind, data)
