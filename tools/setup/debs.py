"""The RP2040's and RP2350's C library and USB stack: two of Debian 13's packages, unpacked, not
installed.

They are packages of source files (architecture `all`), so they unpack on any machine, without
dpkg: a .deb is an `ar` archive with a tarball in it.
"""

import hashlib
import io
import shutil
import tarfile
from dataclasses import dataclass

from . import host, say, sources
from .paths import cache, digest


@dataclass(frozen=True)
class Deb:
    package: str
    version: str
    sha256: str
    # Where its files are in it, and what MicroPython's tree calls that folder.
    folder: str
    place: str

    @property
    def file(self):
        return f"{self.package}_{self.version}_all.deb"


NEEDED = (
    Deb(
        "pico-sdk-source",
        "2.1.1-1",
        "507a3ca37636641bc90239d7c04dc9dc28c5008087a8162102ea94d2273153d3",
        "usr/src/pico-sdk",
        "lib/pico-sdk",
    ),
    Deb(
        "tinyusb-source",
        "0.18.0+dfsg-1",
        "01ce2c645df68f14a8a7dcfc8fb355713152543757955820479a87949a61154e",
        "usr/src/tinyusb",
        "lib/tinyusb",
    ),
)


def key():
    return digest(*(deb.sha256 for deb in NEEDED))


def put_into(tree):
    """Unpack the packages to their places in MicroPython's source tree, where they are not yet."""
    stamp = tree / ".debs"
    if stamp.exists() and stamp.read_text() == key():
        return
    _fetch()
    for deb in NEEDED:
        part = tree / "lib" / f".{deb.package}"
        shutil.rmtree(part, ignore_errors=True)
        _unpack(_checked(deb), part)
        place = tree / deb.place
        shutil.rmtree(place, ignore_errors=True)
        (part / deb.folder).rename(place)
        shutil.rmtree(part)
    stamp.write_text(key())


def _fetch():
    folder = cache() / "sources"
    folder.mkdir(exist_ok=True)
    absent = [deb for deb in NEEDED if not (folder / deb.file).exists()]
    if not absent:
        return
    if not host.find("apt-get"):
        files = " and ".join(deb.file for deb in absent)
        raise say.Blocked(
            f"The Pico's C library comes from Debian {sources.SUITE}, and there is no apt-get "
            f"here.\nPut Debian's {files} into {folder} and run this again."
        )
    wanted = [f"{deb.package}={deb.version}" for deb in absent]
    sources.apt_get("Downloading the Pico SDK (4 MB)", "download", *wanted, folder=folder)


def _checked(deb):
    """The bytes of the file, if they are the pinned ones."""
    path = cache() / "sources" / deb.file
    if not path.exists():
        raise say.Blocked(f"Debian {sources.SUITE} did not give {deb.file}.")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != deb.sha256:
        path.unlink()
        raise say.Blocked(
            f"{deb.file} is not the file that tools/setup/debs.py pins (SHA-256 {found}).\n"
            "It was deleted; run this again."
        )
    return data


def _unpack(data, into):
    name, member = next((n, m) for n, m in _members(data) if n.startswith("data.tar"))
    with tarfile.open(name=name, fileobj=io.BytesIO(member)) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(into, filter="data")
        else:
            tar.extractall(into)


def _members(data):
    """(name, content) of each member of an `ar` archive."""
    at = 8
    while at < len(data):
        header = data[at : at + 60]
        size = int(header[48:58])
        yield header[:16].decode().strip().rstrip("/"), data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
