"""The command line: mosquitto_pub's and mosquitto_sub's usual options."""

import argparse
import os

OK, FAILED, USAGE, REFUSED, TLS, TIMEOUT = 0, 1, 2, 3, 4, 27

_CODES = """
exit status: 0 done; 1 connection failed or lost; 2 wrong options; 3 the broker refused the login
or the subscription; 4 TLS or a certificate was refused; 27 the time of -W is over
"""


def parser():
    p = argparse.ArgumentParser(
        prog="python -m tools.mqtt",
        description="This project's MQTT 3.1.1 client, straight over TCP or TLS.",
    )
    commands = p.add_subparsers(dest="command", required=True)
    pub = commands.add_parser("pub", add_help=False, help="publish", epilog=_CODES)
    sub = commands.add_parser("sub", add_help=False, help="subscribe and print", epilog=_CODES)
    for q in (pub, sub):
        _common(q)
    pub.add_argument("-t", "--topic", required=True, help="topic name")
    what = pub.add_mutually_exclusive_group(required=True)
    what.add_argument("-m", "--message", help="the payload")
    what.add_argument("-n", "--null-message", action="store_true", help="an empty payload")
    what.add_argument("-f", "--file", help="the payload is this file")
    what.add_argument("-l", "--stdin-line", action="store_true", help="a message a line of stdin")
    what.add_argument(
        "-s", "--stdin-file", action="store_true", help="the payload is all of stdin"
    )
    pub.add_argument("-r", "--retain", action="store_true", help="the broker keeps it")
    sub.add_argument(
        "-t", "--topic", action="append", required=True, help="topic filter; can be repeated"
    )
    sub.add_argument(
        "-C", dest="count", type=_number(1, 1 << 30), help="end after so many messages"
    )
    sub.add_argument(
        "-W", dest="limit_s", type=_number(1, 86400), help="end after so many seconds"
    )
    sub.add_argument("-v", "--verbose", action="store_true", help="print the topic too")
    sub.add_argument("-N", dest="no_newline", action="store_true", help="no line end behind each")
    return p


def _common(q):
    q.add_argument("--help", action="help", help="show this and end")
    q.add_argument("-h", "--host", default="localhost", help="host of the broker (localhost)")
    q.add_argument("-p", "--port", type=_number(1, 65535), help="its port (1883; 8883 with TLS)")
    q.add_argument("-q", "--qos", type=_number(0, 2), default=0, help="0, 1 or 2 (0)")
    q.add_argument("-i", "--id", help="client identifier (made up)")
    q.add_argument(
        "-k", "--keepalive", type=_number(0, 65535), default=60, help="s; 0 = none (60)"
    )
    q.add_argument(
        "-c",
        "--disable-clean-session",
        action="store_true",
        help="the broker keeps the session (needs -i)",
    )
    q.add_argument("-u", "--username", help="user name")
    q.add_argument("-P", "--pw", help="password (needs -u)")
    q.add_argument("-d", "--debug", action="store_true", help="tell each packet on stderr")
    q.add_argument("--quiet", action="store_true", help="no messages of failures")
    q.add_argument("--will-topic", help="the broker publishes there if this client is lost")
    q.add_argument("--will-payload", default="", help="what it publishes")
    q.add_argument("--will-qos", type=_number(0, 2), default=0, help="at which QoS (0)")
    q.add_argument("--will-retain", action="store_true", help="and keeps it")
    q.add_argument("--tls", action="store_true", help="TLS, with the CAs of this machine")
    q.add_argument("--cafile", help="TLS, with the CA in this PEM file")
    q.add_argument("--cert", help="PEM file of this client's certificate")
    q.add_argument("--key", help="PEM file of its private key")
    q.add_argument(
        "--insecure", action="store_true", help="do not check the host name (the CA still is)"
    )


def _number(low, high):
    def number(text):
        n = int(text)
        if not low <= n <= high:
            raise ValueError(text)
        return n

    number.__name__ = f"number from {low} to {high}"
    return number


def check(p, args):
    """What argparse cannot tell; ends with status 2."""
    args.tls = bool(args.tls or args.cafile or args.cert)
    if args.port is None:
        args.port = 8883 if args.tls else 1883
    if args.pw is not None and args.username is None:
        p.error("-P needs -u")
    if args.disable_clean_session and not args.id:
        p.error("-c needs -i: the session belongs to a client identifier")
    if args.key and not args.cert:
        p.error("--key needs --cert")
    if args.insecure and not args.tls:
        p.error("--insecure is for TLS: --cafile or --tls")
    if args.will_topic is None and (args.will_payload or args.will_qos or args.will_retain):
        p.error("--will-… needs --will-topic")
    return args


def config(args):
    """The client's configuration."""
    will = None
    if args.will_topic is not None:
        will = {
            "topic": args.will_topic.encode(),
            "payload": args.will_payload.encode(),
            "qos": args.will_qos,
            "retain": args.will_retain,
        }
    return {
        "broker": {
            "host": args.host.encode(),
            "port": args.port,
            "tls": args.tls,
            "client_id": (args.id or f"uplink-{os.getpid()}-{os.urandom(4).hex()}").encode(),
            "user": None if args.username is None else args.username.encode(),
            "password": None if args.pw is None else args.pw.encode(),
            "keepalive_s": args.keepalive,
            "clean": not args.disable_clean_session,
            "will": will,
        },
        "outbox": {"messages": 64, "bytes": 1 << 20, "inflight": 20, "packet": 1 << 18},
        "backoff": {"first_s": 1, "max_s": 30, "stable_s": 30},
    }
