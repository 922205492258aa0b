"""MicroPython's own tests of functions, classes and generators: frozen they do the same."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests_host.conftest import ROOT
from tools.setup import host, micropython
from tools.setup.paths import BUILD, alone, digest, is_stamped

BITS = host.widths()[-1]
KINDS = "assign boundmeth builtin bytes class closure del dict exec fun gen global lambda list"
KINDS += " namedtuple object scope self special string subclass try tuple unary unpack with"
# What a frozen module does otherwise, and says so (firmware/rom/README.md, "What is different").
OTHERWISE = {
    "builtin_dir": "dir() of its own globals",
    "builtin_override": "a builtin that another module replaces",
    "del_attr": "a class in ROM",
}
# More than the modules whose functions are told by a byte.
AT_LEAST = 200


def sources():
    tests = micropython.tree() / "src" / "tests" / "basics"
    for path in sorted(tests.glob("*.py")):
        if path.name.startswith(tuple(KINDS.split())) and "import" not in path.name:
            yield path


@pytest.fixture(scope="module")
def built():
    """The folder of a build with those tests frozen in, as modules up_…, and of their sources."""
    micropython.build(BITS)
    home, objects = micropython.tree(), BUILD / "upstream-frozen"
    stamp, key = objects / "made", digest(home.name, __file__, *micropython.frozen())
    with alone(BUILD):
        if not is_stamped(stamp, key):
            shutil.rmtree(objects, ignore_errors=True)
            shutil.copytree(home / str(BITS), objects)
            (objects / "tests").mkdir()
            manifest = ['include("$(MPY_DIR)/extmod/asyncio")']
            for path in sources():
                shutil.copy(path, objects / "tests" / f"up_{path.name}")
                manifest.append(f'module("up_{path.name}", base_path="tests")')
            (objects / "manifest.py").write_text("\n".join(manifest))
            micropython._make_port(
                "Freezing tests", home / "src", objects, BITS, objects / "manifest.py"
            )
            stamp.write_text(key)
    return objects


def run(objects, name, path):
    done = subprocess.run(
        [objects / "micropython", "-c", f"import up_{name}"],
        cwd=ROOT,
        env={**os.environ, "MICROPYPATH": str(path)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )
    return done.returncode, done.stdout


def test_they_do_the_same(built):
    names = [path.stem for path in sources()]
    assert len(names) > AT_LEAST
    with ThreadPoolExecutor(2) as pool:
        wanted = list(pool.map(lambda name: run(built, name, built / "tests"), names))
        found = list(pool.map(lambda name: run(built, name, ".frozen"), names))
    assert sum(status == 0 for status, _ in wanted) > AT_LEAST
    different = {n for n, a, b in zip(names, wanted, found, strict=True) if a != b}
    assert different == OTHERWISE.keys()
