"""Quectel: what differs between M10, M66, M85 and M95.

`off_pulse_ms` is the least, `off_pulse_max_ms` the most that PWRKEY is low for switching off.
"""

from types import SimpleNamespace

MODELS = {
    "m10": SimpleNamespace(
        model="Quectel_M10",
        revision="M10R08A01N32",
        off_pulse_ms=600,
        off_pulse_max_ms=1000,
        boot_ms=3500,
        ntp=False,  # AT+QNTP
        ccid=False,  # AT+CCID beside AT+QCCID
        http_config=False,  # AT+QHTTPCFG
        clock_updates=(0, 1),  # AT+CTZU
        ram_bytes=65_536,  # for files of AT+QSECWRITE="RAM:…"
    ),
    "m66": SimpleNamespace(
        model="Quectel_M66",
        revision="M66FAR01A07BT",
        off_pulse_ms=700,
        off_pulse_max_ms=1000,
        boot_ms=3000,
        ntp=True,
        ccid=True,
        http_config=True,
        clock_updates=(0, 1, 2, 3),
        ram_bytes=65_536,
    ),
    "m85": SimpleNamespace(
        model="Quectel_M85",
        revision="M85FAR02A02",
        off_pulse_ms=700,
        off_pulse_max_ms=1000,
        boot_ms=3000,
        ntp=True,
        ccid=True,
        http_config=False,
        clock_updates=(0, 1, 2, 3),
        ram_bytes=65_536,
    ),
    "m95": SimpleNamespace(
        model="Quectel_M95",
        revision="M95FAR02A08",
        off_pulse_ms=600,
        off_pulse_max_ms=1000,
        boot_ms=3000,
        ntp=True,
        ccid=True,
        http_config=False,
        clock_updates=(0, 1, 2, 3),
        ram_bytes=65_536,
    ),
}
