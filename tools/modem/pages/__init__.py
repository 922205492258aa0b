"""The vendors' pages: what a module says to which command, and its timings."""

from . import telit
from .quectel import QUECTEL
from .sim7000 import SIM7000

PAGES = {"sim7000": SIM7000, **QUECTEL, **telit.PAGES}
