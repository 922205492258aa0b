"""What several of these files take."""

import pytest


@pytest.fixture
def folder(tmp_path_factory):
    """One with a short name: the configuration takes paths of up to 64 bytes."""
    return tmp_path_factory.mktemp("t")
