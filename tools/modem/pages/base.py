"""What every page has: a table of commands, settings, timings, and an answer to what happens."""

from types import SimpleNamespace

from ..cme import TEXTS


class Page:
    """A vendor's page. It holds no state: its own is `modem.page_state`."""

    NAME = ""
    RATES = (9600, 19200, 38400, 57600, 115200)  # that the automatic baud rate knows
    AUTOBAUD_LINES = 1  # "AT" lines swallowed before the rate is found (an option can say more)
    CLOCK_UNIX_S = 315_964_800.0  # where a clock without time begins: 1980-01-06
    STATUS_EARLY = False  # STATUS rises as soon as the pulse has been long enough
    TIMINGS = {}  # see power.py
    AUTO_SAVE = ()  # settings that save themselves
    PROFILE = ()  # settings that AT&W saves
    COMMANDS = {}  # name -> handler(command)
    SECRETS = ()  # commands whose arguments never reach an event
    SAMPLE_URCS = ("+CSQ: 20,99",)
    LINE_LIMIT = 556  # longest command line: what a SIMCom takes
    PAUSE_MS = 0.0  # how long after a final result code input is not heard (if no option says so)
    ECHO_PAYLOAD = False  # with ATE1, the payload after a prompt is echoed too
    KEEPS_UNREAD = False  # what was not read when the peer closes can still be read
    RESET_IS_OFF = False  # the RESET pin switches off, and nothing boots when it is let go
    HOLD_IS_OFF = False  # a key that is held after switching on switches off again
    UNDER_VOLTAGE = "UNDER_VOLTAGE WARNING"  # its URC; "": none
    FLASH_BYTES = 65_536
    USER_DIRECTORY = 3

    def factory(self, options):
        """Settings by name as the factory left them; at least E V Q CMEE IPR."""
        return {"E": 1, "V": 1, "Q": 0, "CMEE": 0, "IPR": options.baud}

    def fresh(self, modem):
        """What the page keeps in RAM: gone at every restart."""
        return SimpleNamespace()

    def execute(self, command):
        """Carry out a command whose latency is over."""
        handler = self.COMMANDS.get(command.name)
        if handler is None:
            command.error()
        else:
            handler(command)

    def cme_text(self, modem, code):
        """The final result code for an error with a reason, by AT+CMEE."""
        mode = modem.settings["CMEE"]
        if mode == 0:
            return "ERROR"
        return f"+CME ERROR: {code if mode == 1 else TEXTS.get(code, TEXTS[100])}"

    def describe(self, command):
        """The command for an event: without secrets."""
        name = command.name
        plus = "+" if len(name) > 1 and name[0] not in "&+#" else ""
        if command.op == "set":
            if name in self.SECRETS:
                return f"AT{plus}{name}=..."
            if not plus and name[0] not in "+#":
                return f"AT{name}{command.args[0]}"
            return f"AT{plus}{name}={','.join(command.args)}"
        return f"AT{plus}{name}" + {"exec": "", "read": "?", "test": "=?"}[command.op]

    def urc_text(self, text):
        """A URC for an event: without secrets."""
        return text.decode("latin-1")

    # what happens to the module

    def booted(self, modem):
        """UART and STATUS are there."""
        modem.radio.start()

    def power_down(self, modem):
        """An orderly power down begins."""

    def sim_changed(self, modem):
        """The SIM is ready, wants something, or is gone."""

    def registration_changed(self, modem):
        """`modem.radio.stat` is new."""

    def network_time(self, modem):
        """The network has told the time."""

    def pdp_changed(self, modem, active):
        """Packet data came or went, or could not be had."""

    def data_waiting(self, modem, cid):
        """Data begins to wait in a socket."""

    def socket_closed(self, modem, cid):
        """The far side has closed."""

    def swap_users(self, modem):
        """What the user of this port has is another's now, and the other way round (second.py)."""

    def tls_held(self, modem, number, held):
        """Another user of the same module holds a TLS socket, or lets it go."""

    def emergency_off(self, modem):
        """The RESET pin or the supply has cut it off, whatever it was doing."""

    def dtr_dropped(self, modem):
        """DTR has gone from low to high."""

    def fault(self, modem, name, args):
        """A fault that only some modules have (see fault_list.py)."""

    def search_factor(self, modem):
        """How much longer than `register_ms` the search takes with these settings."""
        return 1.0

    def may_sleep(self, modem):
        """Whether DTR high and idle puts the module to sleep."""
        return False

    def flow_control(self, modem):
        """Whether RTS from the host is obeyed."""
        return False
