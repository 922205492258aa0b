"""What others wrote, fetched to be measured beside ours; nothing of it is kept in the project."""

import subprocess
import sys
import tempfile
from pathlib import Path

# Its archive has no setup file, so pip cannot install it; pip can verify and unpack it.
PACKAGE = (
    "micropython-umqtt.simple==1.3.4 "
    "--hash=sha256:b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"
)


class PeerError(Exception):
    """It cannot be had; the sentence says why."""


def umqtt_simple(cache):
    """The source of umqtt.simple, fetched once into the folder `cache`."""
    kept = Path(cache) / "umqtt_simple-1.3.4.py"
    if kept.exists():
        return kept.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text(PACKAGE + "\n")
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-clean", "--no-deps"]
        done = subprocess.run(
            [*pip, "--no-binary", ":all:", "-r", str(wanted)],
            cwd=folder,
            env=_environment(folder),
            capture_output=True,
            text=True,
        )
        found = list(Path(folder).rglob("umqtt/simple.py"))
        if not found:
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise PeerError(f"umqtt.simple cannot be fetched: {last}")
        data = found[0].read_bytes()
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(data)
    return data


def _environment(folder):
    import os

    return {**os.environ, "TMPDIR": folder}
