"""What packets are made of, in C where there is that, and CONNECT (MQTT 3.1.1, 3.1)."""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


try:
    from _uplink import (  # the same in C: firmware/native, in images of ours
        Decoder,
        Filter,
        begin,
        compose,
        drop,
        is_topic,
        number,
        well_formed,
    )
except ImportError:
    from .decoder import Decoder  # noqa: F401
    from .plain import Filter, begin, compose, drop, is_topic, number, well_formed  # noqa: F401


def connect(broker):
    """CONNECT (3.1) for the configuration `broker`, without its fixed header; raises ValueError.

    A client identifier may be empty only with a clean session (3.1.3-7), and a password needs
    a user name (3.1.2-22).
    """
    client = broker["client_id"] or b""
    user = broker.get("user")
    password = broker.get("password")
    will = broker.get("will")
    keepalive = broker["keepalive_s"]
    flags = 2 if broker.get("clean") else 0
    good = (client or flags) and 0 <= keepalive < 65536 and well_formed(client)
    fields = [client]
    if will:
        flags |= 4 | will["qos"] << 3 | (32 if will["retain"] else 0)
        fields.append(will["topic"])
        fields.append(will["payload"])
        good = good and is_topic(will["topic"]) and 0 <= will["qos"] <= 2
    if user is not None:
        flags |= 128
        fields.append(user)
        good = good and well_formed(user)
    if password is not None:
        flags |= 64
        fields.append(password)
        good = good and user is not None
    body = bytearray(b"\0\4MQTT\4")
    body.append(flags)
    number(body, keepalive)
    for field in fields:
        good = good and len(field) < 65536
        number(body, len(field))
        body.extend(field)
    if not good:
        raise ValueError("mqtt: wrong client_id, will, user, password or keepalive_s")
    return body
