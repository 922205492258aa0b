"""Certificates made once (keys take long), and a bench for each test."""

import os
import shutil

import pytest

from tests_host.conftest import ROOT
from tests_host.system.bench import DEVICE, HOST, WATCHER, Bench
from tools.certs import Authority


def pytest_collection_modifyitems(items):
    """These tests need the real parts: firmware and Mosquitto."""
    built = (ROOT / "build" / "firmware-64").exists()
    broker = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    for item in items:
        if item.path.parent == ROOT / "tests_host" / "system" and not (built and broker):
            item.add_marker(pytest.mark.skip(reason="no firmware or no Mosquitto (make setup)"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A CA, a server certificate for HOST, and the certificates of DEVICE and WATCHER."""
    made = Authority.create(tmp_path_factory.mktemp("system-pki"))
    made.server([HOST])
    for name in (DEVICE, WATCHER):
        made.device(name)
    return made


@pytest.fixture
def bench(tmp_path, authority):
    with Bench(tmp_path, authority) as made:
        yield made
