"""The command engine, against byte-exact dialogues, whatever the pieces and URCs."""

from at_user import CSQ, NASTY, READ, SEND, User, run

from uplink.at import codes


def test_answer_with_echo_in_any_pieces():
    for piece in (1, 2, 7, 64):
        u = run(CSQ, {b"AT+CSQ\r": b"AT+CSQ\r\r\n+CSQ: 25,99\r\n\r\nOK\r\n"}, piece)
        assert u.events == [("csq", 25), ("finished", codes.OK)], u.events


def test_urc_at_every_boundary_gives_the_same_answer():
    parts = [b"AT+CSQ\r\r\n", b"\r\n+CSQ: 25,99\r\n", b"\r\n", b"OK\r\n"]
    for at in range(len(parts) + 1):
        data = b"".join(parts[:at]) + b"\r\n+IND: 3\r\n" + b"".join(parts[at:])
        for piece in (1, 7, 64):
            u = run(CSQ, {b"AT+CSQ\r": data}, piece)
            assert sorted(u.events[:2], key=str) == [("csq", 25), ("ind", 3)] or u.events == [
                ("csq", 25),
                ("finished", 0),
                ("ind", 3),
            ], (at, u.events)
            assert ("finished", codes.OK) in u.events


def test_urc_with_the_prefix_of_the_answer():
    u = run(CSQ, {b"AT+CSQ\r": b"\r\n+CSQ: 7\r\n\r\n+CSQ: 25,99\r\n\r\nOK\r\n"})
    assert u.events == [("csq urc", 7), ("csq", 25), ("finished", codes.OK)]


def test_ok_without_the_needed_answer_is_a_failure():
    u = run(CSQ, {b"AT+CSQ\r": b"\r\nOK\r\n"})
    assert u.events == [("finished", codes.NO_ANSWER)]


def test_errors_numeric_verbose_and_bare():
    for text, number in (
        (b"+CME ERROR: 10", 10),
        (b"+CME ERROR: SIM not inserted", 10),
        (b"+CME ERROR: sim NOT inserted", 10),
        (b"+CME ERROR: nobody knows", -1),
    ):
        u = run(CSQ, {b"AT+CSQ\r": b"\r\n" + text + b"\r\n"})
        assert u.events == [("finished", codes.CME)]
        assert u.engine.cme == number, (text, u.engine.cme)
    u = run(CSQ, {b"AT+CSQ\r": b"\r\n+CMS ERROR: 500\r\n"})
    assert u.events == [("finished", codes.CMS)] and u.engine.cme == 500
    assert run(CSQ, {b"AT+CSQ\r": b"\r\nERROR\r\n"}).events == [("finished", codes.ERROR)]
    assert run(CSQ, {b"AT+CSQ\r": b"\r\nNO CARRIER\r\n"}).events == [
        ("finished", codes.NO_CARRIER)
    ]
    assert run(CSQ, {b"AT+CSQ\r": b"\r\nSEND FAIL\r\n"}).events == [("finished", 20)]


def test_steps_conditions_and_failures_that_may_be():
    script = (
        (2, b"AT+NEVER", None, None, 1000, 0),
        (1, b"AT+A", None, None, 1000, codes.MAY_FAIL),
        (0, (b'AT+B="', 1, b'",7'), None, None, 1000, 0),
        (0, b"AT+GMM", b"", "on_text", 1000, 0),
    )
    u = run(
        script,
        {
            b"AT+A\r": b"\r\nERROR\r\n",
            b'AT+B="value",7\r': b"\r\nOK\r\n",
            b"AT+GMM\r": b"\r\nSIMCOM_SIM7000G\r\n\r\nOK\r\n",
        },
    )
    assert u.events == [("text", b"SIMCOM_SIM7000G"), ("finished", codes.OK)], u.events


def test_no_user_string_becomes_a_command():
    for bad in (b'a"b', b"a\\", b"\xc3\xa4", b"a\rb", b"a\nb", b"a\x1ab", b"a\x1bb", b"a\x00b"):
        u = User()
        u.names[1] = bad
        u.engine.run(((0, (b'AT+B="', 1, b'"'), None, None, 1000, 0),), u.now)
        u.wait(100)
        assert u.events == [("finished", codes.BAD_ARGUMENT)]
        assert u.sent == b""
        assert u.engine.idle


def test_prompt_payload_and_urc_behind_the_prompt():
    for prompt in (b"\r\n>", b"\r\n> ", b">", b"AT+SEND=4\r\r\n> "):
        for piece in (1, 64):
            u = User()
            u.payload_bytes = b"\r>OK"
            u.engine.run(SEND, u.now)
            u.wait(30)
            assert u.take() == b"AT+SEND=4\r"
            u.feed(prompt, piece)
            assert u.take() == b"\r>OK"
            u.feed(b"\r\n+IND: 1\r\n\r\nOK\r\n", piece)
            assert u.events == [("ind", 1), ("finished", codes.OK)], u.events


def test_error_instead_of_the_prompt_and_ok_without_it():
    u = run(SEND, {b"AT+SEND=4\r": b"\r\nERROR\r\n"})
    assert u.events == [("finished", codes.ERROR)]
    u = run(SEND, {b"AT+SEND=4\r": b"\r\nOK\r\n"})
    assert u.events == [("finished", codes.NO_ANSWER)]


def test_download_line_instead_of_the_prompt():
    script = ((0, b"AT+WRITE", b"DOWNLOAD", None, 1000, codes.PAYLOAD),)
    u = User()
    u.payload_bytes = b"12345"
    u.engine.run(script, u.now)
    u.wait(30)
    u.take()
    u.feed(b"\r\nDOWNLOAD\r\n")
    assert u.take() == b"12345"
    u.feed(b"\r\nOK\r\n")
    assert u.events == [("finished", codes.OK)]


def test_counted_payload_is_counted_never_searched():
    n = str(len(NASTY)).encode()
    for piece in (1, 2, 7, 64):
        u = run(READ, {b"AT+RECV\r": b"\r\n+RECV: " + n + b"," + NASTY + b"\r\nOK\r\n"}, piece)
        assert u.events == [
            ("counted", len(NASTY)),
            ("payload", NASTY, True),
            ("finished", codes.OK),
        ], (piece, u.events)


def test_counted_header_without_payload_is_a_line():
    for piece in (1, 7, 64):
        u = run(READ, {b"AT+RECV\r": b"\r\n+RECV: 0\r\n\r\nOK\r\n"}, piece)
        assert u.events == [("finished", codes.OK)], u.events


def test_payload_on_the_line_behind_its_header():
    script = ((0, b"AT+READ", b"+READ: ", "on_length", 1000, codes.NEED),)
    for piece in (1, 3, 64):
        data = b"\r\n+READ: %d\r\n" % len(NASTY) + NASTY + b"\r\n\r\nOK\r\n"
        u = run(script, {b"AT+READ\r": data}, piece)
        assert u.events == [("payload", NASTY, True), ("finished", codes.OK)], u.events


def test_counted_payload_inside_a_urc():
    for piece in (1, 2, 64):
        u = User()
        u.feed(b"\r\nSRING: 1,5,OK\r\nA\r\n\r\n+IND: 2\r\n", piece)
        assert u.events == [("sring", 5), ("payload", b"OK\r\nA", True), ("ind", 2)], u.events
