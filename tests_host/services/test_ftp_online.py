"""A Telit's FTP in data mode (AT#FTPGET): where a file ends, whatever it looks like, and who else
may need the line while it comes.
"""

import pytest

from tests_host.services.test_ftp import FILES, MODULES, RUNNING, TOO_LARGE, WHOLE, Bench
from tests_host.sim.test_life import said
from tests_host.sim.test_vendors import recovery
from uplink import log

PEER, LINK, TIMEOUT, DAMAGE = 1, 2, 3, 8
NO_CARRIER = b"\r\nNO CARRIER\r\n"
MORE = {
    "imitates": b"a" + NO_CARRIER + b"b+++" + NO_CARRIER,
    "again": NO_CARRIER * 3,
    "half": b"\r\nNO CARRI",
}


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


class Online(Bench):
    """`sent` bytes of a file are sent at once; the others by `rest()`."""

    def __init__(self, folder, module="le910c1", sent=None, sizes=True, **more):
        super().__init__(folder, module, **more)
        server = self.server
        server.files.update(MORE)
        self.sent = sent
        server.data_moves = self.data_moves
        if not sizes:
            server._do_size = lambda rest: server.reply("500 no such command")

    def data_moves(self):
        server = self.server
        if server._data is None or server._data.conn is None or server._doing is None:
            return
        self.conn, data = server._data.conn, server._doing[1]
        server._doing = None
        n = len(data) if self.sent is None else self.sent
        self.left = data[n:]
        if n:
            self.conn.send(data[:n])
        if self.sent is None:
            self.rest()

    def rest(self):
        if self.left:
            self.conn.send(self.left)
        self.conn.close()
        self.server.reply("226 done")

    def get(self, path=b"file.bin", **more):
        return super().get(path, online=True, **more)

    def begin(self, path=b"file.bin", **more):
        self.ftp.get(
            b"broker", path, b"user", b"secret", store=self.into, most=6000, online=True, **more
        )
        assert self.world.run(60, lambda: self.ftp.holds and self.ftp.count)

    def ends(self, limit_s=120):
        assert self.world.run(limit_s, lambda: self.ftp.why != RUNNING), vars(self.ftp)
        return self.ftp.why

    def goes_on(self):
        """Others have the line, in step, and the next file comes."""
        before = self.world.mqtt.connects
        self.world.publish(1)
        assert self.world.run(60, lambda: self.world.arrived())
        assert self.world.mqtt.connects == before and not recovery(self.world)
        self.sent = None
        assert self.get() == WHOLE and bytes(self.into) == FILES["file.bin"]


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("module", MODULES)
def test_files_come_as_they_are(module, tls, folder):
    b = Online(folder, module)
    for name, data in {**FILES, **MORE}.items():
        assert b.get(name.encode(), tls=tls) == WHOLE, name
        assert bytes(b.into) == data and b.ftp.announced == len(data)
    assert b"+++" not in [what[:3] for what in said(b.world)]
    b.goes_on()


@pytest.mark.parametrize("name", ["file.bin", "empty", *MORE])
def test_a_server_that_tells_no_size(name, folder):
    """Who is back at the command line does not answer +++."""
    b = Online(folder, sizes=False)
    assert b.get(name.encode()) == WHOLE and b.ftp.announced == -1
    assert bytes(b.into) == {**FILES, **MORE}[name]
    b.goes_on()


def test_a_no_carrier_in_the_file_and_then_a_pause(folder):
    """With its size the file is whole, however long the pause; +++ would cut it."""
    b = Online(folder, sent=1 + len(NO_CARRIER))
    b.begin(b"imitates")
    b.world.run(4)
    b.rest()
    assert b.ends() == WHOLE and bytes(b.into) == MORE["imitates"]
    b.goes_on()


@pytest.mark.parametrize("sizes", [True, False])
def test_a_no_carrier_in_the_file_and_then_too_long_a_pause(sizes, folder):
    """It was the file's: +++ is answered, and the file is not said to be whole."""
    b = Online(folder, sent=1 + len(NO_CARRIER), sizes=sizes)
    b.begin(b"imitates")
    assert b.ends() == DAMAGE and b.into == b"a" + NO_CARRIER
    b.goes_on()


