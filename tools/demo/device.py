"""The device: a folder that is its flash, and the firmware that runs in it."""

import json
import shutil
from pathlib import Path

from tools.run import firmware

from .state import WILL

ROOT = Path(__file__).resolve().parents[2]


def configuration(device, uart, pins, host, port, interval_s, module="auto", password=None):
    """uplink.json of the demo: the defaults, but for what must be written. `password`: in place of
    the device's certificate.
    """
    status = f"devices/{device}/status"
    login, tls = {}, {"ca": "ca.crt"}
    if password:
        login = {"user": device, "password": password}
    else:
        tls |= {"cert": "device.crt", "key": "device.key"}
    return {
        "id": device,
        "uart": {"device": uart},
        "pins": {"control": pins},
        "modem": {"type": module},
        "broker": {
            "host": host,
            "port": port,
            **login,
            "will": {"topic": status, "payload": WILL, "retain": True},
            "birth": {"topic": status, "payload": "online", "retain": True},
        },
        "tls": tls,
        "telemetry": {"interval_s": interval_s},
    }


def lay_out(folder, authority, config):
    """Put onto the "flash" what provisioning puts onto a board's."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("boot.py", "main.py"):
        shutil.copy(ROOT / name, folder / name)
    devices = authority.folder / "devices"
    shutil.copy(authority.ca, folder / "ca.crt")
    shutil.copy(devices / f"{config['id']}.crt", folder / "device.crt")
    shutil.copy(devices / f"{config['id']}.key", folder / "device.key")
    (folder / "uplink.json").write_text(json.dumps(config, indent=2) + "\n")
    return folder


class Device:
    """The firmware in `folder`; `start` it, and start it again when it asks for that."""

    def __init__(self, family, folder, log, command=None):
        self.family = family
        self.folder = folder
        self.log = log
        self.env = None
        self.command = command
        if command is None:
            found = firmware.find()
            self.env = found.env
            self.command = found.command()
        self.child = None

    def start(self):
        """Switch the board on."""
        self.child = self.family.start(
            "device", self.command, cwd=self.folder, env=self.env, log=self.log
        )

    @property
    def restarts(self):
        """True when it has ended because the board was reset."""
        return self.child.status == firmware.AGAIN
