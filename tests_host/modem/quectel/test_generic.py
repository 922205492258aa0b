"""What holds for every page, for these four."""

import random

import pytest

from tests_host.modem.bench import MS, Echo, S
from tests_host.modem.quectel.bench import CIPHERS, MAKERS, OK, QuectelBench
from tests_host.modem.quectel.pki import HOST, SERVER
from tests_host.modem.test_fuzz import fuzz_line
from tools.modem import FAULTS, PAGES, TLSService

NAMES = [name for name in PAGES["m95"].COMMANDS if name not in ("QPOWD", "IPR")]


def _bench(module, echo=None, **options):
    server = TLSService(echo or Echo(), *SERVER, ciphers=CIPHERS)
    services = {(HOST.encode(), 8883): server, (b"host", 7): Echo()}
    return QuectelBench(services, module=module, **options).online()


def _back(b):
    """Whatever it is in: Ctrl-Z, silence, `+++`, silence, and a command line of its own."""
    b.run(240 * S)
    b.modem.pin("RTS", True, b.now)
    b.modem.pin("DTR", True, b.now)
    b.run(20 * S)
    b.type(b"\x1a", 40 * S)
    b.type(b"+++", 2 * S)
    b.type(b"\r", S)
    b.at("ATV1Q0", S)
    return b.at("AT", S)


@pytest.mark.parametrize("module", MAKERS)
@pytest.mark.parametrize("seed", range(5))
def test_random_lines(module, seed):
    rng = random.Random(seed)
    b = _bench(module, seed=seed)
    for _ in range(150):
        b.type(fuzz_line(rng, NAMES), rng.choice([1 * MS, 100 * MS, 2 * S]))
    assert _back(b).endswith(OK), f"{module} seed {seed}"


@pytest.mark.parametrize("module", MAKERS)
def test_random_bytes(module):
    rng = random.Random(3)
    b = QuectelBench(module=module).on()
    for _ in range(50):
        b.type(rng.randbytes(rng.randrange(1, 700)), rng.choice([0, 10 * MS, S]))
    assert _back(b).endswith(OK)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_happens_by_itself_and_the_modem_lives_on(name):
    b = _bench("m95", seed=3)
    b.at('AT+QSSLCFG="sslversion",0,3')
    b.at(f'AT+QSSLOPEN=1,0,"{HOST}",8883,0', 5 * S)
    b.modem.fault(name)
    for _ in range(20):
        b.at("AT+CSQ", S)
    b.modem.fault("none")
    b.pulse("EMERG_OFF", 100 * MS)
    b.run(10 * S)
    if b.modem.status:  # wedged until a power cycle
        b.pulse("PWRKEY", 800 * MS)
        b.run(15 * S)
    b.pulse("PWRKEY", S)
    b.run(10 * S)
    assert b.modem.status and b.at("AT").endswith(OK)


def _noisy_run(seed):
    b = _bench("m66", seed=seed, latency_jitter_ms=20.0, register_jitter_ms=900.0)
    for kind in ("lose", "double", "garble"):
        b.modem.fault(kind, rate=0.01)
    b.modem.fault("urc_anywhere", rate=0.2)
    said = b.at('AT+QIOPEN=1,"TCP","host",7', S)
    for _ in range(30):
        said += b.at("AT+QISEND=1,9") + b.type(b"payload 9") + b.at("AT+QIRD=0,1,1,50")
    return said, list(b.modem.log), [repr(d) for d in b.modem.damage]


def test_the_same_seed_does_the_same():
    assert _noisy_run(1) == _noisy_run(1)
    assert _noisy_run(1)[0] != _noisy_run(2)[0]


@pytest.mark.parametrize("step", [100, 1000, 37_003])
def test_any_polling_says_the_same(step):
    def play(step):
        b = QuectelBench({(b"host", 7): Echo()}, baud=115200).online()
        b.modem.receive(b'AT+QIOPEN=1,"TCP","host",7\r', b.now)
        end, out = b.now + 2 * S, b""
        while b.now < end:
            b.now += step
            b.modem.poll(b.now)
            out += b.modem.take(b.now)
        return out

    assert play(step) == OK + b"\r\n1, CONNECT OK\r\n"


@pytest.mark.parametrize("module", MAKERS)
def test_hardware_flow_control_holds_what_is_said(module):
    b = QuectelBench(module=module).on()
    b.modem.pin("RTS", True, b.now)
    assert b.at("AT+IFC=2,2") == OK
    b.modem.pin("RTS", False, b.now)
    assert b.at("AT") == b""
    b.modem.pin("RTS", True, b.now)
    assert b.run(S) == OK
