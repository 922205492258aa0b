"""Telit: one page for all platforms of the guide; what differs is in telit_platforms.py.

ON_OFF is the pin PWRKEY, HW_SHUTDOWN the pin RESET, PWRMON is STATUS.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from . import (
    telit_ftp,
    telit_ftp_data,
    telit_general,
    telit_holder,
    telit_http,
    telit_mqtt,
    telit_mqtt_data,
    telit_network,
    telit_secdata,
    telit_security,
    telit_ssl,
    telit_ssl_data,
    telit_tcp,
)
from .base import Page
from .telit_errors import TEXTS
from .telit_platforms import PLATFORMS, PRODUCTS

_TIMINGS = {
    "on_pulse": 5000,
    "boot": 6500,
    "off_pulse": 2500,
    "down_min": 10_000,
    "down_max": 15_000,
    "pause": 2000,
    "reset_pulse": 200,
    "reset_boot": 6500,
    "wake": 50,
}


class Telit(Page):
    """What all Telit modules say; a product is a class of its own (see `PAGES`)."""

    MODEL = ""
    PLATFORM = PLATFORMS["10"]
    CAPTURED = False  # the firmware of the captures: LE910R1, M0Q.010001
    TIMINGS = _TIMINGS
    RATES = (300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
    LINE_LIMIT = 400
    PAUSE_MS = 20.0
    ECHO_PAYLOAD = True
    KEEPS_UNREAD = True
    RESET_IS_OFF = True
    UNDER_VOLTAGE = ""
    AUTO_SAVE = (
        "IPR", "CGDCONT", "#SCFG", "#SCFGEXT", "#SSLCFG", "#SSLSECCFG", "#SSLSECCFG2", "#HTTPCFG",
        "#FTPCFG", "#FTPTO", "#PORTCFG", "#SIMDET", "CEMODE",
    )  # fmt: skip
    PROFILE = (
        "E", "V", "Q", "S12", "CMEE", "CREG", "CGREG", "CEREG", "#NITZ", "#SKIPESC", "&C", "&D",
        "&K", "IFC",
    )  # fmt: skip
    SECRETS = ("CPIN", "CLCK", "CPWD", "#SGACT", "#USERID", "#PASSW", "#FTPOPEN", "#HTTPCFG",
               "#MQCONN", "#MQPUBS")  # fmt: skip
    SAMPLE_URCS = ("+CREG: 1", "#NITZ: 24/06/13,22:40:35+08,0", "SRING: 6", "+CMTI: \"SM\",1",
                   "+CGEV: NW DETACH")  # fmt: skip
    COMMANDS = {
        **telit_general.COMMANDS,
        **telit_network.COMMANDS,
        **telit_tcp.COMMANDS,
        **telit_security.COMMANDS,
        **telit_secdata.COMMANDS,
        **telit_ssl.COMMANDS,
        **telit_ssl_data.COMMANDS,
        **telit_http.COMMANDS,
        **telit_ftp.COMMANDS,
        **telit_ftp_data.COMMANDS,
        **telit_mqtt.COMMANDS,
        **telit_mqtt_data.COMMANDS,
    }

    def factory(self, options):
        found = super().factory(options)
        found["IPR"] = options.baud or 115200
        found.update(
            S12=50, CREG=0, CGREG=0, CEREG=0, CGDCONT={}, IFC=(2, 2), CEMODE=2,
            profiles={}, profile=0,
        )  # fmt: skip
        found.update({"&C": 1, "&D": 0, "&K": 3, "#NITZ": (0, 0), "#SKIPESC": 0, "#SIMDET": 2})
        found.update(
            {
                "#PORTCFG": self.PLATFORM.ports,
                "#FTPCFG": (100, 0, 0),
                "#FTPTO": 100,
                "#SCFGEXT": {},
            }
        )
        found["#SCFG"] = {i: (1 if i < 4 else 2, 300, 90, 600, 50) for i in range(1, 7)}
        found["#HTTPCFG"] = dict.fromkeys(range(3), ("", 80, 0, "", "", 0, 120, 1))
        found.update(telit_security.factory(self.PLATFORM))
        return found

    def fresh(self, modem):
        numbers = range(1, self.PLATFORM.sockets + 1)
        return SimpleNamespace(
            fun=1,
            contexts={},  # cid -> address
            conns={},  # <connId> -> what AT#SD made
            holder=dict.fromkeys(numbers),  # <SSId> -> None, "ssl", "http", "ftp", "mqtt", "other"
            secure={},  # <SSId> -> what AT#SSLD made
            sessions={},  # <SSId> -> a TLS session that AT#SSLFASTD may resume
            ram={},  # (<SSId>, <DataType>) -> security data in RAM
            online=None,  # what is in data mode
            cpu_mode=0,
            http={},
            ftp=None,
            mqtt={},
        )

    def cme_text(self, modem, code):
        mode = modem.settings["CMEE"]
        if mode == 0:
            return "ERROR"
        return f"+CME ERROR: {code if mode == 1 else TEXTS.get(code, TEXTS[100])}"

    def urc_text(self, text):
        if text.startswith((b"SSLSRING:", b"SRING:")):
            return b",".join(text.split(b",")[:2]).decode("latin-1")
        return super().urc_text(text)

    # what happens

    def booted(self, modem):
        telit_holder.hold_at_start(modem)
        modem.radio.start()

    def registration_changed(self, modem):
        for name in ("CREG", "CGREG", "CEREG"):
            if modem.settings[name] and (name != "CEREG" or self.PLATFORM.cereg):
                modem.urc(telit_network.creg_text(modem, name))

    def network_time(self, modem):
        value, mode = modem.settings["#NITZ"]
        options, radio = modem.options, modem.radio
        if not value:
            return
        unix = radio.network_unix()
        radio.set_clock(unix, options.zone_quarters)
        if mode:
            local = datetime.fromtimestamp(unix, UTC)
            local += timedelta(minutes=15 * options.zone_quarters)
            modem.urc(
                f"#NITZ: {local:%y/%m/%d,%H:%M:%S}{options.zone_quarters:+03d},{options.dst}"
            )

    def pdp_changed(self, modem, active):
        if not modem.radio.active:
            modem.page_state.contexts.clear()

    def data_waiting(self, modem, cid):
        handler = _HANDLERS.get(str(cid).rstrip("0123456789"))
        if handler is not None:
            handler.data_waiting(modem, cid)

    def socket_closed(self, modem, cid):
        handler = _HANDLERS.get(str(cid).rstrip("0123456789"))
        if handler is not None:
            handler.socket_closed(modem, cid)

    def swap_users(self, modem):
        other = {"ssl": "other", "other": "ssl"}
        holder = modem.page_state.holder
        for number, who in holder.items():
            holder[number] = other.get(who, who)

    def tls_held(self, modem, number, held):
        holder = modem.page_state.holder
        if number in holder:
            if held and holder[number] is None:
                holder[number] = "other"
            elif not held and holder[number] == "other":
                holder[number] = None

    def may_sleep(self, modem):
        return modem.page_state.fun == 5


# sockets by the letters of their identifiers in modem.sockets
_HANDLERS = {
    "tcp": telit_tcp,
    "ssl": telit_ssl_data,
    "http": telit_http,
    "ftc": telit_ftp_data,
    "ftd": telit_ftp_data,
    "mqt": telit_mqtt,
}


def _product(name, platform, model):
    fields = {"NAME": name, "MODEL": model, "PLATFORM": PLATFORMS[platform]}
    if name == "le910r1":
        # a tap switches on, and who goes on holding switches off again [cap]
        fields.update(CAPTURED=True, HOLD_IS_OFF=True)
        fields["TIMINGS"] = {**_TIMINGS, "on_pulse": 50, "boot": 4000}
    return type(model.replace("-", "_").replace(" ", "_"), (Telit,), fields)


PAGES = {name: _product(name, *what) for name, what in PRODUCTS.items()}
