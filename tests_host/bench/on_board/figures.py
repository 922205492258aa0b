# In front of each script: how it measures and what it prints. Runs on the board.
import gc
import time

ticks_us = time.ticks_us
ticks_diff = time.ticks_diff


def figure(name, value):
    """One figure for the table: a line that the PC reads."""
    print("FIGURE", name, value)


def heap(what, *args):
    """(what `what(*args)` returns, bytes it took and kept or left as garbage)"""
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    value = what(*args)
    taken = gc.mem_alloc() - before
    gc.enable()
    return value, taken


def each(name, n, run):
    """Time and garbage of one of `n` rounds of `run(n)`, the same with no round taken off."""
    run(1)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    start = ticks_us()
    run(0)
    empty = ticks_diff(ticks_us(), start)
    once = gc.mem_alloc() - before
    start = ticks_us()
    run(n)
    us = ticks_diff(ticks_us(), start) - empty
    taken = gc.mem_alloc() - before - 2 * once
    gc.enable()
    figure(name + ".us", us / n)
    figure(name + ".bytes", taken / n)
