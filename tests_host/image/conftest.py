"""The image that `make setup` built, and MicroPython's own tools for boards."""

import importlib.util
import subprocess
import sys

import pytest

from tools.image import build, sizes
from tools.setup import micropython


@pytest.fixture(scope="session")
def image():
    return build.build(build.DEFAULT)


@pytest.fixture(scope="session")
def measured(image):
    return sizes.measure(image, build.tool)


@pytest.fixture(scope="session")
def symbols(image):
    """Names of the functions and objects in the image."""
    done = subprocess.run([build.tool("nm"), image.elf], capture_output=True, text=True)
    return {line.split()[-1] for line in done.stdout.splitlines()}


@pytest.fixture(scope="session")
def tree():
    """MicroPython's source tree, as the images are built from it."""
    return micropython.tree() / "src"


@pytest.fixture(scope="session")
def frozen(tree):
    """f(manifest, port, **options): {path in the image: (file, optimisation)}, as MicroPython
    reads the manifest.
    """
    spec = importlib.util.spec_from_file_location("manifestfile", tree / "tools/manifestfile.py")
    reader = importlib.util.module_from_spec(spec)
    sys.modules["manifestfile"] = reader
    spec.loader.exec_module(reader)

    def read(manifest, port, **options):
        variables = {
            "MPY_DIR": str(tree),
            "MPY_LIB_DIR": str(tree / "lib/micropython-lib"),
            "PORT_DIR": str(tree / "ports" / port),
            "BOARD_DIR": str(manifest.parent),
        }
        made = reader.ManifestFile(reader.MODE_FREEZE, variables)
        extra = "".join(f", {name}={value!r}" for name, value in options.items())
        made.execute(f"include({str(manifest)!r}{extra})")
        return {row.target_path: (row.full_path, row.opt) for row in made.files()}

    return read
