"""A vendor's text read as the steps that the command engine runs; nothing is made of it in RAM.

The form of the text is told in `lib/uplink/modems/README.md`. `Script` stands in for the tuple
of steps that `at` describes: `len`, and one step at a time, always in the same list.
"""

from uplink import exact
from uplink.at import put, put_int, unpack
from uplink.modem.states import const

_MAY_FAIL = const(1)  # of at.codes
_SETTING = const(4)
_PAYLOAD = const(8)
_NOT_MINE = const(-2)


# What the digits of lines stand for.
_PAIRS = b"\x80"  # in an image: what the bytes of packed texts stand for (firmware/rom/pack.py)
_LIMITS_MS = (400, 1000, 2000, 5000, 10000, 15000, 30000, 75000, 80000, 150000, 180000)


class Script:
    """`core` has `vendor.SCRIPTS` ."""

    def __init__(self, core):
        self.core = core
        self.found = None  # a vendor's tables, when those in use only find out which
        self.start = 0
        self.steps = 0
        self.row = 0  # the line read last, and where it begins
        self.at = 0
        self.text = exact.buffer(64)  # that line, without the response that is expected
        self.what = 0  # the letter for the vendor's `heard`
        self.query = False  # it asks for a setting
        self.every = False  # any line is the response,
        self.any = False  # and the command has been sent
        self.head = exact.buffer(32)  # the command up to `=`
        self.response = exact.buffer(32)
        self.step = [0, (self.head, 0), None, None, 0, 0]
        self.line = exact.buffer(96)  # what a URC is looked up by; a setting

    def find(self, letter):
        """Take the script `#letter`; False where the vendor has none."""
        key = self.line
        exact.clear(key)
        key.extend(b"\n#")
        key.append(letter)
        text = self.core.vendor.SCRIPTS
        self.start = at = text.find(key) + 3
        self.row = 0
        self.at = at + 1
        self.steps = 2 * text.count(b"\n", at, text.find(b"\n#", at))
        return at > 2

    def __len__(self):
        return self.steps

    def __getitem__(self, i):
        """Two steps a line: the query of a setting (else passed over); the command."""
        packed = self.core.vendor.SCRIPTS
        text = self.text
        step = self.step
        head = self.head
        response = self.response
        row = i >> 1
        if row < self.row:
            self.row = 0
            self.at = self.start + 1
        at = self.at
        while self.row < row:
            self.row += 1
            at = packed.find(b"\n", at) + 1
        self.at = at
        exact.clear(text)
        unpack(text, packed, at, _PAIRS)
        flags = text[1] & 31
        setting = flags & _SETTING
        self.query = not i & 1
        if self.query and not setting:
            step[0] = 1  # no condition
            return step
        step[0] = 0 if text[0] == 32 else text[0]
        step[4] = _LIMITS_MS[text[2] - 48]
        step[5] = _MAY_FAIL if self.query else flags - setting
        exact.clear(head)
        exact.clear(response)
        self.every = False
        self.any = False
        step[2] = None
        step[3] = "answer"
        bar = text.find(b"|")
        if bar >= 0:
            self.what = text[bar + 1]
            at = bar + 2
            while at < len(text):
                response.append(text[at])
                at += 1
            exact.cut(text, bar)
        rest = text.find(b"=")
        if rest < 0:
            rest = len(text)
        at = 3
        while at < rest:
            head.append(text[at])
            at += 1
        if not self.query and bar < 0:
            return step
        if not response:
            # the command without AT and `?`
            if text[rest - 1] == 63:
                rest -= 1
            at = 5
            while at < rest:
                response.append(text[at])
                at += 1
            response.extend(b": ")
        if response[0] == 42:
            self.every = True
        elif flags & _PAYLOAD:
            step[2] = self.core.vendor.PROMPT
        else:
            # the engine compares constants only: `answer` looks at the rest
            step[2] = b"#" if response[0] == 35 else b"+"
        return step

    def answer(self, m, c):
        """The response of the step; verdicts as of handlers."""
        if not self.any:
            # the engine has compared one byte
            at = c.pos - 1
            n = at + len(self.response)
            if c.buf.find(self.response, at, n) < 0:
                return _NOT_MINE
            c.pos = n
            if self.query:
                # is the setting what it should be, in one of its lines, as far as we write it?
                # Then the next step is passed over
                line = self.line
                exact.clear(line)
                self.value(line, 4 + len(self.head))
                end = n + len(line)
                if c.buf.find(line, n, end) < 0 or end < c.end and c.buf[end] != 44:
                    return None
                return 1 if end <= c.end else None
        return m.vendor.heard(m, c, self.what)

    def write(self, line):
        """Append the rest of the command; False: a variable of it cannot be written."""
        self.any = self.every
        if self.query:
            line.append(63)
            return True
        return self.value(line, 3 + len(self.head))

    def value(self, line, i):
        """Append the command from place `i` of its text on, variables filled in."""
        text = self.text
        while i < len(text):
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
            put_int(line, s.id)
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
