"""MQTT of Telit modules: the texts. Instance 1, and with it the settings of secure socket 1.

Sources: MQTT AT commands application note; SSL/TLS user guide 1vv0300989 rev. 23 (4.2);
captures of an LE910R1 (AT#MQWCFG restarts it: a will is not set).
"""

from uplink.modems import telit
from uplink.modems.common import const
from uplink.modems.telit_urcs import decimal, meets

_TEXT = const(1)  # places in a subscription: see mqtt/plain.py
_QOS = const(2)
_SUITE = const(67)
_REST = b"lxv"  # of telit's variables, what stands last in #SSLSECCFG, #SSLCFG, #SSLSECCFG2

PROMPT = b">"
TAIL_OK = b"\r\n\r\nOK\r\n"
REASONS = telit.REASONS
ALONE = True  # what protocol has TLS, has all of it

SCRIPTS = (
    b"\n#a"  # connect
    b"\n a4AT#MQDISC=1"  # what an earlier life has left
    b"\n a2AT#MQEN=1,0"
    b"\nta2AT#SSLEN=1,0"  # sockets hold it no more
    b"\n2a2AT#SSLEN=2,0"
    b"\n3a2AT#SSLEN=3,0"
    b"\n4a2AT#SSLEN=4,0"
    b"\n5a2AT#SSLEN=5,0"
    b"\n6a2AT#SSLEN=6,0"
    b"\n  2AT#MQEN=1,1"
    b"\n a2AT#MQEN?|-"
    b'\n  3AT#MQCFG=1,"{h}",{p},1,{T}'
    b"\ntd2AT#SSLSECCFG=1,{1}"
    b"\nMd2AT#SSLCFG=1,{2}"
    b"\nSd2AT#SSLSECCFG2=1,{3}"
    b"\n  2AT#MQCFG2=1,{k},{e}"
    b"\n  2AT#MQTCFG=1,30"
    b'\n  :AT#MQCONN=1,"{I}","{U}","{W}"'
    b"\n a2AT#MQCONN?|c"
    b"\n#s"  # subscribe
    b'\n  6AT#MQSUB=1,"{F}"{q}'
    b"\n#p"  # publish
    b'\n h7AT#MQPUBSEXT=1,"{t}",{r},{o},{n}|->'
    b"\n#r"  # a message
    b"\n  4AT#MQREAD=1,{m}"
    b"\n#w"  # still connected?
    b"\n b2AT#MQCONN?|c"
    b"\n#e"  # put away
    b"\n a4AT#MQDISC=1"
    b"\n a2AT#MQCONN?|c"
    b"\n a2AT#MQEN=1,0"
    b"\n a2AT#MQEN?|-"
    b"\n#"
)


def when(s, condition):
    return meets(s, condition)


def put(s, letter, line):
    """Variables of these texts; the others are telit's."""
    broker = s.broker
    if 49 <= letter <= 51:  # 1, 2, 3: how TLS is done, in the application's own words or ours
        words = s.words[letter - 49]
        if words is not None:
            line.extend(words)
            return True
        if letter == 49:
            telit.put(s.core, _SUITE, line)
            line.append(44)
        elif letter == 50:
            line.extend(b"1,300,90,100,50,0")
        return telit.put(s.core, _REST[letter - 49], line)
    if letter == 84:  # T: TLS
        line.append(49 if s.tls else 48)
    elif letter == 107:  # k: s of keepalive, 1 to 3600
        decimal(line, min(max(broker["keepalive_s"], 1), 3600))
    elif letter == 101:  # e: clean session
        line.append(49 if broker["clean"] else 48)
    elif letter == 73:  # I: who we are
        line.extend(broker["client_id"] or b"")
    elif letter == 85:
        line.extend(broker["user"] or b"")
    elif letter == 87:
        line.extend(broker["password"] or b"")
    elif letter == 70:  # F: a topic filter, and its QoS (LE910R1 takes none: 1)
        line.extend(s.filters[s.index][_TEXT])
    elif letter == 113:
        if not s.no_qos:
            line.append(44)
            decimal(line, s.filters[s.index][_QOS])
    elif letter == 116:  # t: topic, retained, QoS, bytes of the oldest message
        line.extend(s.outbox[0].topic)
    elif letter == 114:
        line.append(49 if s.outbox[0].retain else 48)
    elif letter == 111:
        decimal(line, s.outbox[0].qos)
    elif letter == 110:
        decimal(line, len(s.outbox[0].payload))
    elif letter == 109:  # m: the place of a message
        decimal(line, s.place + 1)
    else:
        return telit.put(s.core, letter, line)
    return True


def arrows(s):
    """`<<<` and a message: as many bytes as its URC said (0: none of ours was
    said); an empty one is a line like others.
    """
    n = s.size
    return n if n else -1 if n == 0 else 0


def heard(s, c, what):
    """c `#MQCONN: <instance>,<connected>`."""
    if c.int() == 1:
        s.up = c.int() == 1
