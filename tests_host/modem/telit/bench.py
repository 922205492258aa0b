"""A bench for the Telit pages: contexts, certificates by AT#SSLSECDATA, a secure socket."""

from datetime import UTC, datetime
from functools import partial

from tests_host.modem.bench import MS, Bench, Echo, S, Sink
from tests_host.modem.pki import CA
from tools.modem import TLSService, virtual_modem

__all__ = ["MS", "Echo", "S", "Sink", "TelitBench", "ok", "tls"]

HOST = "broker.example"
IN_2024 = datetime(2024, 6, 1, tzinfo=UTC).timestamp()
AUTHORITY = CA(use_rsa=True)
STRANGER = CA("another CA", use_rsa=True)
SERVER = AUTHORITY.issue(HOST)
DEVICE = AUTHORITY.issue("device")
RSA_SUITES = "DEFAULT:@SECLEVEL=0"  # as OpenSSL's servers: key exchange by RSA, too
OK = b"\r\nOK\r\n"


def ok(*lines):
    """An answer without echo: information lines, OK."""
    text = "\r\n" + "\r\n".join(lines) + "\r\n" if lines else ""
    return (text + "\r\nOK\r\n").encode()


def tls(service=None, server=SERVER, client_ca=None, version=None):
    """A TLS server as there are many: what OpenSSL takes by default."""
    return TLSService(service or Echo(), *server, client_ca, version, RSA_SUITES)


class TelitBench(Bench):
    """A Telit module with services; answers are asserted where a driver would go on."""

    PAGE = "he910"

    def __init__(self, services=None, *, page=None, **options):
        options.setdefault("rtc_unix_s", IN_2024)
        super().__init__(services, maker=partial(virtual_modem, page or self.PAGE), **options)

    def good(self, line, us=2 * S):
        """A command that is answered by OK alone."""
        answer = self.at(line, us)
        assert answer == OK, (line, answer)

    def on(self, echo=False):
        super().on(echo)
        assert self.at("AT+CMEE=2").endswith(OK)
        return self

    def online(self, cid=1):
        """Registered, with an active context."""
        self.on()
        self.good(f'AT+CGDCONT={cid},"IP","apn.example"')
        self.run(20 * S)
        answer = self.at(f"AT#SGACT={cid},1", 3 * S)
        assert answer == ok("#SGACT: 100.64.132.137"), answer
        return self

    def store(self, kind, pem, number=1):
        """A certificate or key in PEM."""
        pem = pem.replace(b"\r", b"")
        answer = self.at(f"AT#SSLSECDATA={number},1,{kind},{len(pem)}")
        assert answer == b"\r\n> ", answer
        answer = self.type(pem + b"\x1a", 2 * S)
        assert answer == OK, answer

    def secure(
        self, *, mode=1, version=3, sni=None, ca=AUTHORITY.pem, pair=None, number=1, suite=0
    ):
        """Everything before AT#SSLD."""
        platform = self.modem.page.PLATFORM
        self.good(f"AT#SSLEN={number},1")
        self.good(f"AT#SSLSECCFG={number},{suite},{mode}")
        if platform.second:
            tail = f",{int(bool(sni))}" if platform.sni >= 0 else ""
            self.good(f"AT#SSLSECCFG2={number},{version}{tail}")
        if ca is not None:
            self.store(1, ca, number)
        if pair is not None:
            self.store(0, pair[0], number)
            self.store(2, pair[1], number)
        return self

    def dial(self, host=HOST, port=8883, mode=1, closure=0, number=1, us=10 * S):
        """AT#SSLD; returns the answer."""
        return self.at(f'AT#SSLD={number},{port},"{host}",{closure},{mode}', us)

    def send(self, data, number=1, us=S):
        """AT#SSLSENDEXT; returns what follows the payload."""
        answer = self.at(f"AT#SSLSENDEXT={number},{len(data)}")
        assert answer == b"\r\n> ", answer
        return self.type(data, us)
