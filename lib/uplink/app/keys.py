"""Every key of `uplink.json`, as one constant table.

The table drives the validation (`config`), the README's table and provisioning. A row is
(key, kind, default, low, high, unit, doc). `low` and `high` bound a number or the length of a
text in bytes; for words and rates `low` holds what is allowed. `...` as default: the key must
be written. Frozen, the table costs no RAM; loaded from a file, `config.load` drops it again.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# Kinds. What a value becomes: INT, RATE → int; BOOL → bool; WORD, PATH, ID → str; SYMBOL,
# TEXT, AT, HOST, DIGITS, TOPIC, FILTER → bytes; GPIO → int or str; PIN → those or a dict.
INT = const(0)
BOOL = const(1)
WORD = const(2)  # one of the words in `low`
SYMBOL = const(3)  # the same, as bytes
RATE = const(4)  # one of the numbers in `low`
TEXT = const(5)  # an MQTT string (MQTT 3.1.1, 1.5.3)
AT = const(6)  # reaches an AT command line between quotes
HOST = const(7)  # host name or address; also reaches an AT command line
DIGITS = const(8)
TOPIC = const(9)  # MQTT topic name: no wildcards (MQTT 3.1.1, 4.7)
FILTER = const(10)  # MQTT topic filter
PATH = const(11)  # a file that must be there
DEVICE = const(12)  # a path that is opened later
GPIO = const(13)
PIN = const(14)
ID = const(15)

NULL = const(32)  # null is allowed although it is not the default
SECRET = const(64)  # the value is never shown

KIND = const(31)

# Sections that are null unless written.
OPTIONAL = ("broker.will", "broker.birth")

_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)

KEYS = (
    ("id", ID, ..., 1, 64, "", "name of this device; takes the place of `{id}` in other texts"),
    (
        "log",
        WORD,
        "info",
        ("debug", "info", "warn", "error"),
        0,
        "",
        "least level that is printed",
    ),
    (
        "watchdog_s",
        INT,
        8,
        0,
        8,
        "s",
        "hardware watchdog: the board restarts when a task hangs so long; 0 = none",
    ),
    (
        "offline_restart_s",
        INT,
        86400,
        0,
        604800,
        "s",
        "the board restarts after so long without the broker; 0 = never",
    ),
    # The UART that the modem is wired to.
    ("uart.id", INT, 0, 0, 3, "", "UART of the board"),
    ("uart.tx", GPIO, None, 0, 0, "", "pin to the module's RXD; null = the UART's usual one"),
    ("uart.rx", GPIO, None, 0, 0, "", "pin to the module's TXD; null = the UART's usual one"),
    ("uart.rts", GPIO, None, 0, 0, "", "pin for hardware flow control; null = not wired"),
    ("uart.cts", GPIO, None, 0, 0, "", "pin for hardware flow control; null = not wired"),
    ("uart.baud", RATE, 115200, _RATES, 0, "bit/s", "rate that the module is set to"),
    ("uart.rxbuf", INT, 2048, 256, 32766, "bytes", "receive buffer of the UART driver"),
    ("uart.ring", INT, 2048, 512, 16384, "bytes", "lines from the module: its longest must fit"),
    ("uart.device", DEVICE, None, 1, 255, "", "PC only: path of a serial port or pty"),
    # Pins to the module. Each: null (not wired), a pin that is connected directly, or
    # {"pin": …, "active": "high"} for one that pulls the line low through a transistor.
    ("pins.pwrkey", PIN, None, 0, 0, "", "switches the module on and off"),
    ("pins.dtr", PIN, None, 0, 0, "", "wakes it from sleep"),
    ("pins.status", PIN, None, 0, 0, "", "input: high while the module is on"),
    ("pins.reset", PIN, None, 0, 0, "", "hard reset, the last step before a power cycle"),
    (
        "pins.control",
        DEVICE,
        None,
        1,
        255,
        "",
        "PC only: pty over which a virtual modem takes pins",
    ),
    # The module.
    (
        "modem.type",
        SYMBOL,
        "auto",
        ("auto", "sim7000"),
        0,
        "",
        "which module; auto = the one that the image has",
    ),
    ("modem.echo", BOOL, False, 0, 0, "", "leave the module's echo on"),
    ("modem.sleep", BOOL, False, 0, 0, "", "sleep between messages (needs `pins.dtr`)"),
    ("modem.idle_sleep_s", INT, 2, 1, 3600, "s", "quiet time before it is put to sleep"),
    (
        "modem.sleep_check_s",
        INT,
        60,
        1,
        86400,
        "s",
        "longest sleep before it is asked for data: a command waits that long",
    ),
    (
        "modem.radio",
        SYMBOL,
        "lte-m",
        ("lte-m", "nb-iot", "both"),
        0,
        "",
        "which networks it searches: fewer are found faster",
    ),
    ("modem.led", BOOL, True, 0, 0, "", "the module's network light"),
    ("modem.sockets", INT, 2, 1, 8, "", "connections at once, MQTT's included"),
    ("modem.register_s", INT, 300, 30, 3600, "s", "limit for finding a network"),
    # The SIM and its network.
    ("sim.pin", DIGITS | SECRET, None, 4, 8, "", "PIN of the SIM; a wrong one is tried once only"),
    ("sim.apn", AT, None, 1, 63, "", "access point name; null = ask the network"),
    ("sim.apn_user", AT, None, 1, 63, "", "user name for the access point"),
    ("sim.apn_password", AT | SECRET, None, 1, 63, "", "password for the access point"),
    # The broker.
    ("broker.host", HOST, ..., 1, 253, "", "name or address of the MQTT broker"),
    ("broker.port", INT, None, 1, 65535, "", "null = 8883 with TLS, 1883 without"),
    ("broker.tls", BOOL, True, 0, 0, "", "TLS in the module"),
    ("broker.client_id", TEXT, "{id}", 0, 128, "", "unique for each device at the broker"),
    ("broker.user", TEXT, None, 1, 256, "", "user name"),
    ("broker.password", TEXT | SECRET, None, 1, 512, "", "password (needs `broker.user`)"),
    ("broker.keepalive_s", INT, 120, 10, 65535, "s", "longest silence before a ping is sent"),
    ("broker.answer_s", INT, 30, 5, 300, "s", "limit for the answer to a login or a ping"),
    ("broker.ack_s", INT, 120, 10, 3600, "s", "limit for the acknowledgement of a message"),
    (
        "broker.clean",
        BOOL,
        False,
        0,
        0,
        "",
        "begin each connection with an empty session; false = what was missed is delivered",
    ),
    (
        "broker.will.topic",
        TOPIC,
        ...,
        1,
        256,
        "",
        "the broker publishes this if the device is lost",
    ),
    ("broker.will.payload", TEXT, "", 0, 512, "", "what it publishes"),
    ("broker.will.qos", INT, 1, 0, 2, "", "at which QoS"),
    ("broker.will.retain", BOOL, False, 0, 0, "", "and whether it keeps it"),
    (
        "broker.birth.topic",
        TOPIC,
        ...,
        1,
        256,
        "",
        "the device publishes this when it has connected",
    ),
    ("broker.birth.payload", TEXT, "", 0, 512, "", "what it publishes"),
    ("broker.birth.qos", INT, 1, 0, 2, "", "at which QoS"),
    ("broker.birth.retain", BOOL, False, 0, 0, "", "and whether the broker keeps it"),
    # TLS.
    (
        "tls.verify",
        WORD,
        "ca",
        ("ca", "none"),
        0,
        "",
        "none = ANY server is trusted: only for a bench",
    ),
    ("tls.version", WORD, "1.2", ("1.2", "1.1", "1.0"), 0, "", "below 1.2 is weak"),
    ("tls.ca", PATH, None, 1, 64, "", "PEM file of the CA that signed the broker's certificate"),
    ("tls.cert", PATH, None, 1, 64, "", "PEM file of the device's certificate"),
    ("tls.key", PATH, None, 1, 64, "", "PEM file of the device's private key"),
    ("tls.server_name", HOST, None, 1, 253, "", "name sent and checked; null = `broker.host`"),
    (
        "tls.check_dates",
        BOOL,
        True,
        0,
        0,
        "",
        "check the certificate's dates; false = an expired one is trusted",
    ),
    # Room for messages.
    ("outbox.messages", INT, 16, 2, 256, "", "messages that may wait to be delivered"),
    ("outbox.bytes", INT, 4096, 512, 65536, "bytes", "topics and payloads of all of them"),
    ("outbox.inflight", INT, 4, 1, 64, "", "sent but not yet acknowledged at once"),
    ("outbox.packet", INT, 1024, 128, 32768, "bytes", "largest packet that is received whole"),
    # Pauses between attempts to reach the broker: doubled each time, and chosen at random below.
    ("backoff.first_s", INT, 2, 1, 3600, "s", "the first pause"),
    ("backoff.max_s", INT, 300, 1, 86400, "s", "the longest pause"),
    ("backoff.stable_s", INT, 60, 1, 86400, "s", "a connection that lasted so long starts afresh"),
    # What the application sends and obeys.
    ("telemetry.topic", TOPIC | NULL, "devices/{id}/telemetry", 1, 256, "", "null = no telemetry"),
    ("telemetry.interval_s", INT, 60, 1, 604800, "s", "between two messages"),
    ("telemetry.qos", INT, 1, 0, 2, "", "QoS of telemetry"),
    ("commands.topic", FILTER | NULL, "devices/{id}/cmd", 1, 256, "", "null = no commands"),
    ("commands.qos", INT, 1, 0, 2, "", "QoS of commands and of their replies"),
    ("commands.reply", TOPIC | NULL, "devices/{id}/reply", 1, 256, "", "null = no replies"),
)
