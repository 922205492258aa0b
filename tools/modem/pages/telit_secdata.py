"""Telit: certificates and keys (#SSLSECDATA), in flash and, on one platform, in RAM.

PEM: lines that end in a line feed alone, closed by Ctrl-Z; the size counts what is before it.
DER: so many bytes and nothing behind them. What is stored is not looked at before it is used.
"""

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .. import cme
from ..datamode import TextEntry
from . import telit_errors as err
from .table import Table
from .telit_holder import number_of, refuse, refuse_read, whole_range

COMMANDS = Table()
command = COMMANDS.command

CERTIFICATE, CA, KEY = 0, 1, 2
_ENTRY_US = 10**13  # the module waits for the end of the data for good


def file_name(number, kind):
    """What a security datum is called in modem.files (and in Options.files)."""
    return f"ssl{number}.{('cert', 'ca', 'key')[kind]}"


def _stored(modem, number, kind):
    found = modem.page_state.ram.get((number, kind))
    if found is None:
        found = modem.files.read(modem.page.USER_DIRECTORY, file_name(number, kind))
    return found


def security_data(modem, number, kind):
    """What is stored, as PEM; None when it is not there or is not what it should be."""
    data = _stored(modem, number, kind)
    if data is None or b"\r" in data and b"-----BEGIN" in data:
        return None
    try:
        if kind == KEY:
            if b"-----BEGIN" in data:
                key = serialization.load_pem_private_key(data, None)
            else:
                key = serialization.load_der_private_key(data, None)
            return key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        if b"-----BEGIN" in data:
            x509.load_pem_x509_certificates(data)
            return data
        found = x509.load_der_x509_certificate(data)
        return found.public_bytes(serialization.Encoding.PEM)
    except (ValueError, TypeError):
        return None


@command("#SSLSECDATA")
def secure_data(c):
    """AT#SSLSECDATA=<SSId>,<Action>,<DataType>[,<Size>]."""
    modem, platform = c.modem, c.modem.page.PLATFORM
    if c.op == "test":
        actions = "(0-3)" if platform.ram else "(0-2)"
        c.info(f"#SSLSECDATA: {whole_range(modem)},{actions},(0-2),(1-{platform.largest})")
        c.ok()
        return
    if c.op == "read":
        if refuse_read(c):
            return
        for number in modem.page_state.holder:
            found = [int(_stored(modem, number, kind) is not None) for kind in range(3)]
            c.info(f"#SSLSECDATA: {number}," + ",".join(map(str, found)))
        c.ok()
        return
    number, action, kind = number_of(c), c.number(1), c.number(2)
    if c.op != "set" or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
    elif kind not in (0, 1, 2) or action not in ((0, 1, 2, 3) if platform.ram else (0, 1, 2)):
        c.cme(cme.NOT_SUPPORTED)
    elif number in modem.page_state.secure and action != 2:
        c.cme(err.SSL_STATE)
    elif action == 0:
        _delete(c, number, kind)
    elif action == 2:
        _show(c, number, kind)
    elif len(c.args) != 4 or not 1 <= (c.number(3) or 0) <= platform.largest:
        c.cme(cme.NOT_SUPPORTED)
    else:
        _store(c, number, action, kind, c.number(3))


def _delete(c, number, kind):
    modem = c.modem
    name = file_name(number, kind)
    modem.page_state.ram.pop((number, kind), None)
    modem.files.delete(modem.page.USER_DIRECTORY, name)
    modem.event("file", f"{name}: deleted")
    modem.after_ms(40, c.ok)


def _show(c, number, kind):
    data = _stored(c.modem, number, kind)
    if kind == KEY and data is not None:
        c.cme(cme.NOT_ALLOWED)  # a key does not come out again
        return
    c.info(f"#SSLSECDATA: {number},{kind}")
    if data is None:
        c.info("No data stored")
    else:
        c.raw("payload", data + b"\r\n")
    c.ok()


def _store(c, number, action, kind, size):
    modem = c.modem
    form = modem.settings["#SSLSECCFG"][number][2]

    def counted(data):
        _written(c, number, action, kind, data)

    def typed(data, why):
        if data is None or len(data) != size:
            modem.event("file", f"{file_name(number, kind)}: not stored, {why}")
            modem.after_ms(40, c.cme, err.SSL_GENERIC)
        else:
            _written(c, number, action, kind, data)

    if form == 0:
        c.prompt(b"> ", size, _ENTRY_US, counted)
    else:
        c.listen(b"\r\n> ", TextEntry, size, _ENTRY_US, typed, erase=True)


def _written(c, number, action, kind, data):
    modem = c.modem
    name = file_name(number, kind)
    if data is None:
        c.cme(err.SSL_GENERIC)
        return
    if action == 3:
        modem.page_state.ram[(number, kind)] = data
        good = True
    else:
        modem.page_state.ram.pop((number, kind), None)
        good = modem.files.write(modem.page.USER_DIRECTORY, name, data)
    modem.event("file", f"{name}: {len(data)} bytes{'' if good else ' do not fit'}")
    modem.after_ms(60 + len(data) / 100, *((c.ok,) if good else (c.cme, cme.MEMORY_FULL)))
