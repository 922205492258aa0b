"""`uplink.uf2`, `.bin` and `.elf` of a board with an RP2040 or RP2350.

In the cache: the port compiled for the board (the C objects, without our Python code). In
`build/BOARD/`: what this checkout freezes, compiled and linked with those objects, which takes a
few seconds; and in `without/` the same image less lib/uplink, which it is measured against.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys

from tools.setup import debs, host, micropython, say, sources
from tools.setup.paths import BUILD, ROOT, alone, digest, is_stamped

BOARDS = ROOT / "firmware" / "boards"
# What the boards with these chips share; their definitions name it as ../../rp2.
_COMMON = ROOT / "firmware" / "rp2"
DEFAULT = "UPLINK_PICO"
# Names that stay in an image without line numbers; the others are short there.
_PUBLIC = ROOT / "firmware" / "rom" / "public.txt"
# C_DEFINES of a chip → its family in a UF2 file (github.com/microsoft/uf2: uf2families.json).
FAMILIES = {"PICO_RP2040=1": 0xE48BFF56, "PICO_RP2350=1": 0xE48BFF59}
FLASH = 0x10000000
_TARGET = "CMakeFiles/firmware.dir"
_OBJECT = f"{_TARGET}/frozen_content.c.o"
# What the port cannot start without, for the objects in the cache: they are not flashed.
_LEAST = 'freeze("$(PORT_DIR)/modules", ("_boot.py", "rp2.py"))\n'
# The same sources make the same image: the date that the REPL shows is the release's, and no
# generator depends on the hashes of the day.
_ENVIRONMENT = {"SOURCE_DATE_EPOCH": sources.EPOCH, "PYTHONHASHSEED": "0"}
# The port's flag for mpy-cross, for both chips.
_CROSS = "-f-march=armv6m"


class Image:
    """Paths of one board's image."""

    def __init__(self, board, debug=False):
        self.board = board
        self.debug = debug
        self.definition = BOARDS / board
        self.folder = BUILD / (f"{board}-debug" if debug else board)
        self.without = self.folder / "without"
        # What the short names in the image stand for.
        self.names = self.folder / "uplink.names"
        self.elf, self.bin, self.uf2 = (self.folder / f"uplink.{x}" for x in ("elf", "bin", "uf2"))


def boards():
    """Names of the boards that are built here: those whose chip is a Raspberry Pi's."""
    found = sorted(path.parent.name for path in BOARDS.glob("*/mpconfigboard.cmake"))
    return [name for name in found if _is_rp2(name)]


def _is_rp2(board):
    return "PICO_BOARD" in (BOARDS / board / "mpconfigboard.cmake").read_text()


def build(board=DEFAULT, debug=False):
    """Make the image of `board`, unless it is there and of what it would be made from; its paths.

    Raises Blocked.
    """
    _check(board)
    image = Image(board, debug)
    base = _base(image)
    opt = 0 if debug else 3
    manifests = (image.definition / "manifest.py", ROOT / "firmware" / "manifest.py")
    plain = digest(base.name, str(ROOT), str(opt), *manifests, _PUBLIC)
    key = digest(plain, *micropython.frozen())
    stamp = image.folder / "built"
    if not is_stamped(stamp, key):
        with alone(BUILD):
            if not is_stamped(stamp, key):
                _make(image, base, opt, plain)
                stamp.write_text(key)
    return image


def _check(board):
    if not (BOARDS / board / "mpconfigboard.cmake").exists():
        raise say.Blocked(
            f"No board {board} in firmware/boards; there are {', '.join(boards())}.\n"
            "firmware/README.md tells how to make one of your own."
        )
    if not _is_rp2(board):
        raise say.Blocked(
            f"{board} is an ESP32, whose images are built with ESP-IDF: "
            "firmware/README.md has the commands."
        )


def _version(program):
    return subprocess.run([program, "--version"], capture_output=True, text=True).stdout


def _base(image):
    """The folder in the cache with the port's objects for the board, at `build`."""
    home = micropython.tree()
    parts = [home.name, _version("arm-none-eabi-gcc"), _version("cmake"), debs.key(), _LEAST]
    parts += [f"{name}={value}" for name, value in sorted(_ENVIRONMENT.items())]
    for folder in (image.definition, _COMMON, micropython.NATIVE):
        for path in sorted(folder.iterdir()):
            # What is frozen is no part of the objects.
            if path.name != "manifest.py":
                parts += [path.name, path]
    base = home / f"{image.board}-{digest(*parts)}"
    micropython.once(base / "built", _build_base, image, base)
    return base


