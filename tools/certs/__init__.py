"""A certificate authority of one's own: CA, broker and device certificates, revocation."""

from .authority import Authority, CertsError

__all__ = ("Authority", "CertsError")
