"""What can go wrong, each by name.

`modem.fault(name, **args)` makes one happen now; `Faults.plan` at a time, again and again, or
after a command. `FAULTS` is the list that `--help` shows: name, arguments with their defaults
(the first one may be given without its name), and what happens.
"""

from .fault_list import FAULTS
from .options import ModemError

_PAGE_FAULTS = ("prompt_off", "file_corrupt", "over_voltage")
_COMMAND_FAULTS = ("late", "no_answer", "unheard", "error", "reboot_in_command")


def _bare(command):
    """A command's name as the parser gives it: without AT and +, with #."""
    return command.upper().removeprefix("AT").removeprefix("+")


class Faults:
    """The faults of one modem."""

    def __init__(self, modem):
        self.modem = modem
        self.rng = modem.rng_for("faults")
        self.record = []  # (us, name, args) of what has happened
        self.armed = []  # [name, args, how many are left]
        self.after = []  # [command, how many to let pass, name, args]
        self.urc_rate = 0.0
        self.dataind = 0
        self.sends = []
        self._inside = False
        self.blocked_until = 0
        self.silent_opens = 0
        self.leak = None  # [openings until all are refused, how many are left]

    # planning

    def plan(self, name, args=None, *, at_s=None, every_s=None, after_command=None, nth=1):
        """Plan a fault: at a time, every so often, after a command's final result, or now."""
        args = self.check(name, args or {})
        timers, now = self.modem.timers, self.modem.now
        if after_command is not None:
            self.after.append([_bare(after_command), nth, name, args])
        elif every_s is not None:
            self._again(int(every_s * 1e6), name, args)
        elif at_s is not None:
            timers.at(max(now, int(at_s * 1e6)), self.happen, name, args)
        else:
            self.happen(name, args)

    def _again(self, us, name, args, happen=False):
        if happen:
            self.happen(name, args)
        self.modem.timers.at(self.modem.now + us, self._again, us, name, args, True)

    @staticmethod
    def check(name, args):
        """The arguments of a fault with defaults filled in; ModemError when they do not fit."""
        if name not in FAULTS:
            raise ModemError(f"no fault {name!r}; there are: {', '.join(FAULTS)}")
        defaults = FAULTS[name][0]
        found = dict(defaults)
        for key, value in args.items():
            if key not in defaults:
                raise ModemError(f"fault {name}: no argument {key!r}; it takes {list(defaults)}")
            default = defaults[key]
            try:
                if value is None and default is None:
                    pass
                elif isinstance(default, bool) or default is None or isinstance(value, bool):
                    value = int(value)
                else:
                    value = type(default)(value)
            except ValueError:
                kind = "int" if default is None else type(default).__name__
                raise ModemError(f"fault {name}: {key}={value!r} is no {kind}") from None
            found[key] = value
        return found

    def happen(self, name, args=None):
        """Make a fault happen now."""
        args = self.check(name, args or {})
        modem = self.modem
        self.record.append((modem.now, name, args))
        shown = " ".join(
            f"{key}={value}" for key, value in args.items() if value not in ("", None)
        )
        modem.event("fault", f"{name} {shown}".strip())
        if name in _COMMAND_FAULTS:
            self.armed.append([name, args, args["count"]])
        elif name in ("lose", "double", "garble"):
            for wire, direction in ((modem.line.rx, "in"), (modem.line.tx, "out")):
                if args["dir"] in (direction, "both"):
                    wire.damager.set(name, args["rate"], args["count"])
        elif name in _PAGE_FAULTS:
            modem.page.fault(modem, name, args)
        else:
            getattr(self, "_" + name)(**args)

    # what the line asks

    def command(self, command) -> bool:
        """A command begins; False when it must not be carried out."""
        for entry in self.armed:
            name, args, left = entry
            wanted = _bare(args["command"])
            if left <= 0 or (wanted and wanted != command.name):
                continue
            entry[2] -= 1
            self.armed = [one for one in self.armed if one[2] > 0]
            if name in ("late", "reboot_in_command"):
                command.held, command.fault = [], entry
            elif name == "no_answer":
                command.swallowed = True
            elif name == "unheard":
                command.swallowed = True
                command.final("")
                return False
            elif args["cme"] >= 0:
                self.modem.after(self.modem.latency_us(), command.cme, args["cme"])
                return False
            else:
                self.modem.after(self.modem.latency_us(), command.error)
                return False
            break
        return True

    def finished(self, command) -> bool:
        """A command has ended; True when the line is not to be freed."""
        for entry in list(self.after):
            if entry[0] == command.name:
                entry[1] -= 1
                if entry[1] <= 0:
                    self.after.remove(entry)
                    self.modem.timers.at(self.modem.now, self.happen, entry[2], entry[3])
        if command.held is None:
            return False
        name, args, _ = command.fault
        modem = self.modem
        units = command.held
        if name == "late":
            modem.after(int(args["s"] * 1e6), self._release, units, args["busy"])
            return bool(args["busy"])
        whole = b"".join(data for _, data in units)
        modem.line.write("answer", whole[: (len(whole) + 1) // 2])
        modem.after(max(0, modem.line.tx.busy_until - modem.now), modem.power.restart)
        return True

    def _release(self, units, busy):
        line = self.modem.line
        for kind, data in units:
            line.unit(kind, data)
        if busy and line.mode == "busy":
            line.free()

    def boundary(self, kind):
        """A place where a URC can stand."""
        if self.urc_rate and not self._inside and self.rng.random() < self.urc_rate:
            self._inside = True
            self.modem.urc(self.rng.choice(self.modem.page.SAMPLE_URCS))
            self._inside = False

    def drop_dataind(self) -> bool:
        if self.dataind:
            self.dataind -= 1
            return True
        return False

    def refuse_send(self, stage) -> bool:
        for entry in self.sends:
            if entry[0] == stage:
                entry[1] -= 1
                if entry[1] <= 0:
                    self.sends.remove(entry)
                return True
        return False

    def blocked(self) -> bool:
        """Whether nothing can be sent for now."""
        return self.modem.now < self.blocked_until

    def silent_open(self) -> bool:
        """Whether the result of this opening is never told."""
        if not self.silent_opens:
            return False
        self.silent_opens -= 1
        return True

    def refuse_open(self) -> bool:
        """A socket is to be opened: whether it is refused because others have leaked."""
        if self.leak is None:
            return False
        self.leak[1] -= 1
        return self.leak[1] < 0

    def power_cycled(self):
        """The module was without power: what had leaked is free again."""
        if self.leak is not None:
            self.leak[1] = self.leak[0]

    # the faults

    def _noise(self, bytes):
        self.modem.line.write("noise", self.modem.noise(bytes))

    def _urc(self, text):
        self.modem.urc(text)

    def _urc_storm(self, count, gap_ms):
        texts = self.modem.page.SAMPLE_URCS
        for i in range(count):
            self.modem.after(int(i * gap_ms * 1000), self.modem.urc, texts[i % len(texts)])

    def _urc_anywhere(self, rate, for_s):
        self.urc_rate = rate
        if for_s:
            self._later(for_s, setattr, self, "urc_rate", 0.0)

    def _form(self, **forms):
        options = self.modem.options
        for key in ("caopen", "empty_read", "sec_size"):
            if forms[key]:
                setattr(options, key, forms[key])
        if forms["prompt"]:
            options.prompt = forms["prompt"].encode()
        for key, name in (
            ("ok_first", "caopen_ok_first"),
            ("casend_line", "casend_line"),
            ("bare_close", "bare_close"),
            ("echo_payload", "echo_payload"),
            ("short_reads", "short_reads"),
        ):
            if forms[key] >= 0:
                setattr(options, name, bool(forms[key]))
        if forms["echo"] >= 0:
            self.modem.settings.set("E", forms["echo"])

    def _latency(self, ms):
        self.modem.options.latency_ms = ms

    def _missing_dataind(self, count):
        self.dataind += count

    def _send_refused(self, count, stage):
        self.sends.append([stage, count])

    def _send_blocked(self, for_s):
        self.blocked_until = self.modem.now + int(for_s * 1e6)

    def _open_silent(self, count):
        self.silent_opens += count

    def _socket_leak(self, opens):
        self.leak = [opens, opens]

    def _reboot(self):
        self.modem.power.restart()

    def _wedged_until_reset(self):
        self.modem.wedge("reset")

    def _wedged_until_power_cycle(self):
        self.modem.wedge("power")

    def _brown_out(self, for_s):
        self.modem.power.brown_out()
        self._later(for_s, self.modem.power.supply_back)

    def _under_voltage(self):
        if self.modem.page.UNDER_VOLTAGE:
            self.modem.urc(self.modem.page.UNDER_VOLTAGE)

    def _later(self, for_s, call, *args):
        """The world's own timers: they survive the module's restarts."""
        self.modem.timers.at(self.modem.now + int(for_s * 1e6), call, *args)

    def _sim_removed(self, for_s):
        self.modem.radio.remove_sim()
        if for_s:
            self._later(for_s, self.modem.radio.insert_sim)

    def _sim_back(self):
        self.modem.radio.insert_sim()

    def _registration_denied(self, for_s):
        self.modem.radio.lose(denied=True)
        if for_s:
            self._later(for_s, self.modem.radio.find)

    def _registration_lost(self, for_s):
        self.modem.radio.lose()
        if for_s:
            self._later(for_s, self.modem.radio.find)

    def _registration_back(self):
        self.modem.radio.find()

    def _pdp_dropped(self, for_s):
        radio = self.modem.radio
        radio.data_blocked = for_s > 0
        radio.drop_data()
        if for_s:
            self._later(for_s, setattr, radio, "data_blocked", False)

    def _socket_closed(self, cid):
        for key, one in list(self.modem.sockets.by_cid.items()):
            if cid in (-1, key) and one.stream is not None:
                one.stream.close(self.modem.now)
                one.stream_closed(self.modem.now)

    def _tls_held(self, number, for_s):
        page, modem = self.modem.page, self.modem
        page.tls_held(modem, number, True)
        if for_s:
            self._later(for_s, page.tls_held, modem, number, False)

    def _network_stall(self, for_s):
        network = self.modem.network
        if hasattr(network, "stall"):
            network.now_us = max(network.now_us, self.modem.now)
            network.stall(int(for_s * 1e6))
        else:
            network.stalled = True
            self._later(for_s, setattr, network, "stalled", False)

    def _network_dead(self):
        self.modem.network.drop()

    def _unreachable(self, for_s):
        self.modem.network.unreachable = True
        self._later(for_s, setattr, self.modem.network, "unreachable", False)

    def _refused(self, for_s):
        self.modem.network.refused.add("all")
        self._later(for_s, self.modem.network.refused.discard, "all")

    def _dns(self, for_s):
        self.modem.network.dns_fails = True
        self._later(for_s, setattr, self.modem.network, "dns_fails", False)

    def _none(self):
        self.armed.clear()
        self.after.clear()
        self.sends.clear()
        self.dataind = 0
        self.urc_rate = 0.0
        self.blocked_until = self.silent_opens = 0
        self.leak = None
        for wire in (self.modem.line.rx, self.modem.line.tx):
            wire.damager.rates.clear()
