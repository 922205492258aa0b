"""What the modem has told about itself, its SIM and its network."""

from uplink import exact


class Facts:
    """Plain values; texts are bytearrays that are filled in place."""

    def __init__(self):
        self.model = exact.buffer(32)
        self.firmware = exact.buffer(48)
        self.imei = exact.buffer(20)
        self.imsi = exact.buffer(20)
        self.iccid = exact.buffer(24)
        self.operator = exact.buffer(32)
        self.apn = exact.buffer(64)
        self.read_max = 0  # largest read that this firmware does right; 0 = the vendor's
        self.sim_ready = False
        self.sim_locked = False
        self.pin_tried = False  # the PIN was refused once: never again by itself
        self.stat = -1
        self.registered = False
        self.address = False  # packet data is up; the address itself:
        self.ip = exact.buffer(40)
        self.rssi = 99  # 0 … 31, 99 unknown (27.007, 8.5)
        self.clock_s = 0  # UTC seconds since 2000, when the network told; 0 = unknown
        self.listed = 0  # bit cid: listed as open; bit 7: there was a list
        self.ping_ms = -1
        self.pings = 0

    def restarted(self):
        """The module has restarted: what it was connected to is gone."""
        self.sim_ready = False
        self.sim_locked = False
        self.stat = -1
        self.registered = False
        self.address = False
        self.clock_s = 0
        self.rssi = 99

    def watched(self):
        """A supervision begins."""
        self.listed = 0

    def rssi_dbm(self):
        """Received signal strength in dBm (27.007: -113 + 2 per step), 0 when unknown."""
        return 0 if self.rssi > 31 else 2 * self.rssi - 113
