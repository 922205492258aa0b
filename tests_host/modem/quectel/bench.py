"""A bench for the Quectel pages: what chapter 3 of the SSL note does before it opens anything."""

from tests_host.modem.bench import MS, Bench, S
from tools.modem import m10, m66, m85, m95

MAKERS = {"m10": m10, "m66": m66, "m85": m85, "m95": m95}
OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
BOOT = b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n"
CIPHERS = "AES256-SHA256:AES256-SHA:AES128-SHA:@SECLEVEL=0"  # what these modules can
NETWORK = b"100.64.132."


class QuectelBench(Bench):
    """A Bench with one of the four modules (M95 unless told otherwise)."""

    def __init__(self, services=None, *, module="m95", **settings):
        self.module = module
        super().__init__(services, maker=MAKERS[module], **settings)

    def online(self, names=True):
        """Registered, with an address, several sockets, data to be fetched."""
        self.on()
        return self.connect(names)

    def connect(self, names=True):
        """The same for a module that has just booted."""
        self.run(20 * S)
        assert self.at("AT+QIFGCNT=0") == OK
        assert self.at('AT+QICSGP=1,"CMNET"') == OK
        assert self.at("AT+QIREGAPP") == OK
        assert self.at("AT+QIACT", 10 * S) == OK
        assert self.at("AT+QILOCIP").startswith(b"\r\n" + NETWORK)
        assert self.at("AT+QIMUX=1") == OK
        assert self.at("AT+QINDI=1") == OK
        if names:
            assert self.at("AT+QIDNSIP=1") == OK
        return self

    def upload(self, name, data):
        """Store a certificate or key as a driver does; returns what +QSECWRITE told."""
        assert self.at(f'AT+QSECWRITE="{name}",{len(data)},100') == b"\r\nCONNECT\r\n"
        told = self.type(data, 2 * S)
        assert told.startswith(b"\r\n+QSECWRITE: ") and told.endswith(b"\r\n" + OK)
        return told[len(b"\r\n+QSECWRITE: ") : -len(b"\r\n" + OK)].decode()

    def send(self, line, data):
        """A send of counted bytes; returns what came after the prompt."""
        assert self.at(line) == b"\r\n> "
        return self.type(data, 500 * MS)
