"""Quectel M10, M66, M85, M95: timings, settings, URCs; the commands are in the files beside."""

from types import SimpleNamespace

from . import (
    quectel_files,
    quectel_general,
    quectel_http,
    quectel_network,
    quectel_sockets,
    quectel_ssl,
    quectel_stack,
    quectel_transparent,
)
from .base import Page
from .quectel_models import MODELS

_ROOMS = (
    quectel_general, quectel_network, quectel_stack, quectel_sockets, quectel_files, quectel_ssl,
    quectel_http, quectel_transparent,
)  # fmt: skip


class Quectel(Page):
    """What the four modules have in common; `MODEL` has what differs."""

    MODEL = MODELS["m95"]
    SOCKETS = 6
    RATES = quectel_general.RATES
    AUTOBAUD_LINES = 2
    PAUSE_MS = 20.0
    CLOCK_UNIX_S = 1_072_915_200.0  # 2004-01-01
    STATUS_EARLY = True
    RESET_IS_OFF = True
    USER_DIRECTORY = "NVRAM"
    PROFILE = (
        "E", "V", "Q", "&D", "CMEE", "CREG", "CGREG", "IPR", "IFC", "QNITZ", "CTZU",
    )  # fmt: skip
    SECRETS = ("CPIN", "QICSGP", "QIREGAPP")
    SAMPLE_URCS = (
        '+QNITZ: "24/06/13,18:40:35-16,1"',
        "+CREG: 1",
        '+CMTI: "SM",1',
        "UNDER_VOLTAGE WARNING",
        "OVER_VOLTAGE WARNING",
        "RING",
        "Call Ready",
    )
    COMMANDS = {name: call for room in _ROOMS for name, call in room.COMMANDS.items()}

    def factory(self, options):
        found = super().factory(options)
        found.update({
            "CMEE": 1, "&D": 0, "CREG": 0, "CGREG": 0, "QSCLK": 0, "QNITZ": 0, "CTZU": 0,
            "IFC": (0, 0), "QIMUX": 0, "QIMODE": 0, "QINDI": 0, "QIPROMPT": 1, "QIHEAD": 0,
            "QIDNSIP": 0,
        })  # fmt: skip
        return found

    def fresh(self, modem):
        return SimpleNamespace(
            fun=0,
            told_time="",  # AT+QLTS
            ntp=("", 123),
            context=0,  # AT+QIFGCNT
            bearer=("", "", ""),
            ip="IP INITIAL",
            taken=0,  # AT+CGACT: somebody else has the context
            kinds={},  # socket index -> what it is
            quiet=False,  # sockets end without a word
            transparent=None,  # the socket index of the data mode, also while escaped from it
            ram={},  # name -> (bytes, checksum)
            contexts=[quectel_ssl.fresh_context() for _ in range(quectel_ssl.CONTEXTS)],
            tls=quectel_ssl.fresh_globals(),
            http=quectel_http.fresh(),
        )

    def cme_text(self, modem, code):
        if modem.settings["CMEE"] == 2 and code in quectel_http.TEXTS:
            return "+CME ERROR: " + quectel_http.TEXTS[code]
        return super().cme_text(modem, code)

    # what happens

    def booted(self, modem):
        modem.urc("RDY", boot=True)
        modem.after_ms(150, modem.urc, "+CFUN: 1", True)
        modem.after_ms(modem.options.sms_ready_ms, self.call_ready, modem)
        modem.radio.start()

    def call_ready(self, modem):
        if modem.radio.functional and modem.radio.sim_state() == "ready":
            modem.urc("Call Ready", boot=True)

    def power_down(self, modem):
        modem.line.release()
        modem.urc("NORMAL POWER DOWN")

    def emergency_off(self, modem):
        quectel_files.cut_off(modem)

    def sim_changed(self, modem):
        texts = {
            "ready": "+CPIN: READY",
            "pin": "+CPIN: SIM PIN",
            "puk": "+CPIN: SIM PUK",
            "absent": "+CPIN: NOT INSERTED",
            "busy": "+CPIN: NOT READY",
        }
        modem.urc(texts[modem.radio.sim_state()], boot=True)

    def registration_changed(self, modem):
        for name in ("CREG", "CGREG"):
            if modem.settings[name]:
                modem.urc(quectel_network.creg_text(modem, name, modem.settings[name]))

    def network_time(self, modem):
        quectel_network.network_told(modem)

    def pdp_changed(self, modem, active):
        """Only packet data that was there and is lost is told."""
        state = modem.page_state
        if not active and not state.quiet and state.ip in ("IP GPRSACT", "IP STATUS"):
            state.ip = "PDP DEACT"
            modem.urc("+PDP DEACT")

    def data_waiting(self, modem, cid):
        kind = modem.page_state.kinds.get(cid)
        if cid == quectel_http.SOCKET:
            quectel_http.data_waiting(modem)
        elif kind is not None and kind.tls:
            quectel_ssl.data_waiting(modem, cid)
        elif kind is not None:
            quectel_sockets.data_waiting(modem, cid)

    def socket_closed(self, modem, cid):
        state = modem.page_state
        if cid == quectel_http.SOCKET:
            quectel_http.peer_closed(modem)
            return
        kind = state.kinds.pop(cid, None)
        if kind is None:
            return
        if state.transparent == cid:
            quectel_transparent.leave_data(modem)
        if not state.quiet:
            (quectel_ssl if kind.tls else quectel_sockets).peer_closed(modem, cid)

    def dtr_dropped(self, modem):
        """AT&D1: back to command lines, the connection stays; AT&D2: it is closed."""
        state, how = modem.page_state, modem.settings["&D"]
        if state.transparent is None or not how or not modem.line.silent():
            return
        cid = state.transparent
        modem.line.release()
        if how == 2:
            quectel_sockets.close(modem, cid, state.kinds[cid].tls)
            modem.urc("CLOSED")

    def may_sleep(self, modem):
        return modem.settings["QSCLK"] == 1

    def flow_control(self, modem):
        return modem.settings["IFC"][0] == 2

    def fault(self, modem, name, args):
        if name == "over_voltage":
            modem.urc("OVER_VOLTAGE WARNING")
        elif name == "file_corrupt":
            quectel_files.corrupt(modem, args["file"])
        elif name == "prompt_off":
            modem.settings.flash["QIPROMPT"] = 2


def timings(model):
    return {
        "on_pulse": 800,
        "on_pulse_max": 1000,
        "boot": model.boot_ms,
        "off_pulse": model.off_pulse_ms,
        "off_pulse_max": model.off_pulse_max_ms,
        "down_min": 2000,
        "down_max": 12_000,
        "pause": 500,
        "reset_pulse": 21,
        "reset_boot": model.boot_ms,
        "reset_pause": 2000,
        "tune_min": 2000,
        "tune_max": 3000,
        "wake": 20,
    }


def page_of(name):
    """The page of one module."""
    model = MODELS[name]
    values = {"NAME": name, "MODEL": model, "TIMINGS": timings(model)}
    return type(name.upper(), (Quectel,), {**values, "__doc__": f"The page of {model.model}."})


QUECTEL = {name: page_of(name) for name in MODELS}
