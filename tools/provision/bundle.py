"""What goes onto a board: made and checked on the PC before a single byte is sent."""

import hashlib
import json
import tempfile
from pathlib import Path

from tools.certs import Authority, CertsError
from tools.run import check  # first: it makes lib/ importable
from uplink import ConfigError

from . import pem

ROOT = Path(__file__).resolve().parents[2]

# What a board starts with. Those beside the configuration are put there in any case; this
# project's own only where the board has none: what somebody wrote on the board stays.
PROGRAMS = ("boot.py", "main.py")


class BundleError(Exception):
    """What is wrong with the files, and what to do about it, in a sentence."""


class File:
    """One file: its `name` on the board, its `data`, and whether it may replace another one."""

    def __init__(self, name, data, replace=True, secret=False):
        self.name = name
        self.data = data
        self.replace = replace
        self.secret = secret

    @property
    def sha256(self):
        return hashlib.sha256(self.data).hexdigest()


class Bundle:
    """`files` in the order in which they are written, uplink.json last; `device` is the id;
    `notes` are sentences for the user.
    """

    def __init__(self, device, files, notes):
        self.device = device
        self.files = files
        self.notes = notes


def read(path, device=None, authority=None, now=None):
    """Check the configuration at `path` and gather what it names.

    `device` takes the place of its id. With `authority` (a folder of `tools.certs`) the CA's
    certificate is taken from there, and the device's key and certificate are too: made if they
    are not there yet. Else the files lie beside the configuration. Raises `ConfigError`,
    `BundleError`, `CertsError`.
    """
    path = Path(path)
    text = _text(path)
    if authority is None:
        cfg, text, tls = _checked(path, text, device, path.parent)
    else:
        with tempfile.TemporaryDirectory() as folder:
            # What the CA signs is not there yet: the names are enough to check the rest.
            for name in _named(text):
                (Path(folder) / name).write_text("-----BEGIN X-----\n")
            cfg, text, tls = _checked(path, text, device, folder)
    name = cfg["id"]
    name = name.decode() if isinstance(name, bytes) else name
    if cfg["uart"]["device"] is not None or cfg["pins"]["control"] is not None:
        raise ConfigError(
            str(path), "uart.device", "not to be there: uart.device and pins.control are a PC's"
        )
    notes = []
    files = []
    if cfg["broker"]["tls"]:
        if authority is None:
            contents = {key: _beside(path, key, name) for key, name in tls.items() if name}
        else:
            contents = _signed(Path(authority), path, name, tls, notes)
        for key, data in contents.items():
            try:
                check.fits(cfg["modem"]["type"], key, data)
            except ValueError as error:
                raise ConfigError(str(path), *error.args) from None
        notes += pem.check(contents, tls, now, check.takes_der(cfg["modem"]["type"]))
        files = [File(tls[key], data, secret=key == "key") for key, data in contents.items()]
    elif authority is not None:
        raise BundleError(f"{path}: broker.tls is false, so no certificate is used: leave CA= out")
    programs = [_program(path.parent, program) for program in PROGRAMS]
    return Bundle(name, [*programs, *files, File("uplink.json", text.encode())], notes)


def _text(path):
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BundleError(
            f"{path} is not there: copy uplink.example.json to it and edit that"
        ) from None
    except (OSError, UnicodeError) as error:
        raise BundleError(f"{path} cannot be read: {error}") from None


def _checked(path, text, device, folder):
    """(configuration, its text, {"ca"|"cert"|"key": name on the board or None})"""
    folder = f"{folder}/"
    cfg = check.parse(text.encode(), str(path), folder)
    if device is not None:
        values = json.loads(text)
        values["id"] = device
        text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
        cfg = check.parse(text.encode(), str(path), folder)
    tls = {}
    for key in ("ca", "cert", "key"):
        value = cfg["tls"][key]
        value = value.decode() if isinstance(value, bytes) else value
        tls[key] = value.removeprefix(folder) if value else None
    return cfg, text, tls


def _named(text):
    """The names of the three files, as far as the text can be read; the checks come later."""
    try:
        tls = json.loads(text)["tls"]
        names = [tls.get(key) for key in ("ca", "cert", "key")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [name for name in names if isinstance(name, str) and name == Path(name).name]


def _beside(path, key, name):
    try:
        return (path.parent / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: tls.{key} names {name}: {error.strerror}") from None


def _signed(folder, path, device, tls, notes):
    """The CA's certificate and the device's own from an authority."""
    missing = [key for key in tls if tls[key] is None]
    if missing:
        raise BundleError(
            f"{path}: tls.{missing[0]} is null: with CA= it names the file on the board that the "
            f"{'CA' if missing[0] == 'ca' else 'device'}'s {_WHAT[missing[0]]} is put into"
        )
    ca = Authority.load(folder)
    made = ca.folder / "devices" / f"{device}.crt"
    key = made.with_suffix(".key")
    if any(name == device for _, _, name in ca.revoked()):
        raise BundleError(
            f"{device} was revoked in {folder}: give it another id, or its broker refuses it"
        )
    if made.exists() and key.exists():
        notes.append(f"certificate of {device}: {made}, made before")
    elif made.exists() or key.exists():
        there, gone = (made, key) if made.exists() else (key, made)
        raise BundleError(
            f"{there} is there, {gone.name} is not: move it away, and a new pair is made"
        )
    else:
        ca.device(device)
        notes.append(f"certificate of {device}: {made}, made now")
    return {"ca": ca.ca.read_bytes(), "cert": made.read_bytes(), "key": key.read_bytes()}


_WHAT = {"ca": "certificate", "cert": "certificate", "key": "private key"}


def _program(folder, name):
    own = folder / name
    if own.exists() and own.resolve() != (ROOT / name).resolve():
        return File(name, own.read_bytes())
    return File(name, (ROOT / name).read_bytes(), replace=False)


__all__ = ["Bundle", "BundleError", "CertsError", "ConfigError", "File", "read"]
