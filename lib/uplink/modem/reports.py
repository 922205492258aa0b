"""What a vendor's handlers report, in the words of 27.007 and not of any vendor."""

from uplink import exact, log
from uplink.modem import states
from uplink.modem.clock import seconds_since_2000
from uplink.modem.service import Service
from uplink.port.ticks import ticks_diff


class Reports(Service):
    """Base of `Core`: told by the vendor's module."""

    def restarted(self):
        """RDY."""
        if (
            self.state != states.BOOT
            and self.state != states.RESTARTING
            and (not self.asked_restart)
        ):
            self.restarts += 1
            log.warn("modem", "the module has restarted by itself")
        self.asked_restart = False
        self.event(states.READY)

    def boot_urc(self):
        """A URC that only follows a restart; `RDY` itself may have been missed."""
        if states.FILES <= self.state <= states.WAKING:
            # (a difference of more than six days looks negative)
            if not 0 <= ticks_diff(self.now, self.booted_at) <= self.vendor.BOOT_URCS_MS:
                self.restarted()

    def powered_down(self):
        """NORMAL POWER DOWN and its relatives."""
        self.downs += 1
        self.event(states.DOWN)

    def registration(self, stat):
        """`<stat>` of 27.007: 1 home, 5 roaming, 2 searching, 0 given up, 3 denied, 4 unknown."""
        self.facts.stat = stat
        self.facts.registered = stat == 1 or stat == 5

    def packet_data(self, up):
        """There is an address, or there is none any more."""
        self.facts.address = up

    def hope(self):
        """SIM or network have come back: no need to wait until the long wait is over."""
        if self.state == states.WAITING:
            self.event(states.HOPE)

    def look(self):
        """A URC has changed registration or packet data: ask now, not at the next turn."""
        self.poll_at = self.now

    def sim(self, ready, locked):
        """The SIM's state; `locked`: it wants a PIN (or PUK) that we do not have."""
        self.facts.sim_ready = ready
        self.facts.sim_locked = locked
        if not ready and not locked:
            exact.clear(self.facts.iccid)  # another SIM may follow
        if not ready and not locked and states.REGISTER <= self.state <= states.ONLINE:
            self.event(states.NO_SIM)

    def network_time(self, year, month, day, hour, minute, second, quarters):
        """Local time and its offset in quarters of an hour; years since 2000."""
        # a module without a time says 1980 (80) or 2070 and later
        if not 24 <= year < 70 or month < 1 or day < 1:
            return
        self.facts.clock_s = seconds_since_2000(year, month, day, hour, minute, second) - (
            quarters * 900
        )
        if self.owner is not None:
            self.owner.clock_known()
