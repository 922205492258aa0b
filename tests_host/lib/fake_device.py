"""An App on a board and a link that are not real, in a folder of its own."""

import json
import os

from fake_board import FakeBoard
from fake_link import FakeModem, FakeMQTT

from uplink import log
from uplink.app.application import App

CONFIG = '{"id":"7","broker":{"host":"h","tls":false%s}%s}'
BIRTH = ',"birth":{"topic":"s/{id}","payload":"on","retain":true}'


class Reset(SystemExit):
    """The board was reset."""


class Board(FakeBoard):
    def __init__(self):
        super().__init__()
        self.interrupt_at = -1
        self.resets = 0
        self.cause = "power"

    def reset(self):
        self.resets += 1
        raise Reset()

    def reset_cause(self):
        return self.cause

    def idle(self, ms, data=True):
        super().idle(ms, data)
        if 0 <= self.interrupt_at <= self.time:
            self.interrupt_at = -1
            raise KeyboardInterrupt


class Device(App):
    """An App on a fake board and link, in a folder of its own."""

    def __init__(self, broker="", more=""):
        super().__init__("uplink.json", Board())
        self.before = os.getcwd()
        self.folder = "/tmp/uplink-" + "".join("%02x" % b for b in os.urandom(6))
        os.mkdir(self.folder)
        os.chdir(self.folder)
        with open("uplink.json", "w") as f:
            f.write(CONFIG % (broker, more))
        self.lines = []
        log.sink = self._line

    def _line(self, level, room, text, a=None, b=None):
        self.lines.append("%s %s" % (room, text) + ("" if a is None else " %s" % a))

    def connect(self):
        self.modem = FakeModem()
        self.mqtt = FakeMQTT(self.loop)

    def close(self):
        os.chdir(self.before)
        for name in os.listdir(self.folder):
            os.remove(self.folder + "/" + name)
        os.rmdir(self.folder)
        log.sink = log.to_stdout
        log.threshold = log.INFO

    def advance(self, ms):
        """Run the loop for `ms`."""
        end = self.board.time + ms
        while self.board.time < end:
            wait = self.loop.step()
            if wait:
                self.board.idle(max(1, min(wait, end - self.board.time)))
        while not self.loop.step():
            pass

    def obey(self, text):
        """Let the broker deliver a command; the reply, or None."""
        n = len(self.mqtt.sent)
        if isinstance(text, str):
            text = text.encode()
        handler = self.mqtt.routes[0][2]
        handler(bytearray(b"devices/7/cmd"), bytearray(text))
        self.advance(1)
        for topic, payload, _, _ in self.mqtt.sent[n:]:
            if topic == b"devices/7/reply":
                return json.loads(payload)
        return None

    def telemetry_sent(self):
        return [json.loads(m[1]) for m in self.mqtt.sent if m[0] == b"devices/7/telemetry"]


def with_device(test, broker="", more="", before=None):
    device = Device(broker, more)
    try:
        if before is not None:
            before(device)
        device.start()
        test(device)
    finally:
        device.close()
