"""A Telit's stream beside its dialogues: what `escape` and `resume` give, and who else may need
the line while every byte is data.
"""

import pytest

from tests_host.sim.telit_lines import HOST
from tests_host.sim.test_dialogues_telit import Stream
from uplink import log


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(log, "sink", lambda *line: None)


def online(folder, module="he910"):
    t = Stream(folder, module)
    t.open()
    t.both_ways()
    t.server.got = b""
    return t


def result(t, request):
    """What `await request` gives."""
    t.until(lambda: request.why != -2)
    return request.why == -1


@pytest.mark.parametrize("module", ["gl865", "le910c1"])
def test_escape_and_resume_are_awaited(module, folder):
    t = online(folder, module)
    with pytest.raises(ValueError):
        t.stream.resume()
    t.stream.send(b"on its way", 0, 10)
    there = t.stream.escape()
    with pytest.raises(ValueError):
        t.stream.escape()
    assert result(t, there) and not t.stream.online and t.stream.state == 2
    assert t.server.got == b"on its way"
    t.text(b"text")
    assert result(t, t.stream.resume()) and t.stream.online
    t.both_ways()


def test_escape_while_it_is_looked_whether_no_carrier_was_data(folder):
    t = online(folder)
    t.server.conns[0].send(b"down\r\nNO CARRIER\r\n")
    t.until(lambda: t.stream.leaving)
    assert t.stream.doubt
    assert result(t, t.stream.escape()) and t.stream.state == 2 and not t.stream.online
    assert result(t, t.stream.resume())
    t.both_ways()


def test_escape_of_a_connection_that_ends(folder):
    t = online(folder)
    there = t.stream.escape()
    t.server.conns[0].close()
    assert not result(t, there) and t.stream.why == 1 and t.heard.reasons == [1]


@pytest.mark.parametrize("how", ["stop", "doubt"])
def test_who_needs_the_line_waits_until_commands_are_heard(how, folder):
    """Nothing but `+++` is said while it is data: not a probe, not a command."""
    t = online(folder)
    t.lines.clear()
    before = t.modem.counters()["resyncs"]
    getattr(t.modem, how)()
    t.until(lambda: t.heard.reasons)
    assert t.heard.reasons == [2] and t.server.got == b""
    assert t.lines.commands()[0].startswith("+++")
    if how == "stop":
        t.until(lambda: t.modem.state == "off", 60)
    else:
        t.until(lambda: t.modem.online and t.modem.rung < 0, 60)
    assert t.modem.counters()["resyncs"] == before
    t.world.run(30)
    assert t.server.got == b""


def test_data_mode_lasts_longer_than_any_command(folder):
    t = Stream(folder)
    t.stream.open(HOST.encode(), 443)
    t.until(t.settled)
    t.lines.clear()
    t.world.run(1000)
    assert not t.lines.said and t.stream.online
    t.both_ways()
    t.escape()
    t.close()
