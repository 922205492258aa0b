"""Every key of `uplink.json`: the board's table, what each key means, and the README's table."""

from collections import namedtuple

from uplink.app import config

# `default` is `...` where the key must be written; `values`: the JSON of a word's choices, or the
# highest number or length; `secret`: the value is never shown.
Row = namedtuple("Row", "key flags kind low values default secret unit meaning")

# key: (unit, meaning). The board has neither.
MEANINGS = {
    "id": ("", "name of this device; takes the place of `{id}` in other texts"),
    "log": ("", "least level that is printed"),
    "watchdog_s": (
        "s",
        "hardware watchdog: the board restarts when a task hangs so long; 0 = none",
    ),
    "offline_restart_s": (
        "s",
        "the board restarts after so long without the broker; 0 = never",
    ),
    "uart.id": ("", "UART of the board"),
    "uart.tx": ("", "pin to the module's RXD; null = the UART's usual one"),
    "uart.rx": ("", "pin to the module's TXD; null = the UART's usual one"),
    "uart.rts": ("", "pin for hardware flow control; null = not wired"),
    "uart.cts": ("", "pin for hardware flow control; null = not wired"),
    "uart.baud": ("bit/s", "rate that the module is set to"),
    "uart.rxbuf": (
        "bytes",
        "receive buffer of the UART driver; null = 1024, above 115200 baud 2048",
    ),
    "uart.ring": ("bytes", "lines from the module: its longest must fit"),
    "uart.device": ("", "PC only: path of a serial port or pty"),
    "pins.pwrkey": ("", "switches the module on and off"),
    "pins.dtr": ("", "wakes it from sleep"),
    "pins.status": ("", "input: high while the module is on"),
    "pins.reset": (
        "",
        "RESET, the last step before a power cycle; Quectel's EMERG_OFF, Telit's HW_SHUTDOWN",
    ),
    "pins.control": ("", "PC only: pty over which a virtual modem takes pins"),
    "modem.type": (
        "",
        "`sim7000`, `m10`, `m66`, `m85`, `m95`, or a Telit product such as `le910c1`; "
        "auto = the one that the image has, or what the module says it is",
    ),
    "modem.echo": ("", "leave the module's echo on"),
    "modem.sleep": ("", "sleep between messages (needs `pins.dtr`)"),
    "modem.idle_sleep_s": ("s", "quiet time before it is put to sleep"),
    "modem.sleep_check_s": (
        "s",
        "longest sleep before it is asked for data: a command waits that long",
    ),
    "modem.radio": ("", "which networks it searches: fewer are found faster"),
    "modem.led": ("", "the module's network light"),
    "modem.sockets": ("", "connections at once, MQTT's included"),
    "modem.register_s": ("s", "limit for finding a network"),
    "sim.pin": ("", "PIN of the SIM; a wrong one is tried once only"),
    "sim.apn": ("", "access point name; null = ask the network"),
    "sim.apn_user": ("", "user name for the access point"),
    "sim.apn_password": ("", "password for the access point"),
    "broker.host": ("", "name or address of the MQTT broker"),
    "broker.port": ("", "null = 8883 with TLS, 1883 without"),
    "broker.tls": ("", "TLS in the module"),
    "broker.client_id": ("", "unique for each device at the broker"),
    "broker.user": ("", "user name"),
    "broker.password": ("", "password (needs `broker.user`)"),
    "broker.keepalive_s": ("s", "longest silence before a ping is sent"),
    "broker.answer_s": ("s", "limit for the answer to a login or a ping"),
    "broker.ack_s": ("s", "limit for the acknowledgement of a message"),
    "broker.clean": (
        "",
        "begin each connection with an empty session; false = what was missed is delivered",
    ),
    "broker.will.topic": ("", "the broker publishes this if the device is lost"),
    "broker.will.payload": ("", "what it publishes"),
    "broker.will.qos": ("", "at which QoS"),
    "broker.will.retain": ("", "and whether it keeps it"),
    "broker.birth.topic": ("", "the device publishes this when it has connected"),
    "broker.birth.payload": ("", "what it publishes"),
    "broker.birth.qos": ("", "at which QoS"),
    "broker.birth.retain": ("", "and whether the broker keeps it"),
    "tls.verify": ("", "none = ANY server is trusted: only for a bench"),
    "tls.version": ("", "below 1.2 is weak, and needs or makes `tls.level` `legacy`"),
    "tls.level": (
        "",
        "which cipher suites may be offered; null = `compatible`, below a `tls.version` of 1.2 "
        "`legacy`",
    ),
    "tls.ca": ("", "PEM file of the CA that signed the broker's certificate"),
    "tls.cert": ("", "PEM file of the device's certificate"),
    "tls.key": ("", "PEM file of the device's private key"),
    "tls.server_name": ("", "name sent and checked; null = `broker.host`"),
    "tls.check_dates": ("", "check the certificate's dates; false = an expired one is trusted"),
    "outbox.messages": ("", "messages that may wait to be delivered"),
    "outbox.bytes": ("bytes", "topics and payloads of all of them"),
    "outbox.inflight": ("", "sent but not yet acknowledged at once"),
    "outbox.packet": ("bytes", "largest packet that is received whole"),
    "backoff.first_s": ("s", "the first pause"),
    "backoff.max_s": ("s", "the longest pause"),
    "backoff.stable_s": ("s", "a connection that lasted so long starts afresh"),
    "telemetry.topic": ("", "null = no telemetry"),
    "telemetry.interval_s": ("s", "between two messages"),
    "telemetry.qos": ("", "QoS of telemetry"),
    "commands.topic": ("", "null = no commands"),
    "commands.qos": ("", "QoS of commands and of their replies"),
    "commands.reply": ("", "null = no replies"),
}

