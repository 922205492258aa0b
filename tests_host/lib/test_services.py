"""What takes heap of the services, on MicroPython, too: a command of the application's own, and
certificates that are given while the device runs.
"""

import fake_module
from fake_module import drive
from fake_streams import TelitOnline
from test_heap_services import online, with_device

from uplink.errors import ATError

# Any file will do: the module does not look at it.
PATH = fake_module.__file__.rsplit("/", 1)[0] + "/added.py"


class Count:
    """A list has so many."""

    def __init__(self, found, count):
        self.found = found
        self.count = count

    def met(self):
        return len(self.found) >= self.count


class Stored:
    """Certificates are in the module, and it is online."""

    def __init__(self, device):
        self.device = device

    def met(self):
        modem = self.device.modem
        return modem.files.good and modem.online and len(self.device.board.stored) > 0


def test_a_command_of_the_applications_own():
    def test(device):
        ask = device.modem.ask()
        found = []

        async def run():
            found.append(await ask(b"AT#SSLSECDATA?"))
            found.append(await ask(b"AT+CGMM"))
            for command in (b"AT#SSLSECCFG2?", b"AT#SSLSECCFG?"):
                try:
                    await ask(command)
                except ATError as error:
                    found.append((error.code, error.text))
            found.append(await ask(b"AT#SSLSECDATA=1,1,1,3", data=b"abc\x1a"))
            found.append(await ask(b"AT#SSLSECDATA?"))

        online(device)
        device.loop.spawn(run())
        assert drive(device.board, device.loop, Count(found, 6), 60_000), found
        assert found == [
            [b"#SSLSECDATA: 1,0,0,0"],
            [b"LE910C1-EU"],
            (836, "SSL not activated"),
            (836, "SSL not activated"),
            [],
            [b"#SSLSECDATA: 1,0,1,0"],
        ]
        assert device.board.stored == b"abc"

    with_device(TelitOnline, test)


def test_certificates_are_given_while_it_runs():
    def test(device):
        online(device)
        tls = device.modem.cfg["tls"]
        try:
            device.modem.certificates(PATH)
            assert drive(device.board, device.loop, Stored(device), 60_000), device.modem.state
        finally:
            tls["ca"] = None
        with open(PATH, "rb") as file:
            assert device.board.stored == file.read()

    with_device(TelitOnline, test)
