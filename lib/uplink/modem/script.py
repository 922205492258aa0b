"""A vendor's text read as the steps that the command engine runs; nothing is made of it in RAM.

The form of the text is told in `lib/uplink/modems/README.md`. `Script` stands in for the tuple
of steps that `at` describes: `len`, and one step at a time, always in the same list.
"""

from uplink import exact
from uplink.at.line import put, put_int

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_SETTING = const(4)  # of at.codes


class Script:
    """`core` has `vendor.SCRIPTS` ."""

    def __init__(self, core):
        self.core = core
        self.text = core.vendor.SCRIPTS
        self.start = 0
        self.rest = 0  # what `write` writes: text[rest:stop]
        self.stop = 0
        self.what = 0  # the letter for the vendor's `heard`
        self.every = False  # any line is the response,
        self.any = False  # and the command has been sent
        self.head = exact.buffer(32)  # the command up to `=`
        self.response = exact.buffer(32)
        self.step = [0, (self.head, 0), None, None, 0, 0]
        self.key = bytearray(b"\n#?")
        self.line = exact.buffer(32)  # what a URC is looked up by

    def find(self, letter):
        """Take the script `#letter`; False where the vendor has none."""
        self.key[2] = letter
        self.start = self.text.find(self.key) + 3
        return self.start > 2

    def __len__(self):
        text = self.text
        return text.count(b"\n", self.start, text.find(b"\n#", self.start))

    def __getitem__(self, i):
        text = self.text
        step = self.step
        head = self.head
        response = self.response
        at = self.start + 1
        while i > 0:
            at = text.find(b"\n", at) + 1
            i -= 1
        stop = text.find(b"\n", at)
        c = text[at]
        step[0] = 0 if c == 32 else c
        flags = text[at + 1] & 31
        step[5] = flags
        step[4] = (400, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 75_000, 80_000, 150_000)[
            text[at + 2] - 48
        ]
        at += 3
        bar = text.find(b"|", at, stop)
        self.stop = stop if bar < 0 else bar
        exact.clear(head)
        exact.clear(response)
        while at < self.stop:
            c = text[at]
            if c == 61:
                break
            head.append(c)
            at += 1
            if c == 63:
                break
            if len(head) > 2:
                response.append(c)
        response.extend(b": ")
        self.rest = at
        self.every = False
        self.any = False
        step[2] = None
        step[3] = None
        if flags & _SETTING:
            self.rest += 1
        elif bar < 0:
            return step
        else:
            self.what = text[bar + 1]
            if self.what != 45:
                step[3] = "answer"
            bar += 2
            if bar < stop:
                exact.clear(response)
                if text[bar] == 42:
                    self.every = True
                    return step
                while bar < stop:
                    response.append(text[bar])
                    bar += 1
        step[2] = response
        return step

    def write(self, line):
        """Append the rest of the command, variables filled in; False: one cannot be written."""
        text = self.text
        self.any = self.every
        i = self.rest
        stop = self.stop
        while i < stop:
            c = text[i]
            if c == 123:
                if not self.variable(text[i + 1], line):
                    return False
                i += 2
            else:
                line.append(c)
            i += 1
        return True

    def variable(self, letter, line):
        """Variables of command lines; these letters are the same for every vendor."""
        core = self.core
        s = core.active
        sim = core.cfg["sim"]
        if letter == 99:  # c: connection identifier
            put_int(line, s.cid)
        elif letter == 110:  # n: bytes to send or to read
            put_int(line, core.asked_bytes if core.reading is s else s.chunk)
        elif letter == 104:  # h: host
            return put(line, s.host)
        elif letter == 112:  # p: port
            put_int(line, s.port)
            s.asked = True  # from now on a result is this open's
        elif letter == 97:  # a: APN, its user and password
            return put(line, sim["apn"] or core.apn)
        elif letter == 117:
            return put(line, sim["apn_user"] or b"")
        elif letter == 119:
            return put(line, sim["apn_password"] or b"")
        elif letter == 35:  # #: PIN
            return put(line, sim["pin"])
        elif letter == 98:  # b: baud rate
            put_int(line, core.cfg["uart"]["baud"])
        elif letter == 102:  # f: name of the file in the module, and its size
            return put(line, core.files.name())
        elif letter == 122:
            put_int(line, core.files.size)
        elif letter == 103:  # g: host to ping
            return put(line, core.ping_host)
        elif letter == 115:  # s: server name for SNI
            return put(line, core.cfg["tls"]["server_name"] or s.host)
        else:
            return core.vendor.put(core, letter, line)
        return True
