"""The guide's examples, byte for byte with echo. Left out: what is no dialogue; put right: its
misprints (#SSELEN, a full stop behind an error, "AT#MQEN =1,0", a CONNECT that is missing)."""

import pytest

from tests_host.modem.bench import S
from tests_host.modem.telit.bench import AUTHORITY, DEVICE, SERVER, Echo, Sink, TelitBench, tls
from tests_host.modem.telit.servers import FTP, Web, page
from tests_host.sim.broker import Broker

IP = "123.124.125.126"
IN_USE = "+CME ERROR: Resource used by another instance"
NOT_ACTIVATED = "+CME ERROR: SSL not activated"


def play(b, text, us=12 * S):
    """A transcript: each command and the lines of its answer, the last one final."""
    lines = text.strip().split("\n")
    while lines:
        command, answer = lines.pop(0), []
        while lines and not lines[0].startswith("AT"):
            answer.append(lines.pop(0))
        said = "\r\n" + "\r\n".join(answer[:-1]) + "\r\n" if answer[1:] else ""
        wanted = f"{command}\r{said}\r\n{answer[-1]}\r\n".encode()
        assert b.at(command, us) == wanted


def fresh(services=None, online=True, **options):
    """A module as it comes: with echo, verbose errors where the guide has them."""
    options.setdefault("address", "10.7.125.7")
    b = TelitBench(services, **options)
    b.on(echo=True)
    b.at("AT+CMEE=0")
    b.run(20 * S)
    if online:
        b.at("AT+CMEE=2")
        b.at('AT+CGDCONT=1,"IP","apn"')
        assert b"#SGACT: 10.7.125.7" in b.at("AT#SGACT=1,1", 3 * S)
    return b


def upload(b, kind, pem):
    """AT#SSLSECDATA of the guide: prompt, lines with line feeds, Ctrl-Z."""
    command = f"AT#SSLSECDATA=1,1,{kind},{len(pem)}"
    assert b.at(command) == command.encode() + b"\r\r\n> "
    assert b.type(pem + b"\x1a", 2 * S) == pem + b"\x1a" + b"\r\nOK\r\n"


def test_6_8_1_one_secure_socket():
    b = fresh(online=False)
    play(b, "AT+CGMM\nHE910\nOK\nAT#PORTCFG?\n#PORTCFG: 0,0\nOK")
    test = "#SSLCFG: (1),(1),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0),(0)"
    play(b, f"AT#SSLCFG=?\n{test}\nOK\nAT+CMEE?\n+CMEE: 0\nOK\nAT+CMEE=2\nOK")
    play(b, "AT#SSLEN?\n#SSLEN: 1,0\nOK\nAT#SSLEN=1,1\nOK\nAT#SSLEN?\n#SSLEN: 1,1\nOK")
    play(b, "AT#SSLEN=1,0\nOK\nAT#SSLEN?\n#SSLEN: 1,0\nOK")
    b.modem.fault("tls_held", number=1)  # AT#SSLEN=1,1 on COM4
    play(b, f"AT#SSLEN?\n#SSLEN: 1,1\nOK\nAT#SSLEN=1,0\n{IN_USE}")


def test_6_8_2_several_secure_sockets():
    b = fresh(online=False, page="le866")

    def table(on):
        return "AT#SSLEN?\n" + "".join(f"#SSLEN: {i},{int(i in on)}\n" for i in range(1, 7)) + "OK"

    play(b, "AT+CGMM\nLE866-SV1\nOK\nAT#PORTCFG?\n#PORTCFG: 1,1\nOK")
    test = "#SSLCFG: (1-6),(1-5),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0),(0)"
    play(b, f"AT#SSLCFG=?\n{test}\nOK\nAT+CMEE=2\nOK")
    play(b, table([]) + "\nAT#SSLEN=1,1\nOK\n" + table([1]))
    b.modem.fault("tls_held", number=2)
    play(b, "AT#SSLEN=1,0\nOK\n" + table([2]) + f"\nAT#SSLEN=2,0\n{IN_USE}")
    play(b, "AT#SSLEN=3,1\nOK\nAT#SSLEN=4,1\nOK\n" + table([2, 3, 4]))
    b.modem.fault("tls_held", number=1)
    play(b, table([1, 2, 3, 4]))


