"""Whatever comes over the line, the modem does not fall over, and finds its way back."""

import random

import pytest

from tests_host.modem.bench import MS, Bench, Echo, S
from tools.modem import PAGES, SimNetwork

NAMES = [name for name in PAGES["sim7000"].COMMANDS if name not in ("CPOWD", "IPR")]
ARGS = [
    "",
    "0",
    "1",
    "2",
    "5",
    "9",
    "1460",
    "99999999999",
    '"',
    '""',
    '"host"',
    "7",
    "-1",
    '"ssl"',
]
ARGS += ['"cacert"', '"convert"', '"\xb2"', "\xb2", '"f"', '"24/01/01,00:00:00+00"', '"00000001"']


def fuzz_line(rng, names=NAMES):
    """A command line of one of `names` with arguments that may not fit, and broken bytes."""
    name = rng.choice(names)
    text = "AT" + ("+" if len(name) > 1 and name[0] != "&" else "") + name
    text += rng.choice(["", "?", "=?", "=", "="])
    if text.endswith("="):
        text += ",".join(rng.choice(ARGS) for _ in range(rng.randrange(6)))
    data = bytearray(text.encode("latin-1"))
    for _ in range(rng.randrange(3)):
        if rng.random() < 0.3:
            data.insert(rng.randrange(len(data) + 1), rng.randrange(256))
    return bytes(data) + b"\r"


@pytest.mark.parametrize("seed", range(20))
def test_random_lines(seed):
    rng = random.Random(seed)
    b = Bench({(b"host", 7): Echo()}, seed=seed).online()
    for _ in range(150):
        b.type(fuzz_line(rng), rng.choice([1 * MS, 100 * MS, 2 * S]))
    b.run(120 * S)
    b.modem.pin("RTS", True, b.now)
    b.modem.pin("DTR", True, b.now)
    b.run(20 * S)
    b.type(b"\r", S)
    b.at("ATV1Q0", S)
    assert b.at("AT", S).endswith(b"\r\nOK\r\n"), f"seed {seed}"


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes(seed):
    rng = random.Random(seed)
    b = Bench(seed=seed).on()
    for _ in range(50):
        b.type(rng.randbytes(rng.randrange(1, 700)), rng.choice([0, 10 * MS, S]))
    b.run(20 * S)
    b.type(b"\r", S)
    assert b.at("AT", S).endswith(b"OK\r\n"), f"seed {seed}"


def test_flow_of_a_message_behind_a_nat():
    echo = Echo()
    b = Bench(network=SimNetwork({(b"host", 7): echo}, nat_idle_s=150)).online()
    b.at('AT+CAOPEN=0,"host",7', S)
    b.at("AT+CASEND=0,1")
    assert b"CADATAIND" in b.type(b"a")
    b.at("AT+CARECV=0,9")
    b.run(160 * S)
    b.at("AT+CASEND=0,1")
    assert b"CADATAIND" not in b.type(b"b", 60 * S) and echo.got == b"a"
