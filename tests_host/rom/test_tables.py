"""One vendor's tables take no heap: measured apart, on MicroPython with lib/uplink frozen (32 bit
as the boards), the collector off.
"""

import pytest

from tests_host.conftest import ROOT
from tests_host.rom.test_rom import built, run  # noqa: F401 (a fixture)

SHARED = ("common", "policy")
TABLES = [
    path.stem
    for path in sorted((ROOT / "lib" / "uplink" / "modems").glob("*.py"))
    if path.stem not in ("__init__", *SHARED)
]
# Bytes that an import has taken while it ran, at 32 bit: the path of the file, and those of the
# files that this one imports in turn. All of it is garbage afterwards.
GARBAGE = 560


@pytest.mark.parametrize("module", TABLES)
def test_the_import_takes_nothing(module, built):  # noqa: F811
    """What all vendors share is there already, and sys.modules has room for a name."""
    bits, objects = built
    lines = [
        "import gc, sys",
        "import uplink.modems.common, uplink.modems.policy",
        # What calls have left on the stack may look like pointers to the collector: what is kept
        # is kept whatever lies there.
        "def deep(n): return n and 1 + deep(n - 1)",
        "def least():",
        "  found = 1 << 30",
        "  for n in range(0, 50, 7):",
        "    deep(n)",
        "    gc.collect()",
        "    found = min(found, gc.mem_alloc())",
        "  return found",
        "for i in range(16): sys.modules[i] = sys",
        "for i in range(16): del sys.modules[i]",
        "a = b = it = kept = 0",
        "kept = least()",
        "gc.disable()",
        "a = gc.mem_alloc()",
        f"import uplink.modems.{module} as it",
        "b = gc.mem_alloc()",
        "print(b - a, least() - kept, len(it.__dict__))",
    ]
    status, output = run(objects / "micropython", ".frozen", "-c", "\n".join(lines))
    assert status == 0, output
    print(module, bits, output)
    passing, kept, globals_in_ram = map(int, output.split())
    # (a global that something assigns, or that has the name of an assigned attribute, has a slot)
    assert (kept, globals_in_ram) == (0, 0)
    assert passing <= GARBAGE * bits // 32
