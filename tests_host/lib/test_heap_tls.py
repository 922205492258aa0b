"""Each vendor's module over TLS, and of Telit each platform, with the heap locked after start: as
test_heap.py, which see.
"""

from fake_module import FakeQuectel
from fake_tls import PLATFORMS, SecureBoard, SecureQuectel, SecureTelit, telit
from test_heap import takes_no_heap


def over_tls(kind):
    assert takes_no_heap(kind).secured > 800


def test_a_sim7000_over_tls_takes_no_heap():
    over_tls(SecureBoard)


def test_an_m95_over_tls_takes_no_heap():
    over_tls(SecureQuectel)


def test_the_other_quectels_take_no_heap():
    for number in (b"10", b"66", b"85"):

        class One(SecureQuectel):
            TYPE = b"m" + number
            ANSWERS = dict(FakeQuectel.ANSWERS)

        One.ANSWERS[b"AT+CGMM"] = b"Quectel_M" + number
        over_tls(One)


def test_an_le910c1_over_tls_takes_no_heap():
    over_tls(SecureTelit)


def test_each_platform_of_telit_takes_no_heap():
    for product, model, revision in PLATFORMS:
        over_tls(telit(SecureTelit, product, model, revision))
