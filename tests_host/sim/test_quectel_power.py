"""Quectel: PWRKEY with its bounds, AT+QPOWD, EMERG_OFF last, voltage; note 1.4.1."""

import pytest

from tests_host.sim.quectel_lines import Device
from uplink import log

WARNING = "supply voltage out of range"


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(log, "sink", lambda level, room, text, *more: found.append(text))
    return found


class Bench(Device):
    """`pulses`: (name, seconds when, ms low); `deaf()`: PWRKEY does nothing from now on."""

    def __init__(self, **more):
        super().__init__({}, **more)
        self.pulses = []
        self.low = {}
        self.key = True
        self.pin = self.vm.pin
        self.vm.pin = self.watch

    def watch(self, name, low, now_us):
        if low:
            self.low[name] = now_us
        elif name in self.low:
            began = self.low.pop(name)
            self.pulses.append((name, began / 1e6, (now_us - began) / 1000))
        if self.key or name != "PWRKEY":
            self.pin(name, low, now_us)

    def of(self, name):
        return [pulse for pulse in self.pulses if pulse[0] == name]


@pytest.mark.parametrize("module", ["m10", "m66", "m85", "m95"])
@pytest.mark.parametrize("status", [True, False])
def test_switched_on_by_pwrkey(module, status):
    """Low until STATUS rises, or over 1 s where it is not wired."""
    b = Bench(module=module, pins={} if status else {"status": None}).online()
    (pulse,) = b.of("PWRKEY")
    assert 800 <= pulse[2] <= 1100 if status else 1000 < pulse[2] <= 1300
    assert not b.of("RESET")


def test_switched_off_by_command():
    b = Bench().online()
    b.modem.stop()
    assert b.run(30, lambda: b.modem.state == "off")
    assert b.commands()[-1] == "AT+QPOWD=1" and len(b.of("PWRKEY")) == 1 and not b.of("RESET")
    b.run(15)
    assert b.vm.power.state == "off"


@pytest.mark.parametrize("module", ["m10", "m66", "m85", "m95"])
@pytest.mark.parametrize("status", [True, False])
def test_switched_off_by_pwrkey_where_it_does_not_obey(module, status):
    """0.7 to 1 s: shorter does nothing, longer starts it again."""
    b = Bench(module=module, pins={} if status else {"status": None}).online()
    b.vm.fault("wedged_until_power_cycle")
    b.modem.stop()
    assert b.run(60, lambda: b.modem.state == "off"), b.modem.state
    b.run(15)
    assert 700 < b.of("PWRKEY")[-1][2] < 1000
    assert b.vm.power.state == "off" and not b.of("RESET")


def test_a_power_cycle_keeps_the_pause():
    b = Bench().online()
    b.modem.climb(6)
    assert b.run(60, lambda: len(b.of("PWRKEY")) == 2 and b.modem.online)
    down = [us / 1e6 for us, way, what in b.vm.log if way == "*" and what == "power: off"]
    assert down and b.of("PWRKEY")[1][1] - down[-1] >= 0.5
    assert "AT+QPOWD=1" in b.commands()


def test_emerg_off_is_the_last_resort():
    """Only for a module that is mute and stayed so through PWRKEY; over 20 ms, then 2 s."""
    b = Bench().online()
    b.vm.fault("wedged_until_power_cycle")
    b.key = False
    start = b.now_s
    assert b.run(7200, lambda: b.of("RESET")), b.modem.state
    (emergency,) = b.of("RESET")
    assert emergency[2] > 20
    before = [p for p in b.of("PWRKEY") if start < p[1] < emergency[1]]
    assert before, "PWRKEY was not tried first"
    b.key = True
    assert b.run(600, lambda: b.modem.online), b.modem.state
    after = [p for p in b.of("PWRKEY") if p[1] > emergency[1]]
    assert after[0][1] - emergency[1] > 2 and len(b.of("RESET")) == 1


@pytest.mark.parametrize("fault", ["under_voltage", "over_voltage"])
def test_voltage_warnings_are_logged_and_change_nothing(fault, lines):
    b = Bench().online()
    unknown = b.modem.engine.unknown
    b.vm.fault(fault)
    b.run(10)
    assert lines.count(WARNING) == 1 and b.modem.online and b.modem.engine.unknown == unknown


def test_a_supply_that_fails_is_noticed():
    b = Bench().online()
    b.vm.fault("brown_out", for_s=5)
    b.run(3)
    assert not b.modem.online and b.modem.counters()["downs"]
    assert b.run(120, lambda: b.modem.online), b.modem.state


# ---- note, 1.4.1

CHECKS = ["AT+CGATT?", "AT+CGREG?", "AT+CGACT=0,1", "AT+QIREGAPP?"]


def activations(b):
    """Each AT+QIACT: when, and what was looked at since the one before."""
    found = []
    looked = []
    for at, what in b.said():
        line = what[:-1].decode("latin-1")
        if line in CHECKS:
            looked.append(line)
        elif line == "AT+QIACT":
            found.append((at, looked))
            looked = []
    return found


def test_packet_data_that_fails_is_checked_three_times_ten_minutes_apart():
    """After a restart for it: three times, at an interval of 10 minutes, before the next one."""
    b = Bench()
    b.vm.radio.data_blocked = True
    b.run(12_000)
    assert not b.modem.online
    tries = activations(b)
    assert all(looked == CHECKS for _at, looked in tries), tries
    boots = [us / 1e6 for us, way, what in b.vm.log if way == "*" and what == "power: booting"]
    assert len(boots) >= 4
    for i in range(1, len(boots) - 1):
        mine = [at for at, _looked in tries if boots[i] < at < boots[i + 1]]
        pauses = [later - earlier for earlier, later in zip(mine, mine[1:], strict=False)]
        long = [pause for pause in pauses if pause >= 600]
        assert len(long) >= 3, (i, pauses)
        assert all(pause < 800 for pause in long), pauses
    counters = b.modem.counters()
    assert counters["reset"] + counters["power"] + counters["wait"] == len(boots) - 1
    b.vm.radio.data_blocked = False
    assert b.run(1500, lambda: b.modem.online), b.modem.state


def test_a_context_that_somebody_else_has_is_freed():
    """Check 4: neither PPP nor AT+CGACT has it."""
    b = Bench()
    assert b.run(60, lambda: b.modem.state == "register")
    b.vm.page_state.taken = 1
    b.online()
    assert not b.modem.counters()["retry"] and b.vm.page_state.taken == 0


def test_what_is_not_attached_is_attached():
    """Check 1."""
    b = Bench()
    assert b.run(60, lambda: b.modem.state == "register")
    b.vm.radio.attached = False
    assert b.run(60, lambda: b.modem.registered)
    b.vm.radio.attached = False
    b.online()
    assert "AT+CGATT=1" in b.commands()
