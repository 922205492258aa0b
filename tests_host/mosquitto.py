"""Debian's Mosquitto for a test: started on a free loopback port, stopped at the end.

    with Mosquitto(tmp_path) as broker:
        with broker.subscribe("t/#") as watch:
            broker.publish("t/1", b"hello", qos=1)
            assert watch.messages(1) == [Message("t/1", b"hello", 1, False)]

TLS: `Mosquitto(folder, tls=Tls(ca, cert, key, crl))` demands a client certificate unless told
otherwise; `broker.client = Tls(ca, cert, key)` is what `publish` and `subscribe` then show.
"""

import os
import pwd
import re
import select
import shutil
import socket
import subprocess
import threading
from collections import namedtuple
from pathlib import Path
from time import monotonic

Message = namedtuple("Message", "topic payload qos retain")
Tls = namedtuple("Tls", "ca cert key crl", defaults=(None,))

LIMIT_S = 15
_ATTEMPTS = 5


class MosquittoError(Exception):
    """Mosquitto is missing, did not start, or one of its clients failed."""


def program(name):
    """The path of a program of Debian's `mosquitto` or `mosquitto-clients`."""
    path = shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if path is None:
        raise MosquittoError(f"{name} is missing: apt-get install mosquitto mosquitto-clients")
    return path


def free_port():
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Mosquitto:
    """`users`: {name: password}, None = anonymous. `options`: more lines of mosquitto.conf."""

    def __init__(self, folder, *, users=None, tls=None, require_certificate=True, options=()):
        self.folder = Path(folder)
        self.users = users
        self.tls = tls
        self.require_certificate = require_certificate
        self.options = tuple(options)
        self.client = None  # Tls that publish and subscribe use
        self.login = None  # (user, password) that they use
        self.host = "localhost"
        self.port = 0
        self._log = []
        self._news = threading.Condition()
        self._process = self._reader = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def log(self):
        """Everything Mosquitto has written since it was made."""
        with self._news:
            return "".join(self._log)

    def wait_log(self, pattern, times=1, limit_s=LIMIT_S):
        """Wait until the log holds the regular expression so many times; raises MosquittoError."""
        compiled = re.compile(pattern)

        def found():
            return len(compiled.findall("".join(self._log))) >= times

        with self._news:
            if not self._news.wait_for(found, limit_s):
                text = "".join(self._log)
                raise MosquittoError(f"no {pattern!r} in Mosquitto's log:\n{text}")

    def start(self):
        """Start, on the same port as before if there was one."""
        again = self.port
        for attempt in range(_ATTEMPTS):
            self.port = again or free_port()
            begin = len(self.log())
            self._launch()
            if self._accepts():
                return
            self.stop()
            taken = "Address already in use" in self.log()[begin:]
            if again or not taken or attempt == _ATTEMPTS - 1:
                raise MosquittoError(f"Mosquitto did not start:\n{self.log()[begin:]}")

    def stop(self):
        """Stop, and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()
        process.stderr.close()

    def reload(self):
        """SIGHUP: read the password file again."""
        self._process.send_signal(1)

    def _config(self):
        lines = [f"listener {self.port} 127.0.0.1", "log_dest stderr", "log_type all"]
        if os.geteuid() == 0:
            # It would otherwise become a user that cannot read the test's folder.
            lines.append(f"user {pwd.getpwuid(0).pw_name}")
        if self.users is None:
            lines.append("allow_anonymous true")
        else:
            lines += ["allow_anonymous false", f"password_file {self._passwords()}"]
        if self.tls:
            lines += [f"cafile {self.tls.ca}", f"certfile {self.tls.cert}"]
            lines += [f"keyfile {self.tls.key}"]
            lines.append(f"require_certificate {str(self.require_certificate).lower()}")
            if self.tls.crl:
                lines.append(f"crlfile {self.tls.crl}")
        path = self.folder / "mosquitto.conf"
        path.write_text("\n".join((*lines, *self.options)) + "\n")
        return path

    def _passwords(self):
        path = self.folder / "passwords"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        for name, password in self.users.items():
            command = [program("mosquitto_passwd"), "-b", str(path), name, password]
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
        return path

    def _launch(self):
        self._process = subprocess.Popen(
            [program("mosquitto"), "-c", str(self._config())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stderr,))
        self._reader.start()

    def _read(self, stream):
        for line in stream:
            with self._news:
                self._log.append(line)
                self._news.notify_all()

    def _accepts(self):
        """Wait until the port answers; False when Mosquitto ends first."""
        deadline = monotonic() + LIMIT_S
        ended = os.pidfd_open(self._process.pid)
        try:
            while monotonic() < deadline:
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", self.port)) == 0:
                        # Another program may have taken the port in between.
                        return not select.select([ended], [], [], 0)[0]
                if select.select([ended], [], [], 0.01)[0]:
                    return False
            return False
        finally:
            os.close(ended)

    # Mosquitto's own clients.

    def _client(self, name, arguments):
        command = [program(name), "-h", self.host, "-p", str(self.port), "-V", "mqttv311"]
        if self.client:
            command += ["--cafile", str(self.client.ca)]
            if self.client.cert:
                command += ["--cert", str(self.client.cert), "--key", str(self.client.key)]
        if self.login:
            command += ["-u", self.login[0], "-P", self.login[1]]
        return command + [str(a) for a in arguments]

    def publish(self, topic, payload=b"", qos=0, retain=False, *more):
        """Run mosquitto_pub to its end; raises MosquittoError with what it said."""
        source = "-s" if payload else "-n"  # from stdin, or a message of no byte
        arguments = ["-t", topic, "-q", qos, source, *(["-r"] if retain else []), *more]
        command = self._client("mosquitto_pub", arguments)
        run = subprocess.run(command, input=payload, capture_output=True, timeout=LIMIT_S)
        if run.returncode:
            raise MosquittoError(f"mosquitto_pub: {(run.stderr + run.stdout).decode().strip()}")

    def subscribe(self, *filters, qos=2, client_id="watch"):
        """A running mosquitto_sub, subscribed when this returns: a context manager."""
        return Subscriber(self, filters, qos, client_id)


class Subscriber:
    """mosquitto_sub, independent of everything that is tested."""

    _FORMAT = "%q %r %x %t"  # the topic last: it may hold spaces

    def __init__(self, broker, filters, qos, client_id):
        arguments = ["-i", client_id, "-q", qos, "-F", self._FORMAT]
        for topic_filter in filters:
            arguments += ["-t", topic_filter]
        subscribed = f"Sending SUBACK to {re.escape(client_id)}"
        before = len(re.findall(subscribed, broker.log()))
        self._messages = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            broker._client("mosquitto_sub", arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            broker.wait_log(subscribed, before + 1)
        except MosquittoError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self._process.terminate()
        self._process.wait(LIMIT_S)
        self._reader.join()
        self._process.stdout.close()

    def _read(self):
        for line in self._process.stdout:
            m = re.fullmatch(r"([012]) ([01]) ([0-9A-Fa-f]*) (.*)\n", line)
            with self._news:
                if m:
                    payload = bytes.fromhex(m[3])
                    self._messages.append(Message(m[4], payload, int(m[1]), m[2] == "1"))
                self._news.notify_all()

    def messages(self, n, limit_s=LIMIT_S):
        """Wait until `n` messages have come in all; all so far, fewer when the limit passes."""
        with self._news:
            self._news.wait_for(lambda: len(self._messages) >= n, limit_s)
            return list(self._messages)