def test_6_8_3_other_commands_want_it_activated():
    b = fresh(online=False)
    play(b, "AT+CGMM\nHE910\nOK\nAT+CMEE=2\nOK\nAT#SSLEN=?\n#SSLEN: (1),(0,1)\nOK")
    play(b, f"AT#SSLEN?\n#SSLEN: 1,0\nOK\nAT#SSLSECCFG2?\n{NOT_ACTIVATED}")
    play(b, f"AT#SSLSECCFG?\n{NOT_ACTIVATED}\nAT#SSLCFG?\n{NOT_ACTIVATED}\nAT#SSLEN=1,1\nOK")
    play(b, "AT#SSLSECCFG2?\n#SSLSECCFG2: 1,1,0,0,0,0\nOK")
    play(b, "AT#SSLSECCFG?\n#SSLSECCFG: 1,0,0\nOK")
    play(b, "AT#SSLCFG?\n#SSLCFG: 1,1,300,90,100,50,0,0,0,0\nOK")


@pytest.mark.parametrize("product", ["ge910", "he910", "le910", "me910g1"])
def test_6_8_4_to_6_verify_none_server_and_client(product):
    b = fresh(online=False, page=product)
    play(b, "AT#SSLEN=1,1\nOK\nAT#SSLSECCFG=1,0,0\nOK")
    form = ",1" if b.modem.page.PLATFORM.formats else ""
    play(b, f"AT#SSLSECCFG=1,0,1{form}\nOK")
    upload(b, 1, AUTHORITY.pem)
    play(b, f"AT#SSLSECCFG=1,0,2{form}\nOK")
    for kind, pem in ((0, DEVICE[0]), (1, AUTHORITY.pem), (2, DEVICE[1])):
        upload(b, kind, pem)


def secured(service, port=443, host=IP, **options):
    """Everything that chapter 7.4 supposes."""
    b = fresh({(host.encode(), port): tls(service)}, **options)
    play(b, "AT#SSLEN=1,1\nOK\nAT#SSLSECCFG=1,0,0\nOK")
    if b.modem.page.PLATFORM.second:
        play(b, "AT#SSLSECCFG2=1,3\nOK")
    return b


def escape(b):
    b.run(2 * S)
    assert b.type(b"+++", 2 * S) == b"\r\nOK\r\n"


def exchange(b, service, up=b"up\r\nOK\r\n", down=b"down+++\r\nNO CARRIER\r\n"):
    b.type(up, 6 * S)
    assert service.got.endswith(up)
    service.conns[0].send(down)
    assert b.run(S) == down


def test_7_4_1_online_mode():
    server = Sink()
    b = secured(server)
    dial = f'AT#SSLD=1,443,"{IP}",0,0'
    play(b, f"{dial}\nCONNECT", 5 * S)
    exchange(b, server)
    escape(b)
    play(b, "AT#SSLS=1\n#SSLS: 1,2,0\nOK\nAT#SSLO=1\nCONNECT", 2 * S)
    exchange(b, server)
    escape(b)
    play(b, "AT#SSLH=1\nOK\nAT#SSLS=1\n#SSLS: 1,1\nOK", 2 * S)
    assert server.conns == []


def send(b, text):
    assert b.at("AT#SSLSEND=1") == b"AT#SSLSEND=1\r\r\n> "
    return b.type(text + b"\x1a", S).removeprefix(text + b"\x1a")


def test_7_4_2_command_mode():
    server = Sink()
    b = secured(server)
    play(b, f'AT#SSLD=1,443,"{IP}",0,1\nOK\nAT#SSLS=1\n#SSLS: 1,2,0\nOK', 5 * S)
    assert send(b, b"Send this string to the SSL server!") == b"\r\nOK\r\n"
    assert server.got == b"Send this string to the SSL server!"
    play(b, "AT#SSLRECV=1,15\n#SSLRECV: 0\nTIMEOUT\n\nOK".replace("\n\nOK", "\nOK"))
    server.conns[0].send(b"Response of theServer")
    b.run(S)
    for text in (b"Response of the", b"Server"):
        answer = b"AT#SSLRECV=1,15\r\r\n#SSLRECV: %d\r\n%s\r\n\r\nOK\r\n" % (len(text), text)
        assert b.at("AT#SSLRECV=1,15", 2 * S) == answer
    play(b, "AT#SSLH=1\nOK", 2 * S)


def test_7_4_3_both_modes():
    server = Sink()
    b = secured(server)
    play(b, f'AT#SSLD=1,443,"{IP}",0,0\nCONNECT', 5 * S)
    exchange(b, server)
    escape(b)
    play(b, "AT#SSLS=1\n#SSLS: 1,2,0\nOK", 2 * S)
    assert send(b, b"Send data in command mode") == b"\r\nOK\r\n"
    server.conns[0].send(b"Response in command mode")
    b.run(S)
    answer = b"\r\r\n#SSLRECV: 24\r\nResponse in command mode\r\n\r\nOK\r\n"
    assert b.at("AT#SSLRECV=1,100", 2 * S) == b"AT#SSLRECV=1,100" + answer
    play(b, "AT#SSLH=1\nOK", 2 * S)