def test_the_server_cuts_it(folder):
    b = Online(folder, sent=1000)
    b.begin()
    b.conn.close()
    b.server.reply("426 cut")
    assert b.ends() == PEER and len(b.into) == 1000
    b.goes_on()


def test_the_server_stalls(folder):
    b = Online(folder, sent=1000)
    b.ftp.pause_ms = 20_000
    b.begin()
    assert b.ends() == TIMEOUT
    b.goes_on()


def test_a_slow_server_may_take_its_time(folder):
    """Longer than any command, and nothing but the file is heard or said."""
    b = Online(folder, sent=100)
    b.world.mqtt.disconnect()
    b.world.run(10)
    b.begin()
    before = len(said(b.world))
    for at in range(100, 5100, 1000):
        b.world.run(50)
        b.conn.send(FILES["file.bin"][at : at + 1000])
    b.left = FILES["file.bin"][5100:]
    b.world.run(10)
    assert len(said(b.world)) == before
    b.rest()
    assert b.ends() == WHOLE and bytes(b.into) == FILES["file.bin"]


def test_given_up(folder):
    b = Online(folder, sent=1000)
    b.begin()
    b.ftp.cancel()
    assert b.ftp.why == 0
    assert b.world.run(30, lambda: not b.ftp.state)
    b.goes_on()


def test_too_large(folder):
    b = Online(folder)
    assert b.get(most=100) == TOO_LARGE and len(b.into) <= 100
    assert b.world.run(30, lambda: not b.ftp.state)
    b.goes_on()


def test_the_next_is_asked_for_at_once(folder):
    """What is given up is put away before it."""
    b = Online(folder, sent=1000)
    b.begin()
    b.ftp.cancel()
    b.sent = None
    assert b.get(b"ok.txt") == WHOLE and bytes(b.into) == FILES["ok.txt"]


@pytest.mark.parametrize("module", MODULES)
def test_what_is_refused(module, folder):
    b = Online(folder, module)
    assert b.get(b"none") == 4
    assert b.get(password=b"wrong") == 4
    b.goes_on()


def test_switched_off_by_command_and_not_as_data(folder):
    b = Online(folder, sent=1000)
    b.begin()
    before = len(said(b.world))
    b.world.modem.stop()
    assert b.ends() == LINK
    assert b.world.run(60, lambda: b.world.modem.state == "off"), b.world.modem.state
    assert said(b.world)[before] == b"+++"


def test_recovery_gets_the_line(folder):
    b = Online(folder, sent=1000)
    b.begin()
    before = len(said(b.world))
    b.world.modem.doubt()
    assert b.ends() == LINK
    assert said(b.world)[before] == b"+++"
    assert b.world.run(200, lambda: b.world.mqtt.connected and not b.ftp.state)


def test_the_module_restarts_in_the_middle(folder):
    b = Online(folder, sent=1000)
    b.ftp.pause_ms = 20_000
    b.begin()
    b.world.vm.fault("reboot")
    assert b.ends(300) in (PEER, LINK, TIMEOUT)
    assert b.world.run(300, lambda: b.world.modem.online and not b.ftp.state)
    b.sent = None
    b.world.run(60)
    assert b.get() == WHOLE and bytes(b.into) == FILES["file.bin"]


def test_another_service_has_given_tls_back(folder):
    """What an earlier life left in AT#HTTPCFG does not keep FTP from TLS."""
    b = Online(folder)
    vm = b.world.vm
    profile = ("web", 443, 0, "", "", 1, 120, 1)
    vm.settings.set("#HTTPCFG", {**vm.settings["#HTTPCFG"], 0: profile})
    vm.page_state.holder[1] = "http"
    assert b.get() == WHOLE and bytes(b.into) == FILES["file.bin"]
    assert vm.settings["#HTTPCFG"][0] == ("web", 443, 0, "", "", 0, 120, 1)
