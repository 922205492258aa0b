"""Quectel: certificates and keys in RAM and NVRAM (AT+QSECWRITE, AT+QSECREAD, AT+QSECDEL)."""

import re

from .. import cme
from ..datamode import DataMode
from .quectel_args import number, string
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

RAM_MAX = 32_768
NVRAM_MAX = 2025
NVRAM_NAMES = ("CA0", "CA1", "CC0", "CK0")
FLASH_US = 5_000_000  # for so long a write to NVRAM is not safe from EMERG_OFF
_SUMS = "sums of NVRAM"  # the directory of the checksums that were stored with the files


def checksum(data):
    """XOR of 16-bit words, high byte first; an odd last byte is a high one."""
    if len(data) % 2:
        data += b"\0"
    high = low = 0
    for byte in data[::2]:
        high ^= byte
    for byte in data[1::2]:
        low ^= byte
    return high << 8 | low


def place(name):
    """("RAM" or "NVRAM", the name there), or None when there can be no such file."""
    where, _, rest = (name or "").partition(":")
    if where == "NVRAM" and rest in NVRAM_NAMES:
        return where, rest
    if where == "RAM" and re.fullmatch(r"[\x21\x23-\x7e]{1,64}", rest):
        return where, rest
    return None


def read(modem, name):
    """(bytes, the checksum that was stored with them) of a file; None: no such file."""
    found = place(name)
    if found is None:
        return None
    where, rest = found
    if where == "RAM":
        return modem.page_state.ram.get(rest)
    data = modem.files.read("NVRAM", rest)
    if data is None:
        return None
    told = modem.files.read(_SUMS, rest)
    return data, checksum(data) if told is None else int.from_bytes(told, "big")


def intact(modem, name):
    """The bytes of a file that is as it was written, or None."""
    found = read(modem, name)
    return found[0] if found and checksum(found[0]) == found[1] else None


def corrupt(modem, name=""):
    """A byte of a file in NVRAM changes; returns its name."""
    stored = [one for where, one in modem.files.files if where == "NVRAM"]
    wanted = name.removeprefix("NVRAM:")
    for one in stored:
        if not wanted or one == wanted:
            data = bytearray(modem.files.read("NVRAM", one))
            at = modem.rng.randrange(len(data))
            data[at] ^= 1 << modem.rng.randrange(8)
            keep = modem.files.read(_SUMS, one) or checksum(
                modem.files.read("NVRAM", one)
            ).to_bytes(2, "big")
            modem.files.write(_SUMS, one, keep)
            modem.files.write("NVRAM", one, data)
            modem.event("file", f"NVRAM:{one}: a byte has changed")
            return one
    return None


def cut_off(modem):
    """EMERG_OFF: what was being written to flash is spoilt."""
    if modem.files.unsafe is not None:
        name, at = modem.files.unsafe
        if modem.now - at < FLASH_US and modem.files.read("NVRAM", name):
            corrupt(modem, name)


@command("QSECWRITE")
def write(c):
    """AT+QSECWRITE="<name>",<size>[,<seconds>]: CONNECT, the bytes, size and checksum, OK."""
    modem = c.modem
    if c.op != "set":
        if c.op == "test":
            c.info("+QSECWRITE: <filename>,<filesize>[,(3-200)]")
        c.ok() if c.op != "exec" else c.error()
        return
    name = string(c, 0, 80)
    found = place(name)
    if found is None:
        c.cme(cme.PARAMETERS)
        return
    size = number(c, 1, 1, RAM_MAX if found[0] == "RAM" else NVRAM_MAX)
    limit_s = number(c, 2, 3, 200, 100)
    if size is None or limit_s is None or not 2 <= len(c.args) <= 3:
        c.cme(cme.PARAMETERS)
    elif read(modem, name) is not None:
        c.cme(cme.NOT_ALLOWED)  # it must be deleted first
    elif found[0] == "RAM" and size > _ram_left(modem):
        c.cme(20)  # memory full
    else:
        got = bytearray()
        c.listen(
            b"\r\nCONNECT\r\n",
            DataMode,
            got.extend,
            lambda why: _written(c, found, bytes(got), why),
            count=size,
            limit_us=limit_s * 1_000_000,
            wait_us=limit_s * 1_000_000,
            size=RAM_MAX + 1,
            urcs=True,
        )


def _ram_left(modem):
    used = sum(len(data) for data, _ in modem.page_state.ram.values())
    return modem.page.MODEL.ram_bytes - used


def _written(c, found, data, why):
    """The file is there: whole, or as much as came before `+++`; too late, there is none."""
    modem = c.modem
    where, name = found
    if why == "late" or not data:
        modem.event("file", f"{where}:{name}: {len(data)} bytes, too late")
        c.cme(cme.UNKNOWN)
        return
    told = checksum(data)
    if where == "RAM":
        modem.page_state.ram[name] = (data, told)
    else:
        modem.files.write("NVRAM", name, data)
        modem.files.write(_SUMS, name, told.to_bytes(2, "big"))
        modem.files.unsafe = (name, modem.now)
    modem.event("file", f"{where}:{name}: {len(data)} bytes")
    size = len(data)
    if modem.options.sec_size == "less":
        size -= size // 20  # seen: 1392 for 1467
    modem.after_ms(60 + len(data) / 100, _tell, c, max(1, size), told)


def _tell(c, size, told):
    c.info(f"+QSECWRITE: {size},{told:x}")
    c.ok()


@command("QSECREAD")
def query(c):
    """AT+QSECREAD="<name>": 1 when the file is as it was written, and its checksum."""
    if c.op != "set":
        if c.op == "test":
            c.info("+QSECREAD: <filename>")
        c.ok() if c.op != "exec" else c.error()
        return
    name = string(c, 0, 80)
    found = read(c.modem, name) if len(c.args) == 1 else None
    if place(name) is None or len(c.args) != 1:
        c.cme(cme.PARAMETERS)
    elif found is None:
        c.cme(cme.NOT_FOUND)
    else:
        now = checksum(found[0])
        c.info(f"+QSECREAD: {int(now == found[1])},{now:x}")
        c.ok()


@command("QSECDEL")
def delete(c):
    modem = c.modem
    if c.op != "set":
        if c.op == "test":
            c.info("+QSECDEL: <filename>")
        c.ok() if c.op != "exec" else c.error()
        return
    name = string(c, 0, 80)
    if place(name) is None or len(c.args) != 1:
        c.cme(cme.PARAMETERS)
    elif read(modem, name) is None:
        c.cme(cme.NOT_FOUND)
    else:
        where, rest = place(name)
        if where == "RAM":
            del modem.page_state.ram[rest]
        else:
            modem.files.delete("NVRAM", rest)
            modem.files.delete(_SUMS, rest)
        modem.event("file", f"{name}: deleted")
        modem.after_ms(30, c.ok)
