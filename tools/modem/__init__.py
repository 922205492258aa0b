"""A virtual cellular modem: sans-IO, with a page for each vendor. See README.md beside this."""

from .core import VirtualModem
from .fault_list import FAULTS
from .network import SimNetwork, SocketNetwork
from .options import ModemError, Options
from .pages import PAGES
from .scenario import load_scenario, parse_fault
from .tls import TLSService


def virtual_modem(page, network, *, seed=0, now_us=0, options=None):
    """A virtual module of a page by its name in PAGES, switched off."""
    return VirtualModem(PAGES[page](), network, seed=seed, now_us=now_us, options=options)


def sim7000(network, *, seed=0, now_us=0, options=None):
    """A virtual SIM7000, switched off."""
    return virtual_modem("sim7000", network, seed=seed, now_us=now_us, options=options)


__all__ = [
    "FAULTS",
    "PAGES",
    "ModemError",
    "Options",
    "SimNetwork",
    "SocketNetwork",
    "TLSService",
    "VirtualModem",
    "load_scenario",
    "parse_fault",
    "sim7000",
    "virtual_modem",
]
