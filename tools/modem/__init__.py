"""A virtual cellular modem: sans-IO, with a page for each vendor. See README.md beside this."""

from .core import VirtualModem
from .fault_list import FAULTS
from .network import SimNetwork, SocketNetwork
from .options import ModemError, Options
from .pages import PAGES
from .scenario import load_scenario, parse_fault
from .tls import TLSService


def sim7000(network, *, seed=0, now_us=0, options=None):
    """A virtual SIM7000, switched off."""
    return VirtualModem(PAGES["sim7000"](), network, seed=seed, now_us=now_us, options=options)


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
]