def test_7_4_4_1_ring_without_data():
    server = Sink()
    b = secured(server)
    play(b, f'AT#SSLCFG=1,1,300,90,100,50,1\nOK\nAT#SSLD=1,443,"{IP}",0,1\nOK', 5 * S)
    assert send(b, b"Make a request to the server") == b"\r\nOK\r\n"
    data = bytes(range(256)) + bytes(144)
    server.conns[0].send(data)
    server.conns[0].close()
    assert b.run(S) == b"\r\nSSLSRING: 1,400\r\n"
    answer = b"\r\r\n#SSLRECV: 300\r\n" + data[:300] + b"\r\n\r\nOK\r\n\r\nSSLSRING: 1,100\r\n"
    assert b.at("AT#SSLRECV=1,300", 2 * S) == b"AT#SSLRECV=1,300" + answer
    answer = b"\r\r\n#SSLRECV: 100\r\n" + data[300:] + b"\r\n\r\nOK\r\n\r\nNO CARRIER\r\n"
    assert b.at("AT#SSLRECV=1,100", 2 * S) == b"AT#SSLRECV=1,100" + answer


@pytest.mark.parametrize(
    ("product", "sizes"), [("gl865", (256, 144)), ("he910", (400,)), ("le910q1", (400,))]
)
def test_7_4_4_2_ring_with_data(product, sizes):
    server = Sink()
    host = "server.example" if product == "le910q1" else IP
    b = secured(server, host=host, page=product) if product != "le910q1" else None
    if b is None:  # its AT#SSLSECCFG2 wants <SNI>
        b = fresh({(host.encode(), 443): tls(server)}, page=product)
        play(b, "AT#SSLEN=1,1\nOK\nAT#SSLSECCFG2=1,3,1\nOK")
    play(b, f'AT#SSLCFG=1,1,300,90,100,50,2\nOK\nAT#SSLD=1,443,"{host}",0,1\nOK', 5 * S)
    assert send(b, b"Make the same request of the example 1") == b"\r\nOK\r\n"
    data = bytes(range(256)) + b"\r\nOK\r\nNO CARRIER\r\n" + bytes(126)
    server.conns[0].send(data[:400])
    server.conns[0].close()
    wanted, at = b"", 0
    for size in sizes:
        wanted += b"\r\nSSLSRING: 1,%d," % size + data[at : at + size] + b"\r\n"
        at += size
    assert b.run(2 * S) == wanted + b"\r\nNO CARRIER\r\n"


def test_7_4_5_fast_dial():
    server = Sink()
    b = secured(server, page="gl865")
    play(b, f'AT#SSLD=1,443,"{IP}",1,0\nCONNECT', 5 * S)
    exchange(b, server)
    escape(b)
    play(b, "AT#SSLH=1\nOK", 2 * S)
    play(b, "AT#SSLFASTD=1,0\nCONNECT", 5 * S)
    exchange(b, server)
    escape(b)
    play(b, "AT#SSLH=1,0\nOK", 2 * S)
    assert [text.split(", ")[-1] for text in b.events("tls")][1] == "resumed"
    play(b, "AT#SSLFASTD=1,0\n+CME ERROR: SSL invalid state", 2 * S)


def test_8_1_https_with_sslld():
    web = Web(page(b"<html></html>"))
    b = fresh({(b"www.example", 443): tls(web, AUTHORITY.issue("www.example"))})
    play(b, "AT#SSLEN=1,1\nOK\nAT#SSLSECCFG=1,0,1\nOK\nAT#SSLSECCFG2=1,3\nOK")
    upload(b, 1, AUTHORITY.pem)
    play(b, 'AT#SSLD=1,443,"www.example",0,0\nCONNECT', 5 * S)
    answer = b.type(b"GET / HTTP/1.1\r\nHost: www.example\r\n\r\n", 7 * S)
    assert answer == page(b"<html></html>") + b"\r\nNO CARRIER\r\n"


SCFG = "".join(f"#SCFG: {i},{1 if i < 4 else 2},300,90,600,50\n" for i in range(1, 7))


def with_certificate(services):
    """The beginning of 8.2 and 9.1."""
    b = fresh(services, online=False)
    b.at("AT+CMEE=2")
    play(b, 'AT+CGDCONT=1,"IP", "Access_Point_Name"\nOK\nAT#SCFG?\n' + SCFG + "OK")
    play(b, "AT#SGACT=1,1\n#SGACT: 10.7.125.7\nOK")
    play(b, "AT#SSLEN=1,1\nOK\nAT#SSLSECCFG=1,0,1,1\nOK\nAT#SSLSECCFG2=1,3\nOK")
    upload(b, 1, AUTHORITY.pem)
    play(b, "AT#SSLEN=1,0\nOK")
    return b


