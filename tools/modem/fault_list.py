"""The list of faults: name, arguments with their defaults, and what happens."""

# the first argument may be given without its name; its type is that of its default
FAULTS = {
    "lose": (
        {"rate": 0.01, "dir": "both", "count": None},
        "bytes get lost on the wire (rate 0 ends it)",
    ),
    "double": (
        {"rate": 0.01, "dir": "both", "count": None},
        "bytes arrive twice",
    ),
    "garble": (
        {"rate": 0.01, "dir": "both", "count": None},
        "one bit of a byte is wrong",
    ),
    "noise": (
        {"bytes": 20},
        "random bytes reach the host",
    ),
    "urc": (
        {"text": "+CSQ: 20,99"},
        "one URC, now",
    ),
    "urc_storm": (
        {"count": 50, "gap_ms": 3.0},
        "that many URCs in a row",
    ),
    "urc_anywhere": (
        {"rate": 0.3, "for_s": 0.0},
        "a URC at each place where one can stand, at this rate (for_s 0: until `none`)",
    ),
    "late": (
        {"s": 10.0, "command": "", "count": 1, "busy": 0},
        "the answer comes so late; unless busy, the line takes commands meanwhile",
    ),
    "no_answer": (
        {"count": 1, "command": ""},
        "commands are carried out and never answered",
    ),
    "unheard": (
        {"count": 1, "command": ""},
        "commands are neither carried out nor answered",
    ),
    "error": (
        {"count": 1, "command": "", "cme": -1},
        "commands are refused",
    ),
    "form": (
        {
            "caopen": "",
            "ok_first": -1,
            "casend_line": -1,
            "prompt": "",
            "echo": -1,
            "empty_read": "",
            "sec_size": "",
            "bare_close": -1,
            "echo_payload": -1,
            "short_reads": -1,
        },
        "answers change to another firmware's form",
    ),
    "latency": (
        {"ms": 5.0},
        "time to an answer",
    ),
    "missing_dataind": (
        {"count": 1},
        "+CADATAIND is not sent",
    ),
    "send_refused": (
        {"count": 1, "stage": "payload"},
        "AT+CASEND ends in ERROR, at the prompt or after the payload",
    ),
    "send_blocked": (
        {"for_s": 10.0},
        "a send ends in SEND FAIL (Quectel)",
    ),
    "open_silent": (
        {"count": 1},
        "the result of opening a TLS socket is never told (Quectel)",
    ),
    "socket_leak": (
        {"opens": 20},
        "after so many openings every socket is refused until a power cycle (Quectel)",
    ),
    "prompt_off": (
        {},
        "after the next restart there is no prompt and no SEND OK until it is asked for (Quectel)",
    ),
    "file_corrupt": (
        {"file": ""},
        "a byte of a stored certificate changes (none given: of the first; Quectel)",
    ),
    "reboot": (
        {},
        "the module restarts by itself, now",
    ),
    "reboot_in_command": (
        {"command": "", "count": 1},
        "it restarts in the middle of an answer",
    ),
    "wedged_until_reset": (
        {},
        "deaf and dumb until RESET or a power cycle",
    ),
    "wedged_until_power_cycle": (
        {},
        "deaf and dumb until PWRKEY has switched it off",
    ),
    "brown_out": (
        {"for_s": 1.0},
        "the supply fails: off without a word; PWRKEY works once it is back",
    ),
    "under_voltage": (
        {},
        "UNDER_VOLTAGE WARNING",
    ),
    "over_voltage": (
        {},
        "OVER_VOLTAGE WARNING (Quectel)",
    ),
    "sim_removed": (
        {"for_s": 0.0},
        "the SIM is taken out (0: for good)",
    ),
    "sim_back": (
        {},
        "the SIM is put in again",
    ),
    "registration_denied": (
        {"for_s": 0.0},
        "the network throws it out and lets it in no more",
    ),
    "registration_lost": (
        {"for_s": 30.0},
        "no coverage",
    ),
    "registration_back": (
        {},
        "coverage again, nobody denied",
    ),
    "pdp_dropped": (
        {"for_s": 0.0},
        "packet data ends, and cannot be had for so long",
    ),
    "socket_closed": (
        {"cid": -1},
        "the server closes (-1: every socket)",
    ),
    "tls_held": (
        {"number": 1, "for_s": 0.0},
        "another user of the module holds that TLS socket (0: for good; Telit)",
    ),
    "network_stall": (
        {"for_s": 20.0},
        "nothing arrives, nothing is lost",
    ),
    "network_dead": (
        {},
        "open connections die without a word",
    ),
    "unreachable": (
        {"for_s": 60.0},
        "new connections neither open nor fail",
    ),
    "refused": (
        {"for_s": 60.0},
        "new connections are refused",
    ),
    "dns": (
        {"for_s": 60.0},
        "no host name has an address",
    ),
    "none": (
        {},
        "the rates and everything that is still planned for commands end",
    ),
}
