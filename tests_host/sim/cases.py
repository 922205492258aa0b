"""The faults that campaigns draw from: each of the virtual modem's list, some in two strengths."""

# name, arguments: each fault of the list, some in more than one strength.
CASES = [
    ("lose", {"rate": 0.01, "count": 20}),
    ("lose", {"rate": 0.2, "count": 40, "dir": "out"}),
    ("double", {"rate": 0.01, "count": 20}),
    ("garble", {"rate": 0.01, "count": 20}),
    ("noise", {"bytes": 500}),
    ("urc", {}),
    ("urc", {"text": "+CEREG: 1"}),
    ("urc_storm", {"count": 200}),
    ("urc_anywhere", {"rate": 0.5}),
    ("late", {"s": 10}),
    ("late", {"s": 3, "count": 5}),
    ("late", {"s": 100, "count": 2, "busy": 1}),
    ("no_answer", {"count": 3}),
    ("unheard", {"count": 3}),
    ("error", {"count": 5}),
    ("error", {"count": 2, "cme": 3}),
    ("form", {"caopen": "long", "casend_line": 0}),
    ("form", {"ok_first": 1, "prompt": "> "}),
    ("form", {"echo": 1, "empty_read": "ok"}),
    ("form", {"echo_payload": 1}),
    ("form", {"short_reads": 1}),
    ("latency", {"ms": 300}),
    ("missing_dataind", {"count": 10}),
    ("send_refused", {"count": 3}),
    ("send_refused", {"count": 2, "stage": "prompt"}),
    ("reboot", {}),
    ("reboot_in_command", {}),
    ("wedged_until_reset", {}),
    ("wedged_until_power_cycle", {}),
    ("brown_out", {"for_s": 2}),
    ("brown_out", {"for_s": 200}),
    ("under_voltage", {}),
    ("sim_removed", {"for_s": 90}),
    ("registration_denied", {"for_s": 120}),
    ("registration_lost", {"for_s": 120}),
    ("pdp_dropped", {}),
    ("pdp_dropped", {"for_s": 120}),
    ("socket_closed", {}),
    ("network_stall", {"for_s": 60}),
    ("network_dead", {}),
    ("unreachable", {"for_s": 120}),
    ("refused", {"for_s": 120}),
    ("dns", {"for_s": 120}),
]
# How these end is another fault of the list, or they are one of the ends.
ENDS = {"sim_back", "registration_back", "none"}
# Those that only one vendor's modules know.
QUECTEL = [
    ("send_blocked", {"for_s": 10}),
    ("send_blocked", {"for_s": 60}),
    ("open_silent", {"count": 2}),
    ("socket_leak", {"opens": 3}),
    ("prompt_off", {}),
    ("over_voltage", {}),
    ("file_corrupt", {}),
]
TELIT = [
    # (a module that is connected has it already: who comes first is in test_sockets_telit.py)
    ("tls_held", {"for_s": 60}),
]


# The modules that campaigns run: one of each vendor first, then the other Quectels, and of Telit
# one product for each row of telit_platforms (gl865: the row of platforms 10 and 16).
ONE = ("sim7000", "m95", "le910c1")
OTHERS = (
    *("m10", "m66", "m85"),
    *("gl865", "ge910", "he910", "le910", "le866", "le910c1eux", "me910c1", "me310g1", "le910q1"),
)
MODULES = ONE + OTHERS


def cases(module):
    """The cases for a `modem.type`: of MODULES, or a module that is added."""
    if module in ("m10", "m66", "m85", "m95"):
        return CASES + QUECTEL
    return CASES + TELIT if module in MODULES and module != "sim7000" else CASES