def test_8_2_http_get():
    web = Web(page(b"<!doctype html>\n<html>\n</html>"))
    b = with_certificate({(b"server_address", 443): tls(web, AUTHORITY.issue("server_address"))})
    play(b, "AT#FTPCFG?\n#FTPCFG: 100,0,0\nOK")
    play(b, 'AT#HTTPCFG=0,"server_address",443,0,,,1,120,1\nOK')
    answer = b.at('AT#HTTPQRY=0,0,"/"', 5 * S)
    assert answer == (b'AT#HTTPQRY=0,0,"/"\r\r\nOK\r\n\r\n#HTTPRING: 0,200,"text/html",30\r\n')
    answer = b.at("AT#HTTPRCV=0", 2 * S)  # "<<<" is in the AT reference guides
    assert answer == (b"AT#HTTPRCV=0\r\r\n<<<<!doctype html>\n<html>\n</html>\r\n\r\nOK\r\n")


def test_9_1_ftps():
    ftp = FTP({"file.txt": b"the file\r\nNO CARRIER?"}, SERVER)
    b = with_certificate({(b"ftp.example", 21): ftp})
    ftp.network = b.network
    play(b, 'AT#HTTPCFG=0,"server_address",443,0,,,0,120,1\nOK\nAT#FTPCFG=500,1,1\nOK')
    play(b, 'AT#FTPOPEN="ftp.example:21","user","secret",1\nOK')
    answer = b.at('AT#FTPGET="file.txt"', 5 * S)
    assert answer == (
        b'AT#FTPGET="file.txt"\r\r\nCONNECT\r\nthe file\r\nNO CARRIER?\r\nNO CARRIER\r\n'
    )
    play(b, "AT#FTPCLOSE\nOK")


@pytest.mark.parametrize("product", ["me910c1", "me910g1", "els63"])
def test_10_1_mqtt(product):
    broker = Broker()
    host = "mqtt_broker_address"
    server = tls(broker, AUTHORITY.issue(host), client_ca=AUTHORITY.pem)
    options = {"page": product, "address": "37.176.124.199"}
    b = fresh({(host.encode(), 8883): server}, online=False, **options)
    play(b, "AT+CMEE=2\nOK\nAT+CGDCONT?\nOK")
    play(b, 'AT+CGDCONT=1,"IP", "Access_Point_Name"\nOK')
    play(b, 'AT+CGDCONT?\n+CGDCONT: 1,"IP","Access_Point_Name","0.0.0.0",0,0\nOK')
    play(b, "AT#SGACT=1,1\n#SGACT: 37.176.124.199\nOK")
    play(b, "AT#MQEN=1,1\nOK\nAT#MQEN?\n#MQEN: 1,1\n#MQEN: 2,0\nOK")
    play(b, f'AT#MQCFG=1,"{host}",8883,1,1\nOK\nAT#SSLSECCFG=1,0,2\nOK')
    for kind, pem in ((1, AUTHORITY.pem), (0, DEVICE[0]), (2, DEVICE[1])):
        upload(b, kind, pem)
    if product == "me910c1":
        play(b, "AT#SSLCFG=1,1,300,90,100,50,0,0,1,0\nOK\nAT#SSLSECCFG2=1,3,1\nOK")
    else:
        play(b, "AT#SSLCFG=1,1,300,90,100,50,0,0,1,0,0,0\nOK\nAT#SSLSECCFG2=1,3,1,1,1\nOK")
    play(b, "AT#MQCFG2=1,60,1\nOK\nAT#MQTCFG=1,30\nOK")
    play(b, 'AT#MQCONN=1,"client_id","", ""\nOK\nAT#MQCONN?\n#MQCONN: 1,1\nOK')
    play(b, "AT#MQDISC=1\nOK\nAT#MQCONN?\n#MQCONN: 1,0\nOK")
    play(b, "AT#MQEN=1,0\nOK\nAT#MQEN?\n#MQEN: 1,0\n#MQEN: 2,0\nOK")
    assert broker.violations == []


def test_errors_by_number_and_by_text():
    """12.2, as far as a dialogue can bring them about by one command."""
    b = fresh({(IP.encode(), 443): tls(Echo())})
    for mode, text in ((2, "SSL not activated"), (1, "836")):
        play(b, f"AT+CMEE={mode}\nOK\nAT#SSLCFG?\n+CME ERROR: {text}")
    play(b, "AT+CMEE=0\nOK\nAT#SSLCFG?\nERROR")
