"""An FTP client inside a module (RFC 959, TLS as in RFC 4217): the dialogue, without any AT.

One command is under way at a time; `step(line, done)` sends it and calls done(code, text) with
the reply, or done(0, "") when there is none in time or the connection is gone.
"""

import re

# one line, or lines from "nnn-" to "nnn " (RFC 959, 4.2)
_REPLY = re.compile(rb"(?:(\d{3})-(?:.*\r\n)*?(?=\1 ))?(\d{3}) (.*)\r\n")


class FTPControl:
    """The control connection of a session."""

    def __init__(self, modem, cid, limit_us):
        self.modem = modem
        self.cid = cid
        self.limit_us = limit_us
        self.last = ""  # the last reply, as AT#FTPMSG tells it
        self.extra = []  # replies that nobody waits for yet
        self._got = bytearray()
        self._done = None
        self._limit = None

    def expect(self, done):
        """Wait for a reply without sending anything."""
        if self.extra:
            code, text = self.extra.pop(0)
            self.modem.after(0, done, code, text)
            return
        self._done = done
        self._limit = self.modem.after(self.limit_us, self._answer, 0, "")

    def step(self, line, done):
        one = self.modem.sockets.get(self.cid)
        if one is None or not one.send(line.encode("latin-1") + b"\r\n"):
            self.modem.after(0, done, 0, "")
            return
        self.modem.event("socket", f"{self.cid} sent {line.split(' ')[0]}")
        self.expect(done)

    def waiting(self):
        """Data has come on the control connection."""
        one = self.modem.sockets.get(self.cid)
        if one is None:
            return
        self._got += one.read(1 << 20)
        while True:
            found = _REPLY.match(bytes(self._got))
            if found is None:
                return
            del self._got[: found.end()]
            code, text = int(found.group(2)), found.group(3).decode("latin-1")
            self.last = f"{code} {text}"
            if self._done is None:
                self.extra.append((code, text))
            else:
                self._answer(code, text)

    def closed(self):
        if self._done is not None:
            self._answer(0, "")

    def _answer(self, code, text):
        done, self._done = self._done, None
        self.modem.timers.cancel(self._limit)
        if done is not None:
            done(code, text)


def passive_address(text):
    """(host, port) out of a reply to PASV, or None."""
    found = re.search(r"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)", text)
    if found is None:
        return None
    numbers = [int(one) for one in found.groups()]
    return ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]
