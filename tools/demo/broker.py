"""A Mosquitto of our own: TLS on a loopback port, client certificates demanded, nothing kept."""

import contextlib
import getpass
import secrets
import socket
import subprocess
from pathlib import Path

from .children import need

HOST = "localhost"
WATCHER = "watcher"
OPERATOR = "operator"

_CONFIG = """\
# Written by tools/demo; see log/broker.log for what the broker says.
per_listener_settings false
user {user}
persistence false
log_dest stderr
log_timestamp false
log_type all
connection_messages true
allow_anonymous false
listener {port} 127.0.0.1
cafile {ca}
certfile {cert}
keyfile {key}
require_certificate true
use_identity_as_username true
tls_version tlsv1.2
"""
# For a module that has no room for a private key: it logs in with a password.
_BY_PASSWORD = """\
listener {port} 127.0.0.1
cafile {ca}
certfile {cert}
keyfile {key}
tls_version tlsv1.2
password_file {passwords}
"""


def free_port():
    """A TCP port on the loopback interface that nobody uses now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def user():
    """Whom Mosquitto may stay: as root it would change to a user that cannot read our key."""
    with contextlib.suppress(Exception):
        return getpass.getuser()
    return "root"


def certificates(authority, device):
    """What broker, device and the two independent clients need."""
    authority.server([HOST, "127.0.0.1"])
    for name in (device, WATCHER, OPERATOR):
        authority.device(name)


class Broker:
    """`folder` gets the configuration and the log; `authority` has the certificates.
    `by_password`: this user has no certificate, but a `password`, and a `device_port` of its own.
    """

    def __init__(self, family, folder, authority, by_password=None):
        self.folder = Path(folder)
        self.authority = authority
        self.port = free_port()
        self.config = self.folder / "mosquitto.conf"
        self.config.write_text(
            _CONFIG.format(
                user=user(),
                port=self.port,
                ca=authority.ca,
                cert=authority.folder / "server.crt",
                key=authority.folder / "server.key",
            )
        )
        self.device_port = self.port
        self.password = None
        if by_password:
            self._allow(by_password)
        program = need("mosquitto", "mosquitto")
        self.child = family.start(
            "broker", [program, "-c", self.config], log=self.folder / "log" / "broker.log"
        )

    def _allow(self, name):
        authority = self.authority
        self.device_port = free_port()
        self.password = secrets.token_hex(8)
        passwords = self.folder / "passwords"
        passwords.touch(0o600)
        make = [need("mosquitto_passwd", "mosquitto"), "-b", passwords, name, self.password]
        subprocess.run(make, check=True, capture_output=True)
        with open(self.config, "a") as f:
            f.write(
                _BY_PASSWORD.format(
                    port=self.device_port,
                    ca=authority.ca,
                    cert=authority.folder / "server.crt",
                    key=authority.folder / "server.key",
                    passwords=passwords,
                )
            )

    def _client(self, program, name):
        devices = self.authority.folder / "devices"
        return [
            need(program, "mosquitto-clients"),
            *("-h", HOST, "-p", str(self.port), "-i", name, "--tls-version", "tlsv1.2"),
            *("--cafile", self.authority.ca),
            *("--cert", devices / f"{name}.crt", "--key", devices / f"{name}.key"),
        ]

    def watch(self, family, topics):
        """Start an independent mosquitto_sub; its lines are `TOPIC QOS PAYLOAD`."""
        argv = [*self._client("mosquitto_sub", WATCHER), "-q", "1", "-F", "%t %q %p"]
        for topic in topics:
            argv += ["-t", topic]
        return family.start("watcher", argv, log=self.folder / "log" / "watcher.log")

    def publish(self, family, topic, payload):
        """Start an independent mosquitto_pub that publishes one message and ends."""
        argv = [*self._client("mosquitto_pub", OPERATOR), "-q", "1", "-t", topic, "-m", payload]
        return family.start("operator", argv, log=self.folder / "log" / "operator.log")
