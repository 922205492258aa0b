"""The board's power is cut at random moments: it always comes up again and publishes.

A few in each run; `python -m tests_host.board.powercut` makes 200 of them.
"""

import os

import pytest

from tests_host.board.powercut import Life

LIVES = int(os.environ.get("UPLINK_CUTS", "10")) // 5
SEED = int(os.environ.get("UPLINK_SEED", "1"))


@pytest.mark.parametrize("life", range(LIVES))
def test_it_always_comes_up_again(image, life):
    cuts = Life(image, SEED + 10 * life, print).run(5)
    assert len(cuts) == 5
