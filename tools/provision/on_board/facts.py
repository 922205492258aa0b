# Runs on the board: what it is, and what is on it. ARGUMENT: names of files.
import gc
import hashlib
import json
import os
import sys


def sha256(name):
    digest = hashlib.sha256()
    block = bytearray(256)
    try:
        with open(name, "rb") as f:
            while True:
                n = f.readinto(block)
                if not n:
                    break
                digest.update(memoryview(block)[:n])
    except OSError:
        return None
    return "".join("%02x" % byte for byte in digest.digest())


def version_of_uplink():
    try:
        import uplink

        return uplink.__version__
    except (ImportError, AttributeError):
        return None


stat = os.statvfs("/")
gc.collect()
print(
    json.dumps(
        {
            "version": list(sys.implementation.version),
            "platform": sys.platform,
            "machine": getattr(sys.implementation, "_machine", sys.platform),
            "uplink": version_of_uplink(),
            "free": stat[0] * stat[3],
            "files": {name: sha256(name) for name in ARGUMENT},
        }
    )
)
