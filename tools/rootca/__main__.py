"""`python -m tools.rootca`: save the root certificate that verifies a server, for `tls.ca`."""

import argparse
import datetime
import re
import sys
from pathlib import Path

from rich.console import Console

from tools.certs.authority import write

from . import fetch, path, show

_EPILOG = """Nothing is written unless the whole chain verifies: names, dates, signatures, up to a
root of the system's store or of --roots. A self-signed chain is taken with the SHA-256 of its root
alone, which you must have from elsewhere than this connection."""


def parser():
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tools.rootca", description=__doc__.split(": ", 1)[1], epilog=_EPILOG
    )
    p.add_argument("server", metavar="HOST[:PORT]", help="port 8883 where none is named")
    p.add_argument("--name", help="name to send and to check (default: HOST), as tls.server_name")
    trust = p.add_mutually_exclusive_group()
    trust.add_argument(
        "--roots", type=Path, metavar="FILE", help="trusted roots, in place of the system's"
    )
    trust.add_argument(
        "--fingerprint", type=_fingerprint, metavar="SHA256", help="of a self-signed root"
    )
    p.add_argument("--out", type=Path, metavar="FILE", help="default: ca.crt, or ca.der")
    p.add_argument("--der", action="store_true", help="DER in place of PEM")
    p.add_argument("--force", action="store_true", help="replace another certificate in FILE")
    p.add_argument("--timeout", type=float, default=10, metavar="S", help="default: 10 s")
    return p


def _fingerprint(text):
    digits = re.sub(r"[:\s]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise argparse.ArgumentTypeError("a SHA-256: 64 hexadecimal digits")
    return digits


def split(server):
    """(host, port) of `host`, `host:port`, `[address]:port`; ValueError."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/\s]+))(?::(\d{1,5}))?", server)
    if not found:
        raise ValueError(f"{server!r} is no HOST:PORT")
    port = int(found[3] or 8883)
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port")
    return found[1] or found[2], port


def run(args, console, now=None):
    """Fetch, show, verify, save; the path that was written. Raises `FetchError`, `Refused`."""
    now = now or datetime.datetime.now(datetime.UTC)
    host, port = split(args.server)
    name = args.name or host
    chain, came = fetch.chain(host, port, name, args.timeout)
    console.print(f"{host}:{port} as {name}: {came}")
    try:
        roots = [] if args.fingerprint else path.read_roots(args.roots)
        found = path.verify(chain, roots, name, now, args.fingerprint)
    except path.Refused:
        console.print(show.table(chain))
        raise
    root = found[-1]
    console.print(show.table(chain, found))
    refused = fetch.verified(host, port, name, root, args.timeout)
    if refused:
        raise path.Refused(f"OpenSSL does not accept it with this root alone: {refused}")
    console.print(f"verified by {path.name_of(root)}, SHA-256 {path.fingerprint_of(root)}")
    for note in show.notes(chain[0], root, now, args.der):
        console.print(f"note: {note}", style="yellow")
    into = args.out or Path("ca.der" if args.der else "ca.crt")
    data = show.encoded(root, args.der)
    if into.exists() and into.read_bytes() != data and not args.force:
        raise path.Refused(f"{into} has another certificate: --force replaces it")
    write(into, data)
    console.print(f"wrote {into} ({len(data)} bytes)")
    return into


def main(argv=None):
    """Returns the exit status."""
    args = parser().parse_args(argv)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    try:
        run(args, console)
    except path.Refused as error:
        for reason in error.reasons:
            print(f"rootca: refused: {reason}", file=sys.stderr)
        return 1
    except (fetch.FetchError, ValueError, OSError) as error:
        print(f"rootca: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
