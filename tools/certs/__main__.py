"""`python -m tools.certs`: make and look after certificates of one's own."""

import argparse
import datetime
import sys
from pathlib import Path

from cryptography import x509

from .authority import CA_DAYS, DEVICE_DAYS, SERVER_DAYS, Authority, CertsError

_EPILOG = """A device needs ca.crt, devices/ID.crt and devices/ID.key (tls.ca, tls.cert,
tls.key); a broker ca.crt, server.crt, server.key and, once a device is revoked, crl.pem. ca.key
goes nowhere: who has it can sign any device and any broker."""


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.certs", description=__doc__.split(": ", 1)[1], epilog=_EPILOG
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, text, days=None):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("folder", type=Path, help="folder of the authority")
        if days:
            command.add_argument(
                "--days", type=int, default=days, help="validity (default %(default)s)"
            )
        return command

    init = add("init", "make a new CA", CA_DAYS)
    init.add_argument("--name", default="Uplink CA", help="its common name (default %(default)s)")
    server = add("server", "certificate for a broker", SERVER_DAYS)
    server.add_argument("host", nargs="+", help="every name and address that it is reached by")
    device = add("device", "certificates for devices", DEVICE_DAYS)
    device.add_argument("id", nargs="+", help="device ids (as `id` in uplink.json)")
    revoke = add("revoke", "take devices' certificates back and write crl.pem")
    revoke.add_argument("id", nargs="+", help="device ids")
    add("crl", "write crl.pem anew (it is good for a year)")
    add("show", "list what is in the folder")
    return parser


def _show(folder):
    """One line for each certificate in the folder."""
    authority = Authority.load(folder)
    taken = {serial for serial, _, _ in authority.revoked()}
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    for path in sorted(folder.rglob("*.crt")):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        until = certificate.not_valid_after_utc.replace(tzinfo=None)
        state = (
            "REVOKED"
            if certificate.serial_number in taken
            else "EXPIRED"
            if until < now
            else "good"
        )
        name = path.relative_to(folder)
        print(f"{state:8} until {until:%Y-%m-%d}  {name}  {_subject(certificate)}")


def _subject(certificate):
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return certificate.subject.rfc4514_string()
    return ", ".join(str(name.value) for name in names)


def _told(*paths):
    for path in paths:
        kind = "private, keep it so" if path.suffix == ".key" else "public"
        print(f"wrote {path} ({path.stat().st_size} bytes, {kind})")


def run(args):
    """Carry one command out."""
    if getattr(args, "days", 1) < 1:
        raise CertsError("--days: at least 1")
    if args.command == "init":
        authority = Authority.create(args.folder, args.name, args.days)
        _told(authority.ca, args.folder / "ca.key")
    elif args.command == "show":
        _show(args.folder)
    else:
        authority = Authority.load(args.folder)
        if args.command == "server":
            _told(*authority.server(args.host, days=args.days))
        elif args.command == "device":
            for name in args.id:
                _told(*authority.device(name, days=args.days))
        elif args.command == "crl":
            _told(authority.crl())
        else:
            for name in args.id:
                crl = authority.revoke(name)
            _told(crl)
            print("give crl.pem to the broker (mosquitto: crlfile) and restart it")


def main(argv=None):
    """Returns the exit status."""
    try:
        run(_parser().parse_args(argv))
    except (CertsError, OSError) as error:
        print(f"certs: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
