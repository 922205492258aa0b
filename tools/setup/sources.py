"""MicroPython's source, as Debian 13 (trixie) packages it, whatever Debian this machine runs.

apt is pointed at trixie by a configuration of its own: nothing of the system's is touched, no root
is needed. apt verifies the archive's signature; the tarball is then held to the SHA-256 below as
well, also when it comes from the cache.
"""

import hashlib
import os
import re
import shutil
import tarfile
from pathlib import Path

from . import host, say
from .paths import cache

VERSION = "1.25.0"
# Its day of release, 2025-04-15: the date that an image shows.
EPOCH = "1744675200"
SUITE = "trixie"
PACKAGE = "micropython"
TARBALL = "micropython_1.25.0+ds.orig.tar.xz"
SHA256 = "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea"
FOLDER = "micropython-1.25.0"

_APT = Path("/etc/apt")


def unpack(into):
    """Put MicroPython's source tree at `into` (a path that does not exist), fetching it if it must
    be.
    """
    part = into.with_name(f".{into.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    archive = tarball()
    say.note(f"unpacking MicroPython {VERSION}")
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(part, filter="data")
        else:
            tar.extractall(part)
    (part / FOLDER).rename(into)
    shutil.rmtree(part)


def tarball():
    """The path of the verified tarball in the cache."""
    path = cache() / "sources" / TARBALL
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        _fetch(path.parent)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        path.unlink()
        raise say.Blocked(
            f"{TARBALL} is not the file that tools/setup/sources.py pins (SHA-256 {found}).\n"
            f"It was deleted; run this again. If it comes back, Debian's {SUITE} has another "
            f"{PACKAGE}: VERSION, TARBALL and SHA256 there want a look."
        )
    return path


def _fetch(folder):
    """Download the tarball of `PACKAGE` from trixie into `folder`."""
    if not host.find("apt-get"):
        raise say.Blocked(
            "MicroPython's source comes from Debian, and there is no apt-get here.\n"
            f"Put Debian's {TARBALL} into {folder}, or set UPLINK_MICROPYTHON to a micropython "
            f"{VERSION} of your own (enough for `make demo`)."
        )
    apt_get(
        f"Downloading MicroPython {VERSION} (6 MB)",
        *("source", "--download-only", "--tar-only", PACKAGE),
        folder=folder,
    )
    if not (folder / TARBALL).exists():
        got = ", ".join(sorted(p.name for p in folder.iterdir())) or "nothing"
        raise say.Blocked(f"Debian {SUITE} gave {got} where {TARBALL} was expected.")


def apt_get(what, *command, folder):
    """Run apt-get's `command` in `folder`, as of what trixie has today."""
    options = _configure(cache() / "apt")
    say.run(
        f"Reading Debian {SUITE}'s list of packages",
        ["apt-get", *options, "update", "--error-on=any"],
        why_failed=_why_not,
    )
    say.run(what, ["apt-get", *options, *command], cwd=folder, why_failed=_why_not)


def _configure(folder):
    """apt's private configuration in `folder`, as options of apt-get."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    listing = folder / f"{SUITE}.sources"
    listing.write_text(private_source(_listings()))
    options = {
        "Dir::Etc::sourcelist": listing,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder,
        "Acquire::Languages": "none",
    }
    if os.geteuid() == 0:
        # The user _apt cannot read a home folder; apt would say so at every call.
        options["APT::Sandbox::User"] = "root"
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]


def _listings():
    """The texts of the machine's own apt sources, deb822 files first."""
    parts = _APT / "sources.list.d"
    paths = [
        *sorted(parts.glob("*.sources")),
        _APT / "sources.list",
        *sorted(parts.glob("*.list")),
    ]
    return [path.read_text() for path in paths if path.is_file()]


def private_source(listings):
    """A deb822 stanza that reads `SUITE` from the mirror that `listings` name for Debian
    itself.
    """
    for text in listings:
        for mirror, signed_by in (*_stanzas(text), *_lines(text)):
            return f"Types: deb deb-src\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\n" + (
                f"Signed-By:{signed_by}\n" if signed_by else ""
            )
    raise say.Blocked(
        "No Debian mirror is named in /etc/apt/sources.list or /etc/apt/sources.list.d.\n"
        f"MicroPython's source is read from Debian {SUITE}; this system is "
        f"{host.os_release().get('PRETTY_NAME', 'unknown')}. Put Debian's {TARBALL} into "
        f"{cache() / 'sources'} and run this again."
    )


def _stanzas(text):
    """(mirror, Signed-By) of each stanza of a deb822 file that offers a Debian release's main
    component.
    """
    for stanza in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        # A line that starts with a blank belongs to the field above: a key may stand in the file
        # itself.
        fields = {
            key.lower(): value.rstrip()
            for key, value in re.findall(r"(?m)^([\w-]+):(.*(?:\n[ \t].*)*)", stanza)
        }
        if fields.get("enabled", "yes").strip() == "no" or not fields.get("uris"):
            continue
        uris, suites = fields["uris"].split(), fields.get("suites", "").split()
        if _is_debian(uris[0], suites, fields.get("components", "").split()):
            yield uris[0], fields.get("signed-by", "")


def _lines(text):
    """(mirror, Signed-By) of each one-line entry that offers a Debian release's main component."""
    for options, uri, rest in re.findall(r"(?m)^deb\s+(?:\[([^]]*)\]\s+)?(\S+:\S+)\s+(.*)$", text):
        suite, *components = rest.split("#")[0].split()
        if _is_debian(uri, [suite], components):
            key = re.search(r"signed-by=(\S+)", options)
            yield uri, f" {key[1]}" if key else ""


def _is_debian(uri, suites, components):
    plain = [suite for suite in suites if "/" not in suite and "-" not in suite]
    return bool(plain) and "main" in components and "security" not in uri and "ubuntu" not in uri


def _why_not(log):
    """A sentence for the errors of apt that a user can do something about."""
    if "NO_PUBKEY" in log or "is not signed" in log or "EXPKEYSIG" in log:
        return (
            f"This machine's keyring does not know Debian {SUITE}'s key. "
            "Bring it up to date, as root:\n"
            "    apt-get update && apt-get install --only-upgrade debian-archive-keyring"
        )
    if "does not have a Release file" in log or " 404 " in log:
        return f"The mirror in this machine's apt sources does not carry Debian {SUITE}."
    if "resolve" in log or "connect" in log.lower():
        return "Debian's mirror cannot be reached: is the network, or apt's proxy, up?"
    return None
