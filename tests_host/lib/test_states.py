"""The power machine and the recovery ladder as tables: walked completely."""

from uplink.modem import ladder, states
from uplink.modem.states import ANY, EVENTS, NEXT, STATES, successor

# What a state waits for by itself; every other state ends by its limit (TIMER) or a rung.
RESTING = (states.OFF, states.ONLINE)
# States whose limit the core turns into a rung of the ladder instead of TIMER.
CLIMBING = (
    states.BOOT,
    states.SETUP,
    states.FILES,
    states.SIM,
    states.REGISTER,
    states.ATTACH,
    states.CLOCK,
)


def walk(start, events):
    state = start
    for event in events:
        state = successor(state, event)
        assert state >= 0, (STATES[start], [EVENTS[e] for e in events])
    return state


def reachable(start):
    seen = {start}
    todo = [start]
    while todo:
        state = todo.pop()
        for event in range(len(EVENTS)):
            following = successor(state, event)
            if following >= 0 and following not in seen:
                seen.add(following)
                todo.append(following)
    return seen


def test_every_row_names_states_and_events_once():
    seen = set()
    for state, event, following in NEXT:
        assert state == ANY or 0 <= state < len(STATES)
        assert 0 <= event < len(EVENTS)
        assert 0 <= following < len(STATES)
        assert (state, event) not in seen, (state, event)
        seen.add((state, event))


def test_every_state_is_reached_and_can_reach_online_and_off():
    assert reachable(states.OFF) == set(range(len(STATES)))
    for state in range(len(STATES)):
        onward = reachable(state)
        assert states.ONLINE in onward, STATES[state]
        assert states.OFF in onward, STATES[state]


def test_no_state_is_a_trap():
    """Each state ends by its limit, by a rung, or is one in which we mean to stay."""
    for state in range(len(STATES)):
        if state in RESTING:
            continue
        if state in CLIMBING:
            for event in (states.POWER, states.WAIT):
                assert successor(state, event) >= 0, STATES[state]
        else:
            following = successor(state, states.TIMER)
            assert following >= 0 and following != state, STATES[state]


def test_each_rung_means_something_where_it_can_be_taken():
    for state in (states.SETUP, states.FILES, states.SIM, states.REGISTER) + (
        states.ATTACH,
        states.CLOCK,
        states.ONLINE,
    ):
        for rung in ladder.RUNGS:
            assert successor(state, rung[0]) >= 0, (STATES[state], EVENTS[rung[0]])


def test_pwrkey_is_pulsed_only_by_these_paths():
    """No accident leads to a pulse: only start-up after silence, power cycling, a dark STATUS."""
    ways = set()
    for state in range(len(STATES)):
        for event in range(len(EVENTS)):
            if successor(state, event) == states.PULSE and state != states.PULSE:
                ways.add((state, event))
    assert ways == {
        (states.PROBE, states.DARK),
        (states.RESETTING, states.SKIP),
        (states.RESTARTING, states.DARK),
        (states.RESTARTING, states.TIMER),
        (states.PAUSE, states.TIMER),
    }, ways


def test_start_up_ladder_of_a_module_that_is_off():
    end = walk(
        states.OFF,
        (
            states.START,
            states.TIMER,  # nobody answers AT
            states.TIMER,  # reset held
            states.TIMER,  # no RDY after the reset
            states.TIMER,  # PWRKEY held
            states.READY,
            states.DONE,
            states.DONE,
            states.DONE,
            states.DONE,
            states.DONE,
            states.DONE,
        ),
    )
    assert end == states.ONLINE


def test_pulse_on_a_running_module_is_mended():
    """NORMAL POWER DOWN after our pulse: it was on; pause, pulse again."""
    events = (states.DOWN, states.TIMER, states.TIMER, states.TIMER, states.READY)
    end = walk(states.BOOT, events)
    assert end == states.SETUP


def test_restart_in_any_state_begins_again():
    for state in range(len(STATES)):
        following = successor(state, states.READY)
        if state in (states.OFF, states.HALTING, states.HALT_PULSE, states.STOPPING):
            assert following == state
        else:
            assert following == states.SETUP, STATES[state]


def test_ladder_climbs_in_order_and_counts():
    rungs = ladder.Ladder()
    taken = []
    for _ in range(sum(r[1] for r in ladder.RUNGS)):
        taken.append(rungs.fail())
    expected = []
    for i in range(len(ladder.RUNGS)):
        expected += [i] * ladder.RUNGS[i][1]
    assert taken == expected, taken
    assert rungs.used == [r[1] for r in ladder.RUNGS]
    # then power cycles and ever longer waits
    first = rungs.wait_ms
    assert first == 60000
    assert rungs.fail() == ladder.POWER and rungs.fail() == ladder.POWER
    assert rungs.fail() == ladder.WAIT and rungs.wait_ms == 2 * first
    for _ in range(100):
        rungs.fail()
    assert rungs.wait_ms == 3600000


def test_ladder_floor_skips_what_cannot_help():
    rungs = ladder.Ladder()
    assert rungs.fail(ladder.NETWORK) == ladder.NETWORK
    assert rungs.fail() == ladder.NETWORK
    assert rungs.fail() == ladder.RADIO


def test_ladder_goes_down_only_after_a_stable_while():
    rungs = ladder.Ladder()
    for _ in range(4):
        rungs.fail()
    now = 1000
    rungs.proved(now)
    rungs.proved(now + 59000)
    assert rungs.rung == ladder.REOPEN
    rungs.fail()
    rungs.proved(now + 61000)
    assert rungs.rung == ladder.REOPEN
    rungs.proved(now + 61000 + 60001)
    assert rungs.rung == ladder.RETRY and rungs.tries == 0
