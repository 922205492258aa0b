"""A second AT port of the module: another user's, whose commands are carried out at once.

Modules have several ports (UARTs, USB), each with an AT parser of its own. `VirtualModem` has the
one that the firmware is wired to; this is another, for what its user does to ours: it holds what
ours would like to have. Error reports (AT+CMEE) are its own.
"""

from .command import Command, parse


class SecondPort:
    """`at(line)` gives the lines of the answer. Only commands that are answered at once."""

    def __init__(self, modem):
        self.modem = modem
        self.verbose = True
        self.reports = 0  # AT+CMEE, as delivered
        self.said = []

    def at(self, line):
        ((name, op, args),) = parse(line.encode("latin-1")[2:])
        command = Command(self, name, op, args, [])
        self.said = []
        self._swap()
        try:
            self.modem.page.execute(command)
        finally:
            self._swap()
        if not command.finished:
            raise ValueError(f"{line} takes time")
        return self.said

    def _swap(self):
        """Who is "other" here is the user of the first port."""
        modem = self.modem
        settings = modem.settings
        reports, self.reports = self.reports, settings["CMEE"]
        settings.set("CMEE", reports)
        modem.page.swap_users(modem)

    # what a command asks of its line

    def unit(self, kind, data):
        self.said.append(data.decode("latin-1").strip("\r\n"))

    def finish(self, command, text):
        self.said.append(text)
