"""HTTP/1.1: `get` and `post` over a transport. README.md tells what it does and what not."""

from .client import HTTP
from .request import HTTPError, Request

__all__ = ("HTTP", "HTTPError", "Request")
