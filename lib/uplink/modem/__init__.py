"""The vendor-neutral life of a modem: power, recovery, SIM, registration, packet data, sockets."""

# from the lowest up: an import inside an import takes C stack, of which boards have little
from .. import at  # noqa: F401, I001
from . import states, script, socket, files, tls, ladder, machine, core  # noqa: F401
from .modem import Modem

__all__ = ("Modem",)