_KINDS = {
    config._INT: "number",
    config._BOOL: "true, false",
    config._GPIO: "pin",
    config._PIN: "pin, or `{…}`",
    config._HOST: "host",
    config._TOPIC: "topic",
    config._FILTER: "topic filter",
    config._PATH: "file",
    config._DEVICE: "path",
    config._DIGITS: "digits",
    config._ID: "name",
}


def rows(table=config.KEYS, section=""):
    """A `Row` for each key, with those of the sections that may be null."""
    i = 0
    while i < len(table):
        name = table[i]
        i += 1
        if not isinstance(table[i], str):
            flags = table[i]
            kind = flags & config._KIND
            i += 1
            if kind == config._SECTION:
                section = name + "."
                continue
            default = values = None
            if not flags & config._NONE:
                default = table[i]
                i += 1
            if kind >= config._WORD:
                values = table[i]
                i += 1
        key = section + name
        if kind == config._MESSAGE:
            yield from rows(config.MESSAGE, key + ".")
            continue
        secret = bool(flags & config._SECRET)
        yield Row(key, flags, kind, flags >> 8, values, default, secret, *MEANINGS[key])


def _allowed(row):
    """Type and range of a row."""
    unit = f" {row.unit}" if row.unit else ""
    if row.kind in (config._WORD, config._SYMBOL):
        return row.values.replace('"', "`") + unit
    text = _KINDS.get(row.kind, "text")
    if row.kind == config._INT:
        return f"{row.low} to {row.values}{unit}"
    if row.values:
        bytes_ = "digits" if row.kind == config._DIGITS else "bytes"
        return f"{text}, {row.low} to {row.values} {bytes_}"
    return text


def _default(value):
    if value is ...:
        return "**required**"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"`{value}`" if value != "" else "empty"


def markdown():
    """The table, one line a key."""
    lines = ["| key | type and range | default | meaning |", "| --- | --- | --- | --- |"]
    for row in rows():
        lines.append(
            f"| `{row.key}` | {_allowed(row)} | {_default(row.default)} | {row.meaning} |"
        )
    return "\n".join(lines)
