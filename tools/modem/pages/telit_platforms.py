"""Telit: what the platforms of the guide (its table 1) have and how they differ, as data.

Marks in the comments: [doc] the guide or an AT reference guide, [cap], [code] as in the README;
what is not marked is chosen, the harsher of what is possible.
"""

from dataclasses import dataclass

from . import telit_suites as suites

# AT#SSLSECCFG2 <version>: what each value allows. "3.0" is SSL 3.0: never really done
_EXACT = {0: "3.0", 1: "1.0", 2: "1.1", 3: "1.2"}
_RANGE = {0: "1.0", 1: "1.1", 2: "1.2", 3: "1.0-1.2"}
_RANGE_13 = {**_RANGE, 4: "1.3"}


@dataclass(frozen=True)
class Platform:
    """One platform id of the guide."""

    id: str
    generation: int  # 2, 3 or 4
    act: int  # access technology of AT+COPS and AT+CREG
    sockets: int  # secure socket identifiers 1 .. sockets
    suites: tuple  # of AT#SSLSECCFG, see telit_suites
    codes: int = 0  # hexadecimal code points: 1 beside the numbers, 2 nothing else [doc]
    formats: bool = False  # AT#SSLSECCFG has <cert_format>: PEM and DER [doc]
    second: int = 0  # parameters of AT#SSLSECCFG2 behind <SSId>; 0: no such command [doc]
    sni: int = -1  # which of them is <SNI>; -1: none [doc]
    cas: bool = False  # behind <SNI>: <customCA>, <preloadedCA>, <MinVersion> [doc]
    versions: tuple = tuple(_EXACT.items())
    version: int = 1  # as delivered; 12: [doc], its AT#SSLSECCFG2?
    fixed: str = ""  # versions where there is no AT#SSLSECCFG2
    config: int = 8  # parameters of AT#SSLCFG [doc]
    shown: int = 10  # values that AT#SSLCFG? shows; 12, 30: [doc]
    cids: int = 5  # PDP contexts that a secure socket can use
    largest: int = 2047  # bytes of a certificate
    slow: int = 0  # bytes of a certificate without AT#CPUMODE=2 or 4 [doc: that there is a limit]
    ram: bool = False  # AT#SSLSECDATA=…,3,… [doc]
    resumes: bool = False  # AT#SSLFASTD, <ClosureType> 1 [doc]
    ring: int = 1300  # bytes of one SSLSRING: with data [doc]
    mqtt: bool = False  # AT#MQ… [doc]
    cereg: bool = True
    ports: int = 0  # AT#PORTCFG as delivered; 12, 23: [doc]

    @property
    def version_table(self):
        return dict(self.versions)

    @property
    def has_skip(self):
        """Whether AT#SSLCFG has <skipHostMismatch> [doc]."""
        return self.config >= 9


def _two(id, largest=2047, slow=1024):
    return Platform(
        id, 2, 0, 1, suites.TWO_G, fixed="1.0-1.2", largest=largest, slow=slow, resumes=True,
        ring=256, cereg=False,
    )  # fmt: skip


def _late(id, act, table, versions, codes):
    return Platform(
        id, 4, act, 6, table, codes=codes, second=5, sni=1, cas=True,
        versions=tuple(versions.items()), version=0, config=12, shown=12, largest=4095,
        mqtt=id != "25 ThreadX", formats=id == "25 ThreadX",
    )  # fmt: skip


PLATFORMS = {
    one.id: one
    for one in (
        _two("10", 1535),  # [doc]: no 2048-bit key fits

        _two("13", slow=0),
        _two("16"),
        Platform("12", 3, 2, 1, suites.THREE_G, formats=True, second=5, cids=1, cereg=False),
        Platform("20", 4, 7, 1, suites.THREE_G, formats=True, second=5),
        Platform("23", 4, 7, 6, suites.ID_23, formats=True, second=5, sni=1, ram=True, ports=1),
        Platform(
            "25 Linux", 4, 7, 1, suites.ID_25_LINUX, formats=True, second=5, config=9,
            largest=4095,
        ),
        _late("25 ThreadX", 7, suites.ID_37, _RANGE_13, 1),
        Platform(
            "30", 4, 8, 6, suites.ID_30, second=5, sni=1, versions=tuple(_RANGE.items()),
            version=0, config=10, largest=4095, mqtt=True,
        ),
        _late("37", 8, suites.ID_37, _RANGE_13, 1),
        _late("52", 7, suites.ID_52, _RANGE, 2),
    )
}  # fmt: skip

# product: (platform, AT+CGMM). The guide's table 1; le910r1 is not in it and stands on 52
PRODUCTS = {
    "gl865": ("10", "GL865-QUAD"),
    "ge865": ("10", "GE865-QUAD"),
    "ge864": ("10", "GE864-QUAD V2"),
    "gl868": ("10", "GL868-DUAL"),
    "ge910": ("13", "GE910-QUAD"),
    "ge910v3": ("16", "GE910-QUAD V3"),
    "ge866": ("16", "GE866-QUAD"),
    "gl865v3": ("16", "GL865-QUAD V3"),
    "gl868v3": ("16", "GL868-DUAL V3"),
    "he910": ("12", "HE910"),
    "ue910": ("12", "UE910-EUR"),
    "ul865": ("12", "UL865-EUR"),
    "ue866": ("12", "UE866-EU"),
    "le910": ("20", "LE910-EU1"),
    "le910v2": ("20", "LE910-EU V2"),
    "le866": ("23", "LE866-SV1"),
    "me866a1": ("23", "ME866A1-NA"),
    "le910c1": ("25 Linux", "LE910C1-EU"),
    "le910c1eux": ("25 ThreadX", "LE910C1-EUX"),
    "me910c1": ("30", "ME910C1-E1"),
    "ml865c1": ("30", "ML865C1-EA"),
    "me310g1": ("37", "ME310G1-WW"),
    "me910g1": ("37", "ME910G1-WW"),
    "ml865g1": ("37", "ML865G1-WW"),
    "els63": ("52", "ELS63-E"),
    "le910q1": ("52", "LE910Q1-EU"),
    "le910r1": ("52", "LE910R1-EU"),
}
