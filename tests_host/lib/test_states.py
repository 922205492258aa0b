"""The power machine and the recovery ladder as tables: walked completely."""

from modem_codes import ANY, CODES, EVENTS, ROWS, RUNGS, STATES, successor

from uplink import log
from uplink.modem import states
from uplink.modem.machine import Machine


def of(names):
    """The codes of names, in their order."""
    return [CODES[name] for name in names.split()]


# What a state waits for by itself; every other state ends by its limit (TIMER) or a rung.
RESTING = of("OFF ONLINE")
# States whose limit the core turns into a rung of the ladder instead of TIMER.
CLIMBING = of("BOOT SETUP FILES SIM REGISTER ATTACH CLOCK")
RETRY, REOPEN, DATA, NETWORK, RADIO, RESET, POWER, WAIT = range(8)


class Rungs(Machine):
    """The ladder alone."""

    def __init__(self):
        self.wanted = True
        self.now = 0
        self.stands = 0
        self.tries = 0
        self.used = [0] * 8
        self.wait_ms = 0
        self.proved_at = -1
        self.patience = 0

    def time(self):
        return self.now

    def fail(self, floor=RETRY):
        self.rung = -1
        keep = log.sink
        log.sink = quiet
        self.climb(floor)
        log.sink = keep
        return self.rung

    def good(self, now):
        self.now = now
        self.proved()


def quiet(level, room, text, a=None, b=None):
    pass


def walk(start, events):
    state = start
    for event in events:
        state = successor(state, event)
        assert state >= 0, (states.STATES[start], events)
    return state


def reachable(start):
    seen = {start}
    todo = [start]
    while todo:
        state = todo.pop()
        for event in EVENTS:
            following = successor(state, event)
            if following >= 0 and following not in seen:
                seen.add(following)
                todo.append(following)
    return seen


def test_every_row_names_states_and_events_once():
    seen = set()
    for state, event, following in ROWS:
        assert state == ANY or state in STATES
        assert event in EVENTS
        assert following in STATES
        assert (state, event) not in seen, (state, event)
        seen.add((state, event))
    # the machine looks a row up by its first two letters: they begin rows only
    for state in STATES + [ANY]:
        for event in EVENTS:
            at = states.NEXT.find(bytes((97 + state, 64 + event)))
            assert at < 0 or at % 3 == 0, (state, event)


def test_every_state_is_reached_and_can_reach_online_and_off():
    assert reachable(CODES["OFF"]) == set(STATES)
    for state in STATES:
        onward = reachable(state)
        assert CODES["ONLINE"] in onward, states.STATES[state]
        assert CODES["OFF"] in onward, states.STATES[state]


def test_no_state_is_a_trap():
    """Each state ends by its limit, by a rung, or is one in which we mean to stay."""
    for state in STATES:
        if state in RESTING:
            continue
        if state in CLIMBING:
            for event in (CODES["POWER"], CODES["WAIT"]):
                assert successor(state, event) >= 0, states.STATES[state]
        else:
            following = successor(state, CODES["TIMER"])
            assert following >= 0 and following != state, states.STATES[state]


def test_each_rung_means_something_where_it_can_be_taken():
    for state in of("SETUP FILES SIM REGISTER ATTACH CLOCK ONLINE"):
        for rung in RUNGS:
            assert successor(state, rung[0]) >= 0, (states.STATES[state], rung[0])


def test_pwrkey_is_pulsed_only_by_these_paths():
    """No accident leads to a pulse: only start-up after silence, power cycling, a dark STATUS."""
    ways = set()
    for state in STATES:
        for event in EVENTS:
            if successor(state, event) == CODES["PULSE"] and state != CODES["PULSE"]:
                ways.add((state, event))
    assert ways == {
        tuple(of(way))
        for way in (
            "PROBE DARK",
            "RESETTING SKIP",
            "RESTARTING DARK",
            "RESTARTING TIMER",
            "PAUSE TIMER",
        )
    }, ways


def test_start_up_ladder_of_a_module_that_is_off():
    # nobody answers AT; RESET held; no RDY after it; PWRKEY held
    up = "START TIMER TIMER TIMER TIMER READY DONE DONE DONE DONE DONE DONE"
    end = walk(CODES["OFF"], of(up))
    assert end == CODES["ONLINE"]


def test_pulse_on_a_running_module_is_mended():
    """NORMAL POWER DOWN after our pulse: it was on; pause, pulse again."""
    end = walk(CODES["BOOT"], of("DOWN TIMER TIMER TIMER READY"))
    assert end == CODES["SETUP"]


def test_restart_in_any_state_begins_again():
    for state in STATES:
        following = successor(state, CODES["READY"])
        if state in of("OFF HALTING HALT_PULSE STOPPING"):
            assert following == state
        else:
            assert following == CODES["SETUP"], states.STATES[state]


def test_ladder_climbs_in_order_and_counts():
    rungs = Rungs()
    taken = []
    for _ in range(sum(r[1] for r in RUNGS)):
        taken.append(rungs.fail())
    expected = []
    for i in range(len(RUNGS)):
        expected += [i] * RUNGS[i][1]
    assert taken == expected, taken
    assert rungs.used == [r[1] for r in RUNGS]
    # then power cycles and ever longer waits
    first = rungs.wait_ms
    assert first == 60000
    assert rungs.fail() == POWER and rungs.fail() == POWER
    assert rungs.fail() == WAIT and rungs.wait_ms == 2 * first
    for _ in range(100):
        rungs.fail()
    assert rungs.wait_ms == 3600000


def test_ladder_floor_skips_what_cannot_help():
    rungs = Rungs()
    assert rungs.fail(NETWORK) == NETWORK
    assert rungs.fail() == NETWORK
    assert rungs.fail() == RADIO


def test_ladder_goes_down_only_after_a_stable_while():
    rungs = Rungs()
    for _ in range(4):
        rungs.fail()
    now = 1000
    rungs.good(now)
    rungs.good(now + 59000)
    assert rungs.stands == REOPEN
    rungs.fail()
    rungs.good(now + 61000)
    assert rungs.stands == REOPEN
    rungs.good(now + 61000 + 60001)
    assert rungs.stands == RETRY and rungs.tries == 0
