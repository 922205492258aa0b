"""The figures: what each is called, its unit, its limit, and whom it stands beside.

A figure is written down by its name; here is what the name means. `limit` is what the project
holds itself to: at most that (or at least, where `least` is set).
"""

import json
from pathlib import Path

LAST = Path(__file__).with_name("last.json")
# Emulated time is exact, so what moves by less than this is rounding.
STILL = 0.01


class Row:
    """One line of the table: ours and, where there is one, the peer's."""

    def __init__(self, text, name, unit, limit=None, peer=None, peer_text="", least=False):
        self.text = text
        self.name = name
        self.unit = unit
        self.limit = limit
        self.peer = peer
        self.peer_text = peer_text
        self.least = least

    def missed(self, figures):
        """True where the figure is there and past its limit."""
        value = figures.get(self.name)
        if value is None or self.limit is None:
            return False
        return value < self.limit if self.least else value > self.limit


_US, _B, _MS, _PERCENT = "µs", "B", "ms", "%"

SECTIONS = (
    (
        "Scheduler",
        (
            Row("resume a bare generator", "generator.resume.us", _US),
            Row(
                "task switch, 8 tasks",
                "uplink.switch_of_8.us",
                _US,
                60,
                "asyncio.switch.us",
                "asyncio",
            ),
            Row("task switch, 2 tasks", "uplink.switch_of_2.us", _US, 60),
            Row("task switch, 1 task", "uplink.switch_of_1.us", _US, 60),
            Row(
                "task switch, heap",
                "uplink.switch.bytes",
                _B,
                0,
                "asyncio.switch.bytes",
                "asyncio",
            ),
            Row(
                "event set and waited for",
                "uplink.event.us",
                _US,
                None,
                "asyncio.event.us",
                "asyncio",
            ),
            Row("the same, heap", "uplink.event.bytes", _B, 0, "asyncio.event.bytes", "asyncio"),
            Row(
                "a limit round nothing",
                "uplink.limit.us",
                _US,
                None,
                "asyncio.limit.us",
                "wait_for",
            ),
            Row("the same, heap", "uplink.limit.bytes", _B, 0, "asyncio.limit.bytes", "wait_for"),
            Row("loop with 8 tasks", "uplink.loop_and_8_tasks.bytes", _B, 2047),
        ),
    ),
    (
        "One answer of line, blank line and OK, from the UART to its handler",
        (
            Row("time", "uplink.answer.us", _US, 200, "asyncio.answer.us", "StreamReader"),
            Row("heap", "uplink.answer.bytes", _B, 0, "asyncio.answer.bytes", "StreamReader"),
            Row("time", "uplink.answer.us", _US, 200, "readline.answer.us", "UART.readline"),
            Row("heap", "uplink.answer.bytes", _B, 0, "readline.answer.bytes", "UART.readline"),
            Row(
                "bytes lost of 32 KiB at 115,200",
                "uplink.lost_115200",
                _B,
                0,
                "asyncio.lost_115200",
                "StreamReader",
            ),
            Row(
                "bytes lost of 32 KiB at 921,600",
                "uplink.lost_921600",
                _B,
                0,
                "readline.lost_921600",
                "UART.readline",
            ),
        ),
    ),
    (
        "MQTT, 26 bytes of payload, without the modem",
        (
            Row(
                "publish QoS 0",
                "uplink.publish_qos0.us",
                _US,
                None,
                "umqtt.publish_qos0.us",
                "umqtt",
            ),
            Row("heap", "uplink.publish_qos0.bytes", _B, 0, "umqtt.publish_qos0.bytes", "umqtt"),
            Row(
                "publish QoS 1, acknowledged",
                "uplink.publish_qos1.us",
                _US,
                None,
                "umqtt.publish_qos1.us",
                "umqtt",
            ),
            Row("heap", "uplink.publish_qos1.bytes", _B, 0, "umqtt.publish_qos1.bytes", "umqtt"),
            Row("publish QoS 2, complete", "uplink.publish_qos2.us", _US),
            Row("heap", "uplink.publish_qos2.bytes", _B, 0),
            Row(
                "receive QoS 0",
                "uplink.receive_qos0.us",
                _US,
                None,
                "umqtt.receive_qos0.us",
                "umqtt",
            ),
            Row("heap", "uplink.receive_qos0.bytes", _B, 0, "umqtt.receive_qos0.bytes", "umqtt"),
            Row(
                "instance, 1 KiB packets, 2 KiB outbox",
                "uplink.mqtt.instance_bytes",
                _B,
                None,
                "umqtt.instance_bytes",
                "umqtt",
            ),
        ),
    ),
    (
        "The whole device, with the virtual modem",
        (
            Row("reset to PWRKEY low", "device.pwrkey_ms", _MS, 300),
            Row("RDY to the first acknowledgement", "device.first_ack_ms", _MS),
            Row("the board's own share of that", "device.first_ack_share", _PERCENT, 5),
            Row("publish QoS 0 to the last byte, CPU", "device.publish_us", _US, 500),
            Row("connected and idle: awake", "device.idle_awake", _PERCENT, 1),
            Row("64 KiB received at 115,200", "device.rate_115200", _PERCENT, 90, least=True),
            Row("64 KiB received at 921,600", "device.rate_921600", _PERCENT, 60, least=True),
            Row("heap of everything", "device.heap_bytes", _B, 16_384),
            Row("bytes lost by the UART", "device.overruns", _B, 0),
        ),
    ),
)


def rows():
    """All rows in their order."""
    return [row for _, rows in SECTIONS for row in rows]


def last():
    """The figures kept by `save`: {name: value}; empty when there are none."""
    try:
        return json.loads(LAST.read_text())
    except FileNotFoundError:
        return {}


def save(figures):
    LAST.write_text(json.dumps(dict(sorted(figures.items())), indent=1) + "\n")


def moved(now, before):
    """[(name, before, now)] of what changed by more than `STILL`; None: not there."""
    changes = []
    for name in sorted(now.keys() | before.keys()):
        new, old = now.get(name), before.get(name)
        if new is None or old is None:
            changes.append((name, old, new))
        elif abs(new - old) > STILL * max(abs(new), abs(old)):
            changes.append((name, old, new))
    return changes


def text(value, unit):
    """A figure as people read it."""
    if value is None:
        return "–"
    if unit == _B:
        return f"{value:,.0f} B"
    return f"{value:,.0f} {unit}" if abs(value) >= 100 else f"{value:.3g} {unit}"


def ratio(ours, theirs):
    """How many times less ours is; "" where that says nothing."""
    if not ours or not theirs:
        return ""
    return f"{theirs / ours:.1f} ×" if theirs >= ours else f"1/{ours / theirs:.1f}"
