"""What a virtual modem can be told about itself and its surroundings.

Times ending in `_ms` are the module's own and are multiplied by `scale`;
the UART's pacing and the TLS handshake never are.
"""

from dataclasses import dataclass, field


@dataclass
class Options:
    """Every setting of a virtual modem; the command line offers each one."""

    scale: float = 1.0  # factor on every `_ms` below and on the power timings of the page
    latency_ms: float = 5.0  # between a command line and its answer
    latency_jitter_ms: float = 0.0  # seeded, added to latency_ms
    pause_ms: float = 0.0  # how long after a final result code input is not heard

    # UART
    baud: int = 0  # fixed rate (AT+IPR) from the factory; 0: automatic
    autobaud_lines: int = 1  # "AT" lines swallowed before the rate is found
    late_boot_urcs: bool = False  # RDY and +CFUN are sent once the rate is found (else: never)
    busy_input: str = "lost"  # what happens to bytes while a command runs: "lost" or "kept"
    sleep_urcs: str = "lost"  # what happens to URCs while asleep: "lost" or "kept"
    log_limit: int = 20_000  # entries kept in modem.log

    # forms of answers that vary by firmware
    caopen: str = "short"  # AT+CAOPEN=0,"host",port; "long": AT+CAOPEN=0,"TCP","host",port
    caopen_ok_first: bool = False  # OK, later +CAOPEN, as with AT+CACFG="ASYNCOPEN",1
    casend_line: bool = True  # +CASEND: <cid>,0,<n> after OK
    prompt: bytes = b">"  # b">" or b"> "
    short_reads: bool = False  # firmware 1529B08: announces more than it sends above 512 bytes
    empty_read: str = "zero"  # "zero": +CARECV: 0; "ok": a bare OK
    payload_s: float = 30.0  # Quectel: how long a send waits for its bytes; 0: for good
    bare_close: bool = False  # Quectel: CLOSE OK without the socket's number
    sec_size: str = "whole"  # Quectel: +QSECWRITE tells the "whole" size or "less"
    echo_payload: bool = False  # the payload after a prompt is echoed too
    shread_ok: str = "first"  # "first": OK, then +SHREAD and its bytes; "last": behind them
    shread_unread: str = "lost"  # an answer unread when its server closes: "lost" or "kept"
    shbodext: bool = True  # AT+SHBODEXT is there; else AT+SHBOD=<n>,<ms> has the prompt
    untrusted_result: int = 26  # +CAOPEN result for a server that the CA did not sign

    legacy_server: bool = False  # servers take SSL 3.0 and RC4, which this PC cannot do (Telit)

    # the module
    imei: str = "869951037053562"
    revision: str = "1529B10SIM7000G"
    model: str = "SIMCOM_SIM7000G"
    sockets: int = 2  # connection identifiers 0 .. sockets - 1
    sleep_idle_ms: float = 1000.0  # idle with DTR high before it falls asleep
    settings: dict = field(default_factory=dict)  # saved settings it comes with
    files: dict = field(default_factory=dict)  # {"name": bytes}: already in its flash

    # SIM
    sim: str = "ready"  # ready, pin, puk, absent
    sim_pin: str = "1234"
    sim_puk: str = "12345678"
    imsi: str = "901405101234567"
    iccid: str = "8944501012345678901F"
    sim_ready_ms: float = 900.0  # after UART ready: +CPIN: READY
    sms_ready_ms: float = 2500.0

    # network
    register_ms: float = 4000.0  # LTE only; three times that with AT+CNMP=2
    register_jitter_ms: float = 1500.0
    give_up_ms: float = 300_000.0  # searching without success before it gives up (0)
    roaming: bool = True
    operator: str = "AT&T FloLive"
    operator_id: str = "310410"
    rssi: int = 25
    apn: str = ""  # the only APN that is let in; "": any
    network_apn: str = "flolive.net"  # what AT+CGNAPN is told; "": nothing
    address: str = "100.64.132.137"
    activate_ms: float = 900.0  # AT+CNACT=1 until +APP PDP: ACTIVE
    connect_ms: float = 60.0  # added to every AT+CAOPEN
    ping_ms: float = 194.0
    unix_s: float = 1_718_318_435.0  # what the network's clock says at now_us = 0 (UTC)
    zone_quarters: int = -16
    dst: int = 1
    rtc_unix_s: float | None = None  # what its own clock says at start; None: the page's beginning


class ModemError(Exception):
    """A wrong option, fault or scenario; the message says which and what was expected."""
