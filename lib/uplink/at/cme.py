"""Texts of `+CME ERROR` (3GPP TS 27.007, 9.2), by number; both forms are understood."""

TEXTS = (
    (0, b"phone failure"),
    (1, b"no connection to phone"),
    (2, b"phone-adaptor link reserved"),
    (3, b"operation not allowed"),
    (4, b"operation not supported"),
    (5, b"PH-SIM PIN required"),
    (6, b"PH-FSIM PIN required"),
    (7, b"PH-FSIM PUK required"),
    (10, b"SIM not inserted"),
    (11, b"SIM PIN required"),
    (12, b"SIM PUK required"),
    (13, b"SIM failure"),
    (14, b"SIM busy"),
    (15, b"SIM wrong"),
    (16, b"incorrect password"),
    (17, b"SIM PIN2 required"),
    (18, b"SIM PUK2 required"),
    (20, b"memory full"),
    (21, b"invalid index"),
    (22, b"not found"),
    (23, b"memory failure"),
    (24, b"text string too long"),
    (25, b"invalid characters in text string"),
    (26, b"dial string too long"),
    (27, b"invalid characters in dial string"),
    (30, b"no network service"),
    (31, b"network timeout"),
    (32, b"network not allowed - emergency calls only"),
    (40, b"network personalization PIN required"),
    (41, b"network personalization PUK required"),
    (42, b"network subset personalization PIN required"),
    (43, b"network subset personalization PUK required"),
    (44, b"service provider personalization PIN required"),
    (45, b"service provider personalization PUK required"),
    (46, b"corporate personalization PIN required"),
    (47, b"corporate personalization PUK required"),
    (50, b"incorrect parameters"),
    (51, b"command implemented but currently disabled"),
    (52, b"command aborted by user"),
    (100, b"unknown"),
    (103, b"illegal MS"),
    (106, b"illegal ME"),
    (107, b"GPRS services not allowed"),
    (111, b"PLMN not allowed"),
    (112, b"location area not allowed"),
    (113, b"roaming not allowed in this location area"),
    (132, b"service option not supported"),
    (133, b"requested service option not subscribed"),
    (134, b"service option temporarily out of order"),
    (148, b"unspecified GPRS error"),
    (149, b"PDP authentication failure"),
    (150, b"invalid mobile class"),
)


def number(cursor):
    """The number of the error that the cursor stands before, as digits or as text; -1 unknown."""
    n = cursor.int()
    if n >= 0:
        return n
    buf = cursor.buf
    first = cursor.first
    last = cursor.last
    for entry in TEXTS:
        text = entry[1]
        if len(text) == last - first:
            i = 0
            while i < len(text):
                # letters compare without case: firmwares differ in it
                if (buf[first + i] ^ text[i]) & 0xDF:
                    break
                i += 1
            if i == len(text):
                return entry[0]
    return -1


def text(n):
    """The standard's text for an error number, or an empty one."""
    for entry in TEXTS:
        if entry[0] == n:
            return entry[1]
    return b""
