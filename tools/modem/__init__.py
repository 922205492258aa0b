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


def _quectel(name, network, seed, now_us, options):
    return VirtualModem(PAGES[name](), network, seed=seed, now_us=now_us, options=options)


def m10(network, *, seed=0, now_us=0, options=None):
    """A virtual Quectel M10, switched off."""
    return _quectel("m10", network, seed, now_us, options)


def m66(network, *, seed=0, now_us=0, options=None):
    """A virtual Quectel M66, switched off."""
    return _quectel("m66", network, seed, now_us, options)


def m85(network, *, seed=0, now_us=0, options=None):
    """A virtual Quectel M85, switched off."""
    return _quectel("m85", network, seed, now_us, options)


def m95(network, *, seed=0, now_us=0, options=None):
    """A virtual Quectel M95, switched off."""
    return _quectel("m95", network, seed, now_us, options)


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
    "m10",
    "m66",
    "m85",
    "m95",
    "parse_fault",
    "sim7000",
    "virtual_modem",
]
