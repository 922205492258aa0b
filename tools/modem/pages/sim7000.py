"""SIMCom SIM7000: its timings, settings, URCs; its commands are in the files beside this one."""

from datetime import UTC, datetime
from types import SimpleNamespace

from . import (
    sim7000_files,
    sim7000_general,
    sim7000_http,
    sim7000_http_answer,
    sim7000_network,
    sim7000_sockets,
)
from .base import Page
from .sim7000_network import creg_text, psm_plan


class SIM7000(Page):
    """The page of a SIM7000 (SIM7000G, firmware 1529)."""

    NAME = "sim7000"
    TIMINGS = {
        "on_pulse": 1000,
        "boot": 4500,
        "off_pulse": 1200,
        "down_min": 1800,
        "down_max": 6900,
        "pause": 2000,
        "reset_pulse": 252,
        "reset_boot": 4500,
        "wake": 50,
    }
    AUTO_SAVE = (
        "IPR", "CSCLK", "CNMP", "CMNB", "CNETLIGHT", "CPSMS", "CEDRXS", "CGDCONT", "SHSSL",
        "SHCONF",
    )  # fmt: skip
    PROFILE = ("E", "V", "Q", "CMEE", "CREG", "CGREG", "CEREG")
    SECRETS = ("CPIN", "CSTT", "CNCFG", "CLCK", "CPWD")
    SAMPLE_URCS = (
        '*PSUTTZ: 24/06/13,22:40:35","-16",1',
        "DST: 0",
        "+CSQN: 20,99",
        '+CRING: "SMS"',
        '+CMTI: "SM",1',
        "OVER-VOLTAGE WARNNING",
        "UNDER_VOLTAGE WARNING",
        '+CPSMSTATUS: "EXIT PSM"',
    )
    COMMANDS = {
        **sim7000_general.COMMANDS,
        **sim7000_network.COMMANDS,
        **sim7000_files.COMMANDS,
        **sim7000_sockets.COMMANDS,
        **sim7000_http.COMMANDS,
        **sim7000_http_answer.COMMANDS,
    }

    def factory(self, options):
        found = super().factory(options)
        found.update(
            CREG=0, CGREG=0, CEREG=0, CSCLK=0, CNMP=2, CMNB=3, CNETLIGHT=1, CLTS=0, IFC=(0, 0),
            CSTT=("", "", ""), CGDCONT=("IP", ""), CPSMS=(0, "", ""), CEDRXS=(0, 4, "0000"),
            SHSSL=(), SHCONF=dict(sim7000_http.FACTORY),
        )  # fmt: skip
        return found

    def fresh(self, modem):
        return SimpleNamespace(
            fun=0,
            cacid=0,
            sockets={},  # cid -> AT+CASSLCFG settings, until AT+CAOPEN
            config={},  # AT+CACFG
            contexts={},  # ctxindex -> AT+CSSLCFG settings
            buffer=False,  # AT+CFSINIT
            ntp=("", 0),
            psm=None,
            http=sim7000_http.fresh(),
        )

    def describe(self, command):
        if command.name == "CSSLCFG" and command.arg(0) == "convert":
            return f"AT+CSSLCFG={','.join(command.args[:4])}"  # the fifth is the key's password
        return super().describe(command)

    # what happens

    def booted(self, modem):
        modem.urc("RDY", boot=True)
        modem.after_ms(120, modem.urc, "+CFUN: 1", True)
        modem.page_state.psm = modem.settings["CPSMS"]
        modem.after_ms(modem.options.sms_ready_ms, self._sms_ready, modem)
        modem.radio.start()

    def _sms_ready(self, modem):
        if modem.radio.functional and modem.radio.sim_state() == "ready":
            modem.urc("SMS Ready", boot=True)

    def power_down(self, modem):
        modem.urc("NORMAL POWER DOWN")

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
        for name in ("CREG", "CGREG", "CEREG"):
            mode = modem.settings[name]
            if mode:
                modem.urc(creg_text(modem, name, mode))
        if modem.radio.registered():
            psm_plan(modem)

    def network_time(self, modem):
        if not modem.settings["CLTS"]:
            return
        options, radio = modem.options, modem.radio
        unix = radio.network_unix()
        radio.set_clock(unix, options.zone_quarters)
        modem.urc(f"DST: {options.dst}")
        text = datetime.fromtimestamp(unix, UTC).strftime("%y/%m/%d,%H:%M:%S")
        modem.urc(f'*PSUTTZ: {text}","{options.zone_quarters:+03d}",{options.dst}')

    def pdp_changed(self, modem, active):
        modem.urc("+APP PDP: " + ("ACTIVE" if active else "DEACTIVE"))

    def data_waiting(self, modem, cid):
        if cid == sim7000_http.SOCKET:
            sim7000_http_answer.data_waiting(modem)
        elif not modem.faults.drop_dataind():
            modem.urc(f"+CADATAIND: {cid}")

    def socket_closed(self, modem, cid):
        if cid == sim7000_http.SOCKET:
            sim7000_http_answer.peer_closed(modem)
            return
        modem.urc(f"+CASTATE: {cid},0")

    def search_factor(self, modem):
        return 3.0 if modem.settings["CNMP"] in (2, 51) else 1.0

    def may_sleep(self, modem):
        return modem.settings["CSCLK"] == 1

    def flow_control(self, modem):
        return modem.settings["IFC"][0] == 2
