"""`python -m tools.mqtt pub|sub …`"""

import io
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))

from uplink.mqtt.packets import is_text, subscription

from . import options
from .session import End, Session, ticks_ms

_WHOLE = 65536  # bytes: longer payloads go out in pieces


class Printer:
    """Messages of a subscription, on stdout; as a sink it takes those too large to hold."""

    def __init__(self, args):
        self.args = args
        self.out = sys.stdout.buffer
        self.messages = 0

    @property
    def full(self):
        return self.args.count is not None and self.messages >= self.args.count

    def begin(self, topic, size):
        if self.args.verbose and not self.full:
            self.out.write(bytes(topic) + b" ")

    def write(self, piece):
        if not self.full:
            self.out.write(piece)

    def end(self, ok):
        if self.full:
            return
        if not self.args.no_newline:
            self.out.write(b"\n")
        self.out.flush()
        if ok:
            self.messages += 1


def pub(p, args):
    if not is_text(args.topic.encode(), True):
        p.error("-t: a topic name has no wildcards and is not empty")
    source = None
    if args.file:
        try:
            source = open(args.file, "rb")
        except OSError as error:
            p.error(f"-f: {error}")
        size = os.fstat(source.fileno()).st_size
    elif args.stdin_file:
        data = sys.stdin.buffer.read()
        source, size = io.BytesIO(data), len(data)
    elif not args.stdin_line:
        data = (args.message or "").encode()
        source, size = io.BytesIO(data), len(data)
    session = Session(args, retry=args.stdin_line)
    mqtt = session.mqtt
    topic = args.topic.encode()
    while not mqtt.connected:
        session.turn()
    if args.stdin_line:
        _lines(session, topic)
    else:
        if size <= _WHOLE:
            receipt = mqtt.publish(topic, source.read(), args.qos, args.retain)
        else:
            receipt = mqtt.publish_from(topic, source, size, args.qos, args.retain)
        if receipt is None:
            raise End(options.FAILED, "the message was refused by the outbox")
        while not receipt.state:
            session.turn()
        if receipt.state != 1:
            raise End(options.FAILED, "the message was dropped")
    session.finish()
    if mqtt.waiting:
        raise End(options.FAILED, f"{mqtt.waiting} messages were not acknowledged")


def _lines(session, topic):
    """Each line of stdin is a message, sent when it has come."""
    mqtt = session.mqtt
    args = session.args
    rest = b""
    lines = []
    ended = False
    while lines or not ended:
        while lines and mqtt.publish(topic, lines[0], args.qos, args.retain) is not None:
            lines.pop(0)
        if lines and not mqtt.waiting:
            raise End(options.FAILED, f"a line of {len(lines[0])} bytes is too long")
        if session.turn(None if lines or ended else sys.stdin.fileno()):
            data = os.read(sys.stdin.fileno(), 65536)
            *lines, rest = (rest + data).split(b"\n")
            if not data:
                ended = True
                if rest:
                    lines.append(rest)


def sub(p, args):
    for text in args.topic:
        try:
            subscription(text, 0, None, None)
        except ValueError:
            p.error(f"-t {text}: + and # stand alone in their level, # in the last one")
    session = Session(args, retry=True)
    mqtt = session.mqtt
    printer = Printer(args)
    for text in args.topic:
        mqtt.on_large(text, printer, args.qos)
    begun = ticks_ms()
    limit_ms = (args.limit_s or 0) * 1000
    while not printer.full:
        left = limit_ms - (ticks_ms() - begun) % (1 << 30) if limit_ms else 1000
        if left <= 0:
            session.finish()
            raise End(options.TIMEOUT, "" if printer.messages else "no message in time")
        session.turn(most_ms=min(left, 1000))
        if mqtt.filters_refused >= len(args.topic):
            session.finish()
            raise End(options.REFUSED, "the broker refused every subscription")
    session.finish()


def main(argv=None):
    p = options.parser()
    args = options.check(p, p.parse_args(argv))
    try:
        (pub if args.command == "pub" else sub)(p, args)
    except End as end:
        if str(end) and not args.quiet:
            print(f"tools.mqtt: {end}", file=sys.stderr)
        return end.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return options.FAILED
    except KeyboardInterrupt:
        return options.OK
    return options.OK


if __name__ == "__main__":
    sys.exit(main())
