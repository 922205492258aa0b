"""Debian packages: which of them this machine lacks, and installing those."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from . import say

# Programs of an administrator's PATH that a user's may lack (Debian's mosquitto is in /usr/sbin).
_SBIN = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin"))
# Runs as root. A service that a package brings must not start: nothing here uses the system's
# Mosquitto.
_INSTALL = """
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' INT TERM HUP
    printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get install -y --no-install-recommends "$@" && exit 0
apt-get update && apt-get install -y --no-install-recommends "$@"
"""


def find(program):
    """The path of `program`, also where only an administrator's PATH has it, or None."""
    return shutil.which(program) or shutil.which(program, path=_SBIN)


def _compiles(*options):
    """Whether gcc compiles and links a small program with `options`."""
    if not find("gcc"):
        return False
    code = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
    done = subprocess.run(
        ["gcc", *options, "-x", "c", "-", "-o", os.devnull],
        input=code.encode(),
        capture_output=True,
    )
    return done.returncode == 0


def widths():
    """The builds of MicroPython that this machine can make, as bits of a word."""
    return (64, 32) if platform.machine() in ("x86_64", "i686", "i386") else (64,)


def _compilers(bits):
    yield "make", bool(find("make"))
    yield "patch", bool(find("patch"))
    yield "gcc", bool(find("gcc"))
    yield "libc6-dev", not find("gcc") or _compiles()
    if 32 in bits:
        yield "gcc-multilib", _compiles("-m32")


def _image():
    """What the image for an RP2040 is made with, besides a compiler for this machine."""
    arm = bool(find("arm-none-eabi-gcc"))
    yield "gcc-arm-none-eabi", arm
    yield "libnewlib-arm-none-eabi", arm and _arm("c", "stdio.h")
    yield "libstdc++-arm-none-eabi-newlib", arm and _arm("c++", "cstdlib")
    yield "cmake", bool(find("cmake"))


def _arm(language, header):
    """Whether the compiler for Arm finds a header of its library."""
    argv = ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb", "-fsyntax-only"]
    done = subprocess.run(
        [*argv, "-x", language, "-"], input=f"#include <{header}>\n".encode(), capture_output=True
    )
    return done.returncode == 0


def _others():
    yield "mosquitto", bool(find("mosquitto"))
    yield "mosquitto-clients", bool(find("mosquitto_sub") and find("mosquitto_pub"))
    # Debian splits what `python3 -m venv` needs off into a package of its own.
    yield "python3-venv", all(map(importlib.util.find_spec, ("venv", "ensurepip")))


def missing(bits, image=False):
    """Names of the Debian packages that this machine lacks to build MicroPython for `bits` (maybe
    none), to run a broker and to make a virtual environment; with `image` also those that an
    RP2040's image takes.
    """
    needed = [*_compilers(bits), *_others()] if bits else [*_others()]
    if image:
        needed += _image()
    return [name for name, there in needed if not there]


def install(packages):
    """Install Debian packages, as root or through sudo. Raises Blocked with what the user can do
    instead.
    """
    if not packages:
        return
    by_hand = f"apt-get install {' '.join(packages)}"
    if not find("apt-get"):
        raise say.Blocked(
            f"This machine lacks what Debian calls {', '.join(packages)}, and has no apt-get.\n"
            "Install them in its own way, then run this again."
        )
    argv = ["sh", "-c", _INSTALL, "sh", *packages]
    if os.geteuid() != 0:
        if not find("sudo"):
            raise say.Blocked(f"Neither root nor sudo here. As root, run:\n    {by_hand}")
        _ask_for_password(by_hand)
        argv = ["sudo", *argv]
    say.run(
        f"Installing Debian packages: {' '.join(packages)}",
        argv,
        why_failed=lambda log: f"To do it by hand, as root:\n    apt-get update && {by_hand}",
    )
    importlib.invalidate_caches()
    still = [name for name in missing(widths(), image=True) if name in packages]
    if still:
        raise say.Blocked(
            f"{', '.join(still)} is installed, yet what it brings is not found.\n"
            f"Is {sys.executable} Debian's Python, and gcc Debian's compiler? "
            "(`make PYTHON=/usr/bin/python3 …` names another Python.)"
        )


def _ask_for_password(by_hand):
    """Let sudo ask now, in sight: later its question would end up in a log."""
    say.note(f"needs sudo for: {by_hand}")
    if subprocess.run(["sudo", "-v"]).returncode:
        raise say.Blocked(f"sudo did not let us. Have this run as root:\n    {by_hand}")


def check_python():
    """Raise Blocked for a Python that is too old."""
    if sys.version_info < (3, 11):  # noqa: UP036 - that is what is asked here
        raise say.Blocked(
            f"{sys.executable} is Python {platform.python_version()}; 3.11 or later is needed "
            "(`make PYTHON=/path/to/python3.11 …`)."
        )


def os_release():
    """Name and codename of the system, as /etc/os-release has them."""
    values = {}
    path = Path("/etc/os-release")
    for line in path.read_text().splitlines() if path.exists() else ():
        key, _, value = line.partition("=")
        values[key] = value.strip().strip('"')
    return values
