"""The command line of the virtual modem: its arguments, and what it prints."""

import argparse
import dataclasses
import json
import signal
import sys
import time

from .core import VirtualModem
from .fault_list import FAULTS
from .network import SocketNetwork
from .options import ModemError, Options
from .pages import PAGES
from .realtime import Runner
from .scenario import load_scenario, parse_fault


def _epilog():
    lines = ["faults (--fault NAME[=args][@when]; args: a value, or key:value,key:value; when:"]
    lines.append("seconds, every:SECONDS or after:COMMAND[#nth]; without: at once):")
    for name, (args, what) in FAULTS.items():
        shown = ",".join(f"{key}:{value}" for key, value in args.items())
        lines.append(f"  {name}{'=' + shown if shown else ''}")
        lines.append(f"      {what}")
    alike = {}
    for page in PAGES.values():
        shown = "  ".join(f"{key} {value}" for key, value in page.TIMINGS.items())
        alike.setdefault(shown, []).append(page.NAME)
    for shown, names in alike.items():
        lines.append("")
        lines.append(f"timings of {', '.join(names)} in ms (multiplied by --scale):")
        lines.append("  " + shown)
    lines.append("")
    lines.append(
        "options for --set (with their defaults; those in _ms are multiplied by --scale):"
    )
    for one in dataclasses.fields(Options):
        if one.default is not dataclasses.MISSING:
            lines.append(f"  {one.name}={one.default!r}")
    lines.append("")
    lines.append(
        "scenario file (JSON list, or TOML tables [[fault]]): at_s, every_s or after_command,"
    )
    lines.append(
        'then fault and args: [{"at_s": 30, "fault": "pdp_dropped", "args": {"for_s": 5}}]'
    )
    return "\n".join(lines)


def parser():
    """The argument parser."""
    p = argparse.ArgumentParser(
        prog="python -m tools.modem",
        description="A virtual cellular modem on a pty or TCP port; its TCP and TLS are real.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_epilog(),
    )
    p.add_argument("page", choices=sorted(PAGES), help="which module")
    where = p.add_mutually_exclusive_group()
    where.add_argument("--pty", action="store_true", help="UART on a pty (the default)")
    where.add_argument("--tcp", type=int, metavar="PORT", help="UART on a TCP port (0: any free)")
    p.add_argument(
        "--pins", action="store_true", help="a second pty for PWRKEY, DTR, RESET, STATUS"
    )
    power = p.add_mutually_exclusive_group()
    power.add_argument(
        "--on", action="store_true", help="begin switched on (default without --pins)"
    )
    power.add_argument(
        "--off", action="store_true", help="begin switched off (default with --pins)"
    )
    p.add_argument("--baud", type=int, default=0, help="fixed rate from the start (0: automatic)")
    p.add_argument("--scale", type=float, default=1.0, help="factor on the module's own times")
    p.add_argument("--latency-ms", type=float, default=5.0, help="between command and answer")
    p.add_argument("--sim", choices=("ready", "pin", "puk", "absent"), default="ready")
    p.add_argument("--apn", default="", help="the only APN that is let in")
    p.add_argument("--seed", type=int, default=0, help="of everything random")
    p.add_argument("--fault", action="append", default=[], metavar="NAME[=args][@when]")
    p.add_argument("--scenario", metavar="FILE", help="faults from a JSON or TOML file")
    p.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="see below")
    p.add_argument(
        "--redirect",
        action="append",
        default=[],
        metavar="HOST:PORT=HOST:PORT",
        help="where a server is really found (TLS still sees the first name)",
    )
    p.add_argument("--file", action="append", default=[], metavar="NAME=PATH", help="in its flash")
    p.add_argument(
        "--events", metavar="FILE", help="JSON lines of what happens (-: this terminal)"
    )
    p.add_argument("--status", action="store_true", help="print power and status changes")
    return p


def make_options(args):
    """Options out of the arguments; ModemError when one does not fit."""
    options = Options(
        scale=args.scale,
        latency_ms=args.latency_ms,
        baud=args.baud,
        sim=args.sim,
        apn=args.apn,
        unix_s=time.time(),
    )
    kinds = {one.name: one.default for one in dataclasses.fields(Options)}
    for text in args.set:
        name, equals, value = text.partition("=")
        default = kinds.get(name, dataclasses.MISSING)
        if not equals or default is dataclasses.MISSING:
            raise ModemError(f"--set {text}: no such option (see --help)")
        try:
            if isinstance(default, bool):
                value = {"0": False, "1": True}[value]
            elif isinstance(default, bytes):
                value = value.encode()
            elif default is None:
                value = float(value)
            else:
                value = type(default)(value)
        except (ValueError, KeyError):
            raise ModemError(f"--set {text}: {default!r} is its default") from None
        setattr(options, name, value)
    for text in args.file:
        name, equals, path = text.partition("=")
        try:
            with open(path, "rb") as file:
                options.files[name] = file.read()
        except OSError as error:
            raise ModemError(f"--file {text}: {error}") from None
    return options


def make_redirects(texts):
    """{(host, port): (host, port)} out of HOST:PORT=HOST:PORT."""
    found = {}
    for text in texts:
        try:
            seen, real = text.split("=")
            (host, port), (name, number) = (one.rsplit(":", 1) for one in (seen, real))
            found[(host.encode(), int(port))] = (name, int(number))
        except ValueError:
            raise ModemError(f"--redirect {text}: HOST:PORT=HOST:PORT expected") from None
    return found


class Events:
    """Writes events as JSON lines, and power changes in plain words."""

    def __init__(self, file, status):
        self.file = file
        self.status = status

    def __call__(self, us, kind, text):
        if self.file is not None:
            line = {"t": round(us / 1e6, 6), "kind": kind, "text": text}
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()
        if self.status and kind in ("power", "status"):
            print(f"{us / 1e6:9.3f} {kind}: {text}", flush=True)


def main(argv=None):
    """Run until Ctrl-C; returns the exit status."""
    args = parser().parse_args(argv)
    begin_on = args.on or not (args.pins or args.off)
    try:
        options = make_options(args)
        network = SocketNetwork(make_redirects(args.redirect))
        modem = VirtualModem(PAGES[args.page](), network, seed=args.seed, options=options)
        plans = [parse_fault(text) for text in args.fault]
        if args.scenario:
            plans += load_scenario(args.scenario)
        if args.events == "-":
            file = sys.stdout
        else:
            file = open(args.events, "w") if args.events else None
    except (ModemError, OSError) as error:
        print(f"tools.modem: {error}", file=sys.stderr)
        return 2
    modem.listener = Events(file, args.status)
    runner = Runner(modem, tcp=args.tcp, pins=args.pins)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"uart: {runner.uart_path}", flush=True)
    if args.pins:
        print(f"pins: {runner.pins_path}", flush=True)
    try:
        if begin_on:
            modem.switch_on()
        for name, fault_args, when in plans:
            modem.faults.plan(name, fault_args, **when)
        runner.run()
    except KeyboardInterrupt:
        pass
    finally:
        runner.close()
        if file is not None and file is not sys.stdout:
            file.close()
    return 0
