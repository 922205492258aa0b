"""MicroPython's unix port and mpy-cross, built once for all checkouts, and the firmware of this
one.

In the cache: the source tree with our patches and mpy-cross, and the port without our code (64 and
32 bit; 32 has the board's object sizes). In `build/`: links to those, and the firmware: the same
port with this checkout's manifest.py frozen in, made from a copy of the port's objects, so that
only what is frozen is compiled again.
"""

import os
import shutil
import subprocess

from . import say, sources
from .paths import BUILD, ROOT, alone, cache, digest, is_stamped, link

# TLS is the modem's, so the port goes without; the other parts would need libraries that nothing
# here uses.
_OPTIONS = (
    "VARIANT=standard",
    "MICROPY_PY_SSL=0",
    "MICROPY_SSL_MBEDTLS=0",
    "MICROPY_PY_BTREE=0",
    "MICROPY_PY_FFI=0",
    # As the boards. With threads that no lock keeps apart, patch 0030 remembers no methods.
    "MICROPY_PY_THREAD=0",
    "MICROPY_STANDALONE=0",
)
_BITS = {64: (), 32: ("MICROPY_FORCE_32BIT=1",)}
# asyncio alone, for the tests of the bridge to it: `micropython` as a user knows it, less the
# network.
_PLAIN_MANIFEST = 'include("$(MPY_DIR)/extmod/asyncio")\n'
_MANIFESTS = (ROOT / "manifest.py", ROOT / "firmware" / "manifest.py")
# Applied to the tree with `patch -p1`, in this order, for all ports.
PATCHES = sorted((ROOT / "firmware" / "patches").glob("*.patch"))
# C modules that are part of every build.
NATIVE = ROOT / "firmware" / "native"
# What freezes in place of the tree's mpy-tool.py (firmware/rom/README.md): copied into it.
FREEZER = sorted((ROOT / "firmware" / "rom").glob("*.py"))


def _key():
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout
    options = (*_OPTIONS, *_BITS[32], _PLAIN_MANIFEST)
    return digest(sources.SHA256, compiler, *options, *PATCHES, *FREEZER, *native())


def native():
    """The files of the C modules."""
    return sorted(path for path in NATIVE.iterdir() if path.suffix != ".md")


def _home():
    return cache() / f"micropython-{sources.VERSION}-{_key()}"


def tree():
    """The folder in the cache with the patched source tree and mpy-cross, at `src`."""
    home = _home()
    once(home / "mpy-cross.built", _build_cross, home)
    link("mpy-cross", home / "src" / "mpy-cross" / "build" / "mpy-cross")
    return home


def build(bits):
    """mpy-cross and the port without our code, in the cache, and `build/` linked to them."""
    home = tree()
    once(home / f"{bits}.built", _build_port, home, bits)
    link(f"micropython-{bits}", home / str(bits) / "micropython")


def once(stamp, work, *args):
    """Do `work` unless it was finished before; another process that does it is waited for."""
    if not stamp.exists():
        with alone(cache()):
            if not stamp.exists():
                work(*args)
                stamp.touch()


def _build_cross(home):
    home.mkdir(exist_ok=True)
    src = home / "src"
    if not src.exists():
        part = home / "patched"
        shutil.rmtree(part, ignore_errors=True)
        sources.unpack(part)
        for patch in PATCHES:
            _apply(patch, part)
        (part / "tools" / "rom").mkdir()
        for path in FREEZER:
            shutil.copy(path, part / "tools" / "rom")
        # The name that MicroPython's make looks for: a folder of folders with a micropython.mk.
        (part / "uplink" / "native").mkdir(parents=True)
        for path in native():
            shutil.copy(path, part / "uplink" / "native")
        part.rename(src)
    # The build asks for a file of each submodule; Debian leaves this library out, and nothing of
    # it is used.
    library = src / "lib" / "micropython-lib"
    library.mkdir(exist_ok=True)
    (library / "README.md").touch()
    _make("Building mpy-cross (about 10 s)", src, "mpy-cross")


def _apply(patch, src):
    say.run(
        f"Patching MicroPython: {patch.stem}",
        ["patch", "--directory", src, "-p1", "--forward", "--fuzz=0", "--input", patch],
        why_failed=lambda log: f"{patch} does not fit MicroPython {sources.VERSION}.",
    )


def _build_port(home, bits):
    manifest = home / "manifest.py"
    manifest.write_text(_PLAIN_MANIFEST)
    what = f"Building MicroPython {sources.VERSION}, {bits} bit (about 15 s)"
    _make_port(what, home / "src", home / str(bits), bits, manifest)


def firmware(bits=64):
    """The port with this checkout's manifest.py frozen in, at `build/firmware-64` (or -32),
    rebuilt when it changed.
    """
    build(bits)
    home = _home()
    key = digest(home.name, str(ROOT), *_MANIFESTS, *frozen())
    objects = BUILD / f"unix-{bits}"
    stamp = objects / "built"
    if not is_stamped(stamp, key):
        with alone(BUILD):
            if not is_stamped(stamp, key):
                _freeze(home, objects, bits)
                stamp.write_text(key)
    link(f"firmware-{bits}", objects / "micropython")


def frozen():
    """What goes into the key for each file that could be frozen: its name and its content."""
    for path in sorted((ROOT / "lib").rglob("*.py")):
        yield str(path.relative_to(ROOT))
        yield path


def _freeze(home, objects, bits):
    origin = objects / "from"
    if not is_stamped(origin, str(home)):
        shutil.rmtree(objects, ignore_errors=True)
        # Keeps the times of the files, so make finds all but the frozen code up to date.
        shutil.copytree(home / str(bits), objects)
        origin.write_text(str(home))
    (objects / "built").unlink(missing_ok=True)
    # A module that is gone would stay among what is frozen.
    shutil.rmtree(objects / "frozen_mpy", ignore_errors=True)
    _make_port(f"Freezing lib/uplink, {bits} bit", home / "src", objects, bits, _MANIFESTS[0])


def _make_port(what, src, into, bits, manifest, **extra):
    """`extra`: more of the environment."""
    _make(
        what,
        src,
        "ports/unix",
        f"BUILD={into}",
        f"FROZEN_MANIFEST={manifest}",
        f"USER_C_MODULES={src / 'uplink'}",
        f"MPY_CROSS_FLAGS=-march={'x64' if bits == 64 else 'x86'}",  # for viper code
        *_OPTIONS,
        *_BITS[bits],
        **extra,
    )


def _make(what, src, part, *settings, **extra):
    """make in one folder of the tree, with nothing of the caller's settings."""
    jobs = f"-j{os.cpu_count() or 1}"
    say.run(what, ["make", "-C", src / part, jobs, *settings], env=environment(**extra))


def environment(**extra):
    """What a build is given of this process's environment."""
    keep = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    # Some of MicroPython's generators write sets in the order of their hashes.
    env.update(extra, LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")
    return env
