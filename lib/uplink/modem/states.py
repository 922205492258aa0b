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


# States: the letters a to z. Other files repeat the constants that they use.
_OFF = const(97)  # not wanted, or not started
_PROBE = const(98)  # DTR low; AT until it is answered
_REBAUD = const(99)  # found at another baud rate: IPR to ours
_RESETTING = const(100)  # RESET held low
_RESTARTING = const(101)  # after a reset: wait for RDY or an answer
_PULSE = const(102)  # PWRKEY held low, to switch on
_BOOT = const(103)  # after the pulse: wait for RDY or an answer
_SETUP = const(104)  # settings, identity
_FILES = const(105)  # certificates in the module are those of the board
_SIM = const(106)
_REGISTER = const(107)
_ATTACH = const(108)  # packet data: APN, address
_CLOCK = const(109)  # the network's time
_ONLINE = const(110)  # sockets work
_ASLEEP = const(111)  # DTR high
_WAKING = const(112)  # DTR low, the UART is not yet alive
_DETACH = const(113)  # rung: packet data off (and on again)
_REREGISTER = const(114)  # rung: leave the network (and register again)
_RADIO = const(115)  # rung: radio off and on
_STOPPING = const(116)  # told to switch off
_PULSE_OFF = const(117)  # PWRKEY held low, to switch off
_FALLING = const(118)  # waiting until it is down
_PAUSE = const(119)  # it is down: the pause before the next pulse
_WAITING = const(120)  # every rung has failed: wait, then power cycle
_HALTING = const(121)  # we want it off: told to switch off
_HALT_PULSE = const(122)  # … and PWRKEY held low, since it did not obey
_ANY = const(42)

# Events: the letters A to Z and @. Those from Q to X are the rungs of the recovery ladder.
_START = const(65)  # the application wants the modem
_STOP = const(66)  # … does not want it any more
_TIMER = const(67)  # the state's limit has passed
_ALIVE = const(68)  # AT was answered
_READY = const(69)  # RDY: the module has (re)started
_DOWN = const(70)  # NORMAL POWER DOWN, or STATUS fell
_DARK = const(71)  # STATUS is low: the module is off
_SKIP = const(72)  # the pin that this state needs is not wired
_DONE = const(73)  # what the state is for has succeeded
_SILENT = const(74)  # the command engine cannot get back in step
_OTHER_BAUD = const(75)  # answered, but at another rate
_NO_SIM = const(76)
_NO_NETWORK = const(77)  # registration lost, denied or given up
_NO_DATA = const(78)  # packet data lost
_SLEEP = const(79)
_WAKE = const(80)
_RETRY = const(81)  # the same again
_REOPEN = const(82)  # sockets closed and opened
_DATA = const(83)  # packet data off and on
_NETWORK = const(84)  # deregister and register
_RADIO_OFF = const(85)  # radio off and on
_RESET = const(86)  # hard reset (or the module's own restart command)
_POWER = const(87)  # power cycle
_WAIT = const(88)  # wait longer each time, then power cycle
_HOPE = const(89)  # SIM or network came back while waiting
_CHECK = const(90)  # the server was not accepted: are the certificates in the module ours?
_COMMAND = const(64)  # the module's own restart command, where RESET is not wired

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
