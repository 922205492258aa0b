"""A module that is added (larch.py) as the whole device, with the heap locked after start."""

import added
from fake_module import FakeBoard
from test_heap import takes_no_heap


class FakeLarch(FakeBoard):
    """Its connections, and the answers that are its own."""

    TYPE = b"larch"
    TIME = b"#TEMP: 41"  # (it does not tell the time unasked)
    SENT = b"TAKEN"
    RESTARTED = b"HELLO"
    CLOSED = b'#LINK: 1,"closed"'
    WAITING = b'#LINK: 1,"data"'
    ANSWERS = {
        b"AT+LECHO?": b"+LECHO: 0",
        b"AT+IPR?": b"+IPR: 115200",
        b"AT+LSLEEP?": b"+LSLEEP: 0",
        b"AT+CGMM": b"LARCH L3",
        b"AT+CGMR": b"L3.04",
        b"AT+CGSN": b"869951037053562",
        b"AT+CPIN?": b"+CPIN: READY",
        b"AT+CIMI": b"901405101234567",
        b"AT+CCID": b"8944501012345678901F",
        b"AT+COPS?": b'+COPS: 0,0,"FloLive",7',
        b"AT+CEREG?": b"+CEREG: 1,5",
        b"AT+LNET?": b'+LNET: 1,"100.64.132.137"',
        b"AT+CCLK?": b'+CCLK: "26/06/13,18:40:54-16"',
        b"AT+CSQ": b"+CSQ: 25,99",
    }

    def _command(self, line):
        end = b"DONE"
        if line in self.answers:
            self.say(self.answers[line])
            end = b"OK"
        elif line == b"AT+LLINK?":
            self.say(b"+LLINK: 1,1" if self.open else b"+LLINK: 0,0")
        elif line.startswith(b"AT+LOPEN=1,"):
            self.open = True
            self.inbox = b""
            self.tcp = b""
            self.armed = True
            self.say(b"DONE")
            end = b'#LINK: 1,"open"'
        elif line.startswith(b"AT+LPUT=1,"):
            end = b"FAULT"
            if self.open:
                self.want = int(line[line.find(b",") + 1 :])
                end = b"INPUT"
        elif line.startswith(b"AT+LGET=1,"):
            n = min(int(line[line.find(b",") + 1 :]), len(self.inbox))
            if n:
                left = len(self.inbox) - n
                self.to_host += b"\r\nDATA %d,%d\r\n" % (n, left) + self.inbox[:n] + b"\r\n"
                self.inbox = self.inbox[n:]
            self.armed = not self.inbox
        elif line.startswith(b"AT+LSHUT=1"):
            end = b"DONE" if self.open else b"FAULT"
            self.open = False
        else:
            end = b"OK"
        self.say(end)


def test_an_added_module_takes_no_heap():
    put = added.add()
    try:
        takes_no_heap(FakeLarch)
    finally:
        added.remove(put)
