"""The life of a modem as one table: power, SIM, registration, packet data, recovery, sleep.

`NEXT` is the whole machine, three letters a row: state, event, next state. A row of the state
itself comes before a row of `*`, any other state; an event without a row is ignored. `machine`
does what a state means; nothing else changes the state. `python -m tools.diagram` draws it.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# States: a to z in the table, 0 to 25 elsewhere: their places in STATES. Other files repeat the
# constants that they use.
_OFF = const(0)  # not wanted, or not started
_PROBE = const(1)  # DTR low; AT until it is answered
_REBAUD = const(2)  # found at another baud rate: IPR to ours
_RESETTING = const(3)  # RESET held low
_RESTARTING = const(4)  # after a reset: wait for RDY or an answer
_PULSE = const(5)  # PWRKEY held low, to switch on
_BOOT = const(6)  # after the pulse: wait for RDY or an answer
_SETUP = const(7)  # settings, identity
_FILES = const(8)  # certificates in the module are those of the board
_SIM = const(9)
_REGISTER = const(10)
_ATTACH = const(11)  # packet data: APN, address
_CLOCK = const(12)  # the network's time
_ONLINE = const(13)  # sockets work
_ASLEEP = const(14)  # DTR high
_WAKING = const(15)  # DTR low, the UART is not yet alive
_DETACH = const(16)  # rung: packet data off (and on again)
_REREGISTER = const(17)  # rung: leave the network (and register again)
_RADIO = const(18)  # rung: radio off and on
_STOPPING = const(19)  # told to switch off
_PULSE_OFF = const(20)  # PWRKEY held low, to switch off
_FALLING = const(21)  # waiting until it is down
_PAUSE = const(22)  # it is down: the pause before the next pulse
_WAITING = const(23)  # every rung has failed: wait, then power cycle
_HALTING = const(24)  # we want it off: told to switch off
_HALT_PULSE = const(25)  # … and PWRKEY held low, since it did not obey
_ANY = const(42)  # *

# Events: @ and A to Z in the table, 0 to 26 elsewhere. From Q to X they are the rungs of the
# recovery ladder.
_START = const(1)  # the application wants the modem
_STOP = const(2)  # … does not want it any more
_TIMER = const(3)  # the state's limit has passed
_ALIVE = const(4)  # AT was answered
_READY = const(5)  # RDY: the module has (re)started
_DOWN = const(6)  # NORMAL POWER DOWN, or STATUS fell
_DARK = const(7)  # STATUS is low: the module is off
_SKIP = const(8)  # the pin that this state needs is not wired
_DONE = const(9)  # what the state is for has succeeded
_SILENT = const(10)  # the command engine cannot get back in step
_OTHER_BAUD = const(11)  # answered, but at another rate
_NO_SIM = const(12)
_NO_NETWORK = const(13)  # registration lost, denied or given up
_NO_DATA = const(14)  # packet data lost
_SLEEP = const(15)
_WAKE = const(16)
_RETRY = const(17)  # the same again
_REOPEN = const(18)  # sockets closed and opened
_DATA = const(19)  # packet data off and on
_NETWORK = const(20)  # deregister and register
_RADIO_OFF = const(21)  # radio off and on
_RESET = const(22)  # hard reset (or the module's own restart command)
_POWER = const(23)  # power cycle
_WAIT = const(24)  # wait longer each time, then power cycle
_HOPE = const(25)  # SIM or network came back while waiting
_CHECK = const(26)  # the server was not accepted: are the certificates in the module ours?
_COMMAND = const(0)  # the module's own restart command, where RESET is not wired

# What is added to the numbers of states and events for their letters.
_STATES = const(97)
_EVENTS = const(64)

# fmt: off
# ruff: noqa: E501 (the comments say what the rows say; a test compares them)
NEXT = (
    b"aAbaEaaFaaJaaBa"  # off: start → probe; RDY, down, silent, stop → off
    b"bDhbKcbGfbCd"  # probe: alive → setup; other baud → rebaud; dark → pulse; timer → resetting
    b"cIbcCb"  # rebaud: done, timer → probe
    b"dHfdCe"  # resetting: skip → pulse; timer → restarting
    b"eDheKceGfeCf"  # restarting: alive → setup; other baud → rebaud; dark, timer → pulse
    b"fHgfCgfJf"  # pulse: skip, timer → boot; silent → pulse
    b"gDhgKc"  # boot: alive → setup; other baud → rebaud
    b"hIihQhhRhhShhThhUd"  # setup: done → files; retry, reopen, data, network → setup; radio → resetting
    b"iIjiQiiRiiSiiTiiUd"  # files: done → sim; retry, reopen, data, network → files; radio → resetting
    b"jIkjQjjRjjSjjTj"  # sim: done → register; retry, reopen, data, network → sim
    b"kIlkLjkQkkRkkSr"  # register: done → attach; no SIM → sim; retry, reopen → register; data → re-register
    b"lImlMklLjlQllRl"  # attach: done → clock; no network → register; no SIM → sim; retry, reopen → attach
    b"mInmMkmNlmLjmQmmRm"  # clock: done → online; no network → register; no data → attach; no SIM → sim; retry, reopen → clock
    b"nNlnMknLjnOonZinQnnRn"  # online: no data → attach; no network → register; no SIM → sim; sleep → asleep; check → files; retry, reopen → online
    b"oPpoCp"  # asleep: wake, timer → waking
    b"pCn"  # waking: timer → online
    b"qIlqCl"  # detach: done, timer → attach
    b"rIkrCk"  # re-register: done, timer → register
    b"sIjsCj"  # radio: done, timer → sim
    b"tIvtFvtGwtCutJutEt"  # stopping: done, down → falling; dark → pause; timer, silent → pulse-off; RDY → stopping
    b"uHvuCvuJu"  # pulse-off: skip, timer → falling; silent → pulse-off
    b"vGwvCwvJvvFv"  # falling: dark, timer → pause; silent, down → falling
    b"wFwwJwwCf"  # pause: down, silent → pause; timer → pulse
    b"xCtxYhxHbxJxxDx"  # waiting: timer → stopping; hope → setup; skip → probe; silent, alive → waiting
    b"yIayGayFayCzyJzyEyyAb"  # halting: done, dark, down → off; timer, silent → halt-pulse; RDY → halting; start → probe
    b"zHazCazFazJzzEzzAb"  # halt-pulse: skip, timer, down → off; silent, RDY → halt-pulse; start → probe
    b"*Sq*Tr*Us*Vd*@e*Wt*Xx*Eh*Fv*Jb*By"  # any other state: data → detach; network → re-register; radio → radio; reset → resetting; command → restarting; power → stopping; wait → waiting; RDY → setup; down → falling; silent → probe; stop → halting
)
# fmt: on

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

# The recovery ladder, a rung each: what is counted, and logged.
RUNGS = ("retry", "reopen", "data", "register", "radio", "reset", "power", "wait")
LADDER = b"3122222515112110"  # of each rung: tries, seconds of pause before it
