"""`python -m tools.run`: the firmware on this PC, against a real modem or any pty."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from tools.demo.children import die_with_parent
from uplink import ConfigError

from . import check, firmware, override, serial, table


def parser():
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tools.run",
        description="Runs the firmware on this PC, in the folder of its configuration.",
        epilog="main.py and boot.py are those beside the configuration, else this checkout's.",
    )
    p.add_argument("--uart", metavar="PATH", help="serial port or pty of the modem")
    p.add_argument("--config", metavar="FILE", type=Path, help="uplink.json")
    p.add_argument("--pins", metavar="PATH", help="pty of a virtual modem's pins")
    p.add_argument("--check", action="store_true", help="only check the configuration")
    p.add_argument(
        "--config-table", action="store_true", help="print every key as a Markdown table"
    )
    return p


class RunError(Exception):
    """It cannot start; the message is a sentence for the user."""


def run(options):
    """Returns the exit status."""
    if options.config is None:
        raise RunError("which configuration? make run UART=/dev/ttyUSB0 CONFIG=uplink.json")
    path = options.config.resolve()
    values = {}
    if options.uart:
        values["uart.device"] = options.uart
    if options.pins:
        values["pins.control"] = options.pins
    cfg = check.load(path, values)
    if options.check:
        print(f"{options.config}: good, device {cfg['id']}")
        return 0
    device = cfg["uart"]["device"]
    if device is None:
        raise RunError("which serial port? make run UART=/dev/ttyUSB0 CONFIG=… (or uart.device)")
    found = firmware.find()
    before = override.source(path.name, values)
    fd = serial.open_raw(device, cfg["uart"]["baud"])
    try:
        return _keep_running(found, before, path.parent)
    finally:
        os.close(fd)


def _keep_running(found, before, folder):
    """Run the firmware, again whenever the board is reset; Ctrl-C reaches it directly."""
    while True:
        process = subprocess.Popen(
            found.command(before), cwd=folder, env=found.env, preexec_fn=die_with_parent
        )
        try:
            status = _wait(process)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if status != firmware.AGAIN:
            return status if status >= 0 else 128 - status
        print("run: the board restarts", flush=True)


def _wait(process):
    """The exit status; a Ctrl-C is the firmware's to answer, and it has 5 s for that."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return 130


def main(argv=None):
    """Returns the exit status."""
    options = parser().parse_args(argv)
    if options.config_table:
        print(table.markdown())
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return run(options)
    except (RunError, ConfigError, serial.PortError, firmware.NoFirmware) as error:
        print(f"run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
