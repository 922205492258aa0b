"""`python -m tools.mqtt`: what it sends and prints, its exit statuses, TLS."""

import os
import subprocess
import sys

import pytest

from tests_host.conftest import ROOT
from tests_host.mosquitto import Message, Mosquitto, free_port
from tools.mqtt import debug, options

LIMIT_S = 30


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as running:
        yield running


def run(*arguments, given=b"", status=0):
    command = [sys.executable, "-m", "tools.mqtt", *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, timeout=LIMIT_S, cwd=ROOT)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr.decode()


class Sub:
    """A running `sub`, subscribed when this returns."""

    def __init__(self, broker, *arguments):
        client = f"tool-{os.urandom(3).hex()}"
        command = [sys.executable, "-m", "tools.mqtt", "sub", "-p", broker.port, "-i", client]
        self.process = subprocess.Popen(
            [str(a) for a in (*command, *arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        try:
            broker.wait_log(f"Sending SUBACK to {client}")
        except BaseException:
            self.process.kill()
            raise

    def end(self):
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out, err.decode()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_pub_each_qos(broker, qos):
    with broker.subscribe("tool/#", client_id=f"watch{qos}") as watch:
        run("pub", "-p", broker.port, "-t", "tool/a", "-m", "hällo", "-q", qos)
        assert watch.messages(1) == [Message("tool/a", "hällo".encode(), qos, False)]


def test_pub_from_a_file_lines_and_stdin(broker, tmp_path):
    data = bytes(range(256)) * 1000
    (tmp_path / "f").write_bytes(data)
    with broker.subscribe("src/#", client_id="w") as watch:
        run("pub", "-p", broker.port, "-t", "src/f", "-f", tmp_path / "f", "-q", 2)
        run("pub", "-p", broker.port, "-t", "src/s", "-s", "-q", 1, given=b"all\nof it")
        run("pub", "-p", broker.port, "-t", "src/n", "-n", "-q", 1)
        lines = b"".join(b"line %d\n" % k for k in range(300)) + b"last"
        run("pub", "-p", broker.port, "-t", "src/l", "-l", "-q", 1, given=lines)
        seen = watch.messages(304)
    assert [m.payload for m in seen[:3]] == [data, b"all\nof it", b""]
    assert b"\n".join(m.payload for m in seen[3:]) == lines


def test_pub_retains_and_sub_prints(broker):
    run("pub", "-p", broker.port, "-t", "r/1", "-m", "kept", "-q", 1, "-r")
    out, _ = run("sub", "-p", broker.port, "-t", "r/#", "-C", 1, "-v")
    assert out == b"r/1 kept\n"
    out, _ = run("sub", "-p", broker.port, "-t", "r/#", "-C", 1, "-N")
    assert out == b"kept"
    run("pub", "-p", broker.port, "-t", "r/1", "-n", "-r")


def test_sub_counts_and_takes_several_filters(broker):
    sub = Sub(broker, "-t", "m/+", "-t", "n/#", "-q", 2, "-C", 3, "-v")
    for topic in ("m/1", "x/1", "n", "n/1/2"):
        broker.publish(topic, topic.encode(), 2)
    assert sub.end() == (0, b"m/1 m/1\nn n\nn/1/2 n/1/2\n", "")


def test_sub_in_time_or_not(broker):
    out, err = run("sub", "-p", broker.port, "-t", "silence", "-W", 1, status=options.TIMEOUT)
    assert out == b"" and "no message in time" in err


def test_a_session_keeps_what_was_missed(broker):
    keep = ("sub", "-p", broker.port, "-i", "keeper", "-c", "-t", "missed", "-q", 1)
    run(*keep, "-W", 1, status=options.TIMEOUT)
    broker.publish("missed", b"while away", 1)
    assert run(*keep, "-C", 1)[0] == b"while away\n"


def test_a_lost_client_leaves_its_will(broker):
    with broker.subscribe("will", client_id="w") as watch:
        sub = Sub(
            broker, "-t", "x", "--will-topic", "will", "--will-payload", "gone", "--will-qos", 1
        )
        sub.process.kill()
        sub.end()
        assert watch.messages(1) == [Message("will", b"gone", 1, False)]


def test_debug_tells_packets_and_no_secret(tmp_path):
    with Mosquitto(tmp_path, users={"joe": "hunter2"}) as broker:
        one = (
            "pub",
            "-p",
            broker.port,
            "-u",
            "joe",
            "-t",
            "a",
            "-m",
            "secret text",
            "-q",
            1,
            "-d",
        )
        _, err = run(*one, "-P", "hunter2")
        for word in ("> CONNECT", "< CONNACK", "> PUBLISH", "< PUBACK", "> DISCONNECT"):
            assert word in err
        assert "hunter2" not in err and "secret text" not in err
        _, err = run(*one, "-P", "wrong", status=options.REFUSED)
        assert "refused by the broker" in err


def test_no_broker_and_no_host():
    port = free_port()
    _, err = run("pub", "-h", "127.0.0.1", "-p", port, "-t", "a", "-m", "b", status=options.FAILED)
    assert f"127.0.0.1:{port}" in err and "refused" in err
    _, err = run("pub", "-h", "no.host.invalid", "-t", "a", "-m", "b", status=options.FAILED)
    assert "no.host.invalid" in err and "no address" in err


@pytest.mark.parametrize(
    "wrong",
    [
        ("pub", "-t", "a"),
        ("pub", "-t", "a/#", "-m", "x"),
        ("pub", "-t", "a", "-m", "x", "-q", 3),
        ("pub", "-t", "a", "-m", "x", "-P", "x"),
        ("pub", "-t", "a", "-m", "x", "-c"),
        ("pub", "-t", "a", "-m", "x", "--insecure"),
        ("pub", "-t", "a", "-m", "x", "--will-qos", 1),
        ("pub", "-t", "a", "-f", "no such file"),
        ("pub", "-t", "a", "-m", "x", "--cafile", "no such file"),
        ("sub", "-t", "a#"),
        ("sub", "-t", "a", "-C", 0),
        (),
    ],
)
def test_wrong_options(wrong):
    _, err = run(*wrong, status=options.USAGE)
    assert len(err) > 20 and "Traceback" not in err


def test_packets_are_described():
    lines = []
    stream = debug.Stream(">", lines.append)
    data = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03dev" + b"\x34\x07\x00\x01a\x00\x09xy"
    data += b"\x82\x06\x00\x01\x00\x01a\x01\xa2\x05\x00\x02\x00\x01a\x90\x04\x00\x01\x02\x80"
    for k in range(len(data)):
        stream.feed(data[k : k + 1])
    assert lines == [
        '> CONNECT "dev" flags 0x02 keepalive 60 s',
        '> PUBLISH d0 q2 r0 id 9 "a" 2 bytes',
        '> SUBSCRIBE id 1 "a" q1',
        '> UNSUBSCRIBE id 2 "a"',
        "> SUBACK id 1 codes 0x02 0x80",
    ]