def _build_base(image, base):
    shutil.rmtree(base, ignore_errors=True)
    src = base.parent / "src"
    debs.put_into(src)
    # A copy: the checkout may go, and what CMake finds here must stay.
    for folder in (image.definition, _COMMON, micropython.NATIVE):
        shutil.copytree(folder, base / folder.relative_to(ROOT))
    (base / "manifest.py").write_text(_LEAST)
    settings = {
        "MICROPY_BOARD": image.board,
        "MICROPY_BOARD_DIR": base / image.definition.relative_to(ROOT),
        "MICROPY_FROZEN_MANIFEST": base / "manifest.py",
        "PICO_NO_PICOTOOL": 1,
        "Python3_EXECUTABLE": sys.executable,
    }
    into = base / "build"
    argv = ["cmake", "-S", src / "ports" / "rp2", "-B", into]
    argv += [f"-D{name}={value}" for name, value in settings.items()]
    env = micropython.environment(**_ENVIRONMENT)
    say.run(f"Configuring MicroPython for {image.board}", argv, env=env)
    jobs = f"-j{os.cpu_count() or 1}"
    say.run(
        f"Building MicroPython for {image.board} (about 40 s)",
        ["make", "-C", into, jobs],
        env=env,
    )


def _make(image, base, opt, plain):
    """Freeze, compile and link, first the image without lib/uplink where that is out of date."""
    stamp = image.without / "built"
    (image.folder / "built").unlink(missing_ok=True)
    if not is_stamped(stamp, plain):
        _freeze(image, base, image.without, opt, uplink=False)
        stamp.write_text(plain)
    _freeze(image, base, image.folder, opt, uplink=True)
    convert = base.parent / "src" / "tools" / "uf2conv.py"
    argv = [sys.executable, convert, "-b", hex(FLASH), "-f", hex(_family(base)), "-c"]
    subprocess.run([*argv, "-o", image.uf2, image.bin], check=True, capture_output=True)


def _freeze(image, base, folder, opt, uplink):
    """`uplink.elf` and `.bin` in `folder`: what the manifest names, with the board's objects."""
    what = f"lib/uplink for {image.board}" if uplink else f"{image.board} without lib/uplink"
    shutil.rmtree(folder / "frozen_mpy", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    src = base.parent / "src"
    genhdr = folder / "genhdr"
    genhdr.unlink(missing_ok=True)
    genhdr.symlink_to(base / "build" / "genhdr")
    code, made, elf = (folder / name for name in ("frozen_content.c", "frozen.o", "uplink.elf"))
    code.unlink(missing_ok=True)
    manifest = image.definition / "manifest.py"
    variables = {
        "MPY_DIR": src,
        "MPY_LIB_DIR": src / "lib" / "micropython-lib",
        "PORT_DIR": src / "ports" / "rp2",
        "BOARD_DIR": image.definition,
    }
    freeze = [sys.executable, src / "tools" / "makemanifest.py", "-o", code, "-b", folder]
    freeze += [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
    freeze += [_CROSS, f'include("{manifest}", opt={opt}, uplink={uplink})']
    env = micropython.environment()
    short = {}
    if uplink and not image.debug:
        short = {"ROM_PUBLIC": str(_PUBLIC), "ROM_NAMES": str(image.names)}
    say.run(f"Freezing {what}", freeze, env={**env, **short})
    flags = compiler_flags(base)
    compile_ = [tool("gcc"), *flags, "-o", made, "-c", code]
    say.run(f"Compiling {what}", compile_, cwd=base / "build", env=env)
    say.run(f"Linking {what}", _link(base, made, elf), cwd=base / "build", env=env)
    flat = elf.with_suffix(".bin")
    subprocess.run([tool("objcopy"), "-Obinary", elf, flat], check=True)


def compiler_flags(base):
    """What CMake compiles the target's C files with."""
    text = (base / "build" / _TARGET / "flags.make").read_text()
    found = dict(re.findall(r"(?m)^(C_\w+) = (.*)$", text))
    return shlex.split(" ".join(found[name] for name in ("C_DEFINES", "C_INCLUDES", "C_FLAGS")))


def _link(base, made, elf):
    """CMake's command for the ELF, with other frozen code and another name."""
    argv = shlex.split((base / "build" / _TARGET / "link.txt").read_text())
    if _OBJECT not in argv or "firmware.elf" not in argv:
        raise say.Blocked(f"{base}/build/{_TARGET}/link.txt is not as this tool knows it.")
    other = {_OBJECT: str(made), "firmware.elf": str(elf)}
    argv = [other.get(part, part) for part in argv]
    return [part.replace("-Map=firmware.elf.map", f"-Map={elf}.map") for part in argv]


def tool(name):
    """The path of the compiler's `gcc`, `objcopy`, `nm`, …"""
    return f"arm-none-eabi-{name}"


def _family(base):
    defines = (base / "build" / _TARGET / "flags.make").read_text()
    for define, family in FAMILIES.items():
        if f"-D{define}" in defines:
            return family
    raise say.Blocked(f"{base.name} is no chip that this tool knows a UF2 family of.")


def prepare():
    """The Debian packages that an image takes."""
    host.install(host.missing(host.widths(), image=True))
