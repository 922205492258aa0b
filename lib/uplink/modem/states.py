"""The life of a modem as one table: power, SIM, registration, packet data, recovery, sleep.

`NEXT` is the whole machine: (state, event, next state). A row of the state itself comes before
a row of ANY; an event without a row is ignored. `core.Core` does what a state means and makes
the events; nothing else changes the state. `python -m tools.diagram` draws it.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# States.
OFF = const(0)  # not wanted, or not started
PROBE = const(1)  # DTR low; AT until it is answered
REBAUD = const(2)  # found at another baud rate: IPR to ours
RESETTING = const(3)  # RESET held low
RESTARTING = const(4)  # after a reset: wait for RDY or an answer
PULSE = const(5)  # PWRKEY held low, to switch on
BOOT = const(6)  # after the pulse: wait for RDY or an answer
SETUP = const(7)  # settings, identity
FILES = const(8)  # certificates in the module are those of the board
SIM = const(9)
REGISTER = const(10)
ATTACH = const(11)  # packet data: APN, address
CLOCK = const(12)  # the network's time
ONLINE = const(13)  # sockets work
ASLEEP = const(14)  # DTR high
WAKING = const(15)  # DTR low, the UART is not yet alive
DETACH = const(16)  # rung: packet data off (and on again)
REREGISTER = const(17)  # rung: leave the network (and register again)
RADIO = const(18)  # rung: radio off and on
STOPPING = const(19)  # told to switch off
PULSE_OFF = const(20)  # PWRKEY held low, to switch off
FALLING = const(21)  # waiting until it is down
PAUSE = const(22)  # it is down: the pause before the next pulse
WAITING = const(23)  # every rung has failed: wait, then power cycle
HALTING = const(24)  # we want it off: told to switch off
HALT_PULSE = const(25)  # … and PWRKEY held low, since it did not obey

ANY = const(255)

STATES = (
    "off",
    "probe",
    "rebaud",
    "resetting",
    "restarting",
    "pulse",
    "boot",
    "setup",
    "files",
    "sim",
    "register",
    "attach",
    "clock",
    "online",
    "asleep",
    "waking",
    "detach",
    "re-register",
    "radio",
    "stopping",
    "pulse-off",
    "falling",
    "pause",
    "waiting",
    "halting",
    "halt-pulse",
)

# Events.
START = const(0)  # the application wants the modem
STOP = const(1)  # … does not want it any more
TIMER = const(2)  # the state's limit has passed
ALIVE = const(3)  # AT was answered
READY = const(4)  # RDY: the module has (re)started
DOWN = const(5)  # NORMAL POWER DOWN, or STATUS fell
DARK = const(6)  # STATUS is low: the module is off
SKIP = const(7)  # the pin that this state needs is not wired
DONE = const(8)  # what the state is for has succeeded
SILENT = const(9)  # the command engine cannot get back in step
OTHER_BAUD = const(10)  # answered, but at another rate
NO_SIM = const(11)
NO_NETWORK = const(12)  # registration lost, denied or given up
NO_DATA = const(13)  # packet data lost
SLEEP = const(14)
WAKE = const(15)
RETRY = const(16)  # rungs of the recovery ladder, see `ladder`
REOPEN = const(17)
DATA = const(18)
NETWORK = const(19)
RADIO_OFF = const(20)
RESET = const(21)
POWER = const(22)
WAIT = const(23)
HOPE = const(24)  # SIM or network came back while waiting
CHECK = const(25)  # the server was not accepted: are the certificates in the module ours?
COMMAND = const(26)  # rung: the module's own restart command, where RESET is not wired

EVENTS = (
    "start",
    "stop",
    "timer",
    "alive",
    "RDY",
    "down",
    "dark",
    "skip",
    "done",
    "silent",
    "other baud",
    "no SIM",
    "no network",
    "no data",
    "sleep",
    "wake",
    "retry",
    "reopen",
    "data",
    "network",
    "radio",
    "reset",
    "power",
    "wait",
    "hope",
    "check",
    "command",
)

NEXT = (
    (OFF, START, PROBE),
    # Start-up: DTR, AT, hard reset, PWRKEY, again.
    (PROBE, ALIVE, SETUP),
    (PROBE, OTHER_BAUD, REBAUD),
    (PROBE, DARK, PULSE),
    (PROBE, TIMER, RESETTING),
    (REBAUD, DONE, PROBE),
    (REBAUD, TIMER, PROBE),
    (RESETTING, SKIP, PULSE),
    (RESETTING, TIMER, RESTARTING),
    (RESTARTING, ALIVE, SETUP),
    (RESTARTING, OTHER_BAUD, REBAUD),
    (RESTARTING, DARK, PULSE),
    (RESTARTING, TIMER, PULSE),
    (PULSE, SKIP, BOOT),
    (PULSE, TIMER, BOOT),
    (BOOT, ALIVE, SETUP),
    (BOOT, OTHER_BAUD, REBAUD),
    # (BOOT, TIMER) climbs the ladder to POWER: see `core`
    # Up to the network.
    (SETUP, DONE, FILES),
    (FILES, DONE, SIM),
    (SIM, DONE, REGISTER),
    (REGISTER, DONE, ATTACH),
    (REGISTER, NO_SIM, SIM),
    (ATTACH, DONE, CLOCK),
    (ATTACH, NO_NETWORK, REGISTER),
    (ATTACH, NO_SIM, SIM),
    (CLOCK, DONE, ONLINE),
    (CLOCK, NO_NETWORK, REGISTER),
    (CLOCK, NO_DATA, ATTACH),
    (CLOCK, NO_SIM, SIM),
    (ONLINE, NO_DATA, ATTACH),
    (ONLINE, NO_NETWORK, REGISTER),
    (ONLINE, NO_SIM, SIM),
    (ONLINE, SLEEP, ASLEEP),
    (ONLINE, CHECK, FILES),
    (ASLEEP, WAKE, WAKING),
    (ASLEEP, TIMER, WAKING),
    (WAKING, TIMER, ONLINE),
    # Rungs of the recovery ladder.
    (SETUP, RETRY, SETUP),
    (SETUP, REOPEN, SETUP),
    (SETUP, DATA, SETUP),
    (SETUP, NETWORK, SETUP),
    (SETUP, RADIO_OFF, RESETTING),
    (FILES, RETRY, FILES),
    (FILES, REOPEN, FILES),
    (FILES, DATA, FILES),
    (FILES, NETWORK, FILES),
    (FILES, RADIO_OFF, RESETTING),
    (SIM, RETRY, SIM),
    (SIM, REOPEN, SIM),
    (SIM, DATA, SIM),
    (SIM, NETWORK, SIM),
    (REGISTER, RETRY, REGISTER),
    (REGISTER, REOPEN, REGISTER),
    (REGISTER, DATA, REREGISTER),
    (ATTACH, RETRY, ATTACH),
    (ATTACH, REOPEN, ATTACH),
    (CLOCK, RETRY, CLOCK),
    (CLOCK, REOPEN, CLOCK),
    (ONLINE, RETRY, ONLINE),
    (ONLINE, REOPEN, ONLINE),
    (ANY, DATA, DETACH),
    (DETACH, DONE, ATTACH),
    (DETACH, TIMER, ATTACH),
    (ANY, NETWORK, REREGISTER),
    (REREGISTER, DONE, REGISTER),
    (REREGISTER, TIMER, REGISTER),
    (ANY, RADIO_OFF, RADIO),
    (RADIO, DONE, SIM),
    (RADIO, TIMER, SIM),
    (ANY, RESET, RESETTING),
    (ANY, COMMAND, RESTARTING),
    (ANY, POWER, STOPPING),
    (STOPPING, DONE, FALLING),
    (STOPPING, DOWN, FALLING),
    (STOPPING, DARK, PAUSE),
    (STOPPING, TIMER, PULSE_OFF),
    (STOPPING, SILENT, PULSE_OFF),
    (STOPPING, READY, STOPPING),
    (PULSE_OFF, SKIP, FALLING),
    (PULSE_OFF, TIMER, FALLING),
    (PULSE_OFF, SILENT, PULSE_OFF),
    (FALLING, DARK, PAUSE),
    (FALLING, TIMER, PAUSE),
    (FALLING, SILENT, FALLING),
    (FALLING, DOWN, FALLING),
    (PAUSE, DOWN, PAUSE),
    (PAUSE, TIMER, PULSE),
    (PAUSE, SILENT, PAUSE),
    (PULSE, SILENT, PULSE),
    (ANY, WAIT, WAITING),
    (WAITING, TIMER, STOPPING),
    (WAITING, HOPE, SETUP),
    (WAITING, SKIP, PROBE),
    (WAITING, SILENT, WAITING),
    (WAITING, ALIVE, WAITING),
    # Whatever else happens.
    (ANY, READY, SETUP),
    (ANY, DOWN, FALLING),
    (ANY, SILENT, PROBE),
    (ANY, STOP, HALTING),
    (HALTING, DONE, OFF),
    (HALTING, DARK, OFF),
    (HALTING, DOWN, OFF),
    (HALTING, TIMER, HALT_PULSE),
    (HALTING, SILENT, HALT_PULSE),
    (HALT_PULSE, SKIP, OFF),
    (HALT_PULSE, TIMER, OFF),
    (HALT_PULSE, DOWN, OFF),
    (HALT_PULSE, SILENT, HALT_PULSE),
    (HALT_PULSE, READY, HALT_PULSE),
    (HALT_PULSE, START, PROBE),
    (HALTING, READY, HALTING),
    (HALTING, START, PROBE),
    (OFF, READY, OFF),
    (OFF, DOWN, OFF),
    (OFF, SILENT, OFF),
    (OFF, STOP, OFF),
)


def successor(state, event):
    """The next state, or -1 where the event means nothing in `state`."""
    fallback = -1
    for row in NEXT:
        if row[1] == event:
            if row[0] == state:
                return row[2]
            if row[0] == ANY:
                fallback = row[2]
    return fallback
