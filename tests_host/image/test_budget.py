"""What an image takes: how it is counted, and that passing the budget is told and fails."""

import pytest

from tools.image import budget, report, sizes
from tools.image.sizes import Share, Sizes

LIMITS = {
    "uplink": {"total": 100, "ram": 0, "at": 60, "ground": 20},
    "BOARD": {"flash": 1000, "ram": 50, "heap": 500},
}


def an_image(**changed):
    values = {
        "flash": 1000,
        "uplink": 100,
        "static_ram": 50,
        "uplink_ram": 0,
        "stack": 8,
        "heap": 500,
        "files": {
            "log.py": Share(10, 5, 5),
            "at/engine.py": Share(30, 20, 10),
            "shared": Share(20),
        },
    }
    return Sizes(**{**values, **changed})


def test_the_image_is_within_its_budget(measured):
    over = budget.over(measured, "UPLINK_PICO", budget.read())
    assert not over, "; ".join(over)


def test_what_is_as_large_as_allowed_is_within():
    assert budget.over(an_image(), "BOARD", LIMITS) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"flash": 1001}, "the image takes 1,001 bytes of 1,000"),
        ({"uplink": 101}, "lib/uplink, all of it takes 101 bytes of 100"),
        ({"static_ram": 51}, "static RAM takes 51 bytes of 50"),
        ({"uplink_ram": 1}, "static RAM of lib/uplink takes 1 bytes of 0"),
        ({"heap": 499}, "the heap is 499 bytes, and is to be 500 at least"),
        ({"files": {"at/engine.py": Share(30, 20, 11)}}, "at takes 61 bytes of 60"),
        ({"files": {"errors.py": Share(21)}}, "ground takes 21 bytes of 20"),
        ({"files": {"new/room.py": Share(1)}}, "new is in no line of [uplink]"),
    ],
)
def test_each_line_of_the_budget_is_held(changed, told):
    assert budget.over(an_image(**changed), "BOARD", LIMITS) == [told]


def test_c_that_is_named_for_a_room_is_part_of_it():
    files = {"native/at.c": Share(7), "native/uart.c": Share(3), "at/engine.py": Share(50)}
    assert an_image(files=files).room_totals() == {"at": 57, "native": 3}


def test_a_board_without_lines_of_its_own_is_held_to_those_of_the_library():
    assert budget.over(an_image(flash=10**6, static_ram=10**6, heap=0), "OTHER", LIMITS) == []


def test_services_have_an_allowance_of_their_own_and_only_where_they_are():
    limits = {**LIMITS, "services": {"total": 50, "services": 40, "at": 5, "ram": 8}}
    files = {"at/engine.py": Share(65), "services/http.py": Share(40)}
    image = an_image(uplink=150, files=files, static_ram=58, uplink_ram=8, heap=492)
    assert budget.over(image, "BOARD", limits) == []
    assert budget.over(an_image(files={"at/engine.py": Share(61)}), "BOARD", limits)
    more = an_image(files={"services/http.py": Share(41)})
    assert budget.over(more, "BOARD", limits) == ["services takes 41 bytes of 40"]


def test_ssl_and_stream_have_more_beside_it_where_they_are():
    limits = {**LIMITS, "services": {"services": 40}, "stream": {"services": 7}}
    files = {"services/http.py": Share(40), "services/stream.py": Share(7)}
    assert budget.over(an_image(files=files), "BOARD", limits) == []
    files = {"services/http.py": Share(47)}
    assert budget.over(an_image(files=files), "BOARD", limits) == ["services takes 47 bytes of 40"]


def test_the_table_shows_every_file_and_every_limit():
    text = "\n".join(report.table(an_image(), "BOARD", LIMITS))
    for shown in ("at/engine.py", "log.py", "ground", "1,000", "≥ 500"):
        assert shown in text


def test_every_room_has_a_line(measured):
    assert measured.room_totals().keys() == budget.read()["uplink"].keys() - {"total", "ram"}


PLAIN = """
enum {
    MP_QSTR_sleep = MP_QSTRnumber_of,
};
    "sleep\\0"
// frozen module asyncio
// collection of all frozen modules
"""
FROZEN = (
    """
enum {
    MP_QSTR_a = MP_QSTRnumber_of,
    MP_QSTR_asleep,
    MP_QSTR_poll,
    MP_QSTR_sleep,
};
    "a\\0"
    "asleep\\0"
    "poll\\0"
    "sleep\\0"
    ""
// frozen module asyncio_core
// - frozen file name: asyncio/core.py
static const byte fun_data_asyncio_core[9] = {
    MP_QSTR_sleep,
// frozen module uplink_a
// - frozen file name: uplink/a.py
static const byte fun_data_uplink_a[10] = {
static const mp_obj_str_t const_obj_uplink_a_0 = """
    """{{&mp_type_bytes}, 1, 2, (const byte*)"\\x41\\x54"};
    MP_QSTR_poll, MP_QSTR_sleep,
// frozen module uplink_sleep
// - frozen file name: uplink/sleep.py
static const byte fun_data_uplink_sleep[20] = {
// - code: 7 bytes of mp_frozen_code: uplink_sleep_f
    MP_QSTR_poll, MP_QSTR_asleep,
static const struct {
    mp_rom_obj_t value[2];
} rom_globals_uplink_sleep = {{
////////
// collection of all frozen modules

const qstr_short_t mp_frozen_mpy_names[] = {
    MP_QSTR_sleep, // asyncio/core.py
    MP_QSTR_a, // uplink/a.py
    MP_QSTR_sleep, // uplink/sleep.py
};
static const rom_types_0_t rom_types_0 = {
        .name = MP_QSTR_asleep,
"""
)
SYMBOLS = {
    "fun_data_asyncio_core": 9,
    "fun_data_uplink_a": 10,
    "fun_data_uplink_sleep": 20,
    "const_obj_uplink_a_0": 16,
    "rom_globals_uplink_sleep": 12,
    "rom_types_0": 40,  # of all
    "mp_frozen_mpy_content": 3 * 28,
}


def test_a_name_is_shared_by_its_users_and_one_that_was_there_costs_nothing():
    a, b = sizes.of_files(FROZEN, PLAIN, b"sleep\0", SYMBOLS).values()
    # A file: the number of its name, how deep it is, its part of the array of modules.
    listed = 2 + 1 + 28
    # poll: a half for each of them; sleep: there already.
    poll = (len("poll") + 1 + 1.25) / 2
    assert (a.code, a.constants) == (10, 16 + len(b"AT\0") + listed)
    # What the file is called is a name of its own.
    assert a.names == poll + len("a") + 1 + 1.25
    assert (b.code, b.constants) == (20 + 7, 12 + listed)
    assert b.names == poll + len("asleep") + 1 + 1.25


def test_a_hash_beside_each_name_is_counted():
    a, _ = sizes.of_files(FROZEN, PLAIN, b"", SYMBOLS, 2.25).values()
    assert a.names == (len("poll") + 1 + 2.25) / 2 + len("a") + 1 + 2.25


def test_a_text_that_another_ends_with_is_stored_once():
    texts = {b"asleep": [], b"sleep": [], b"leap": [], b"AT": []}
    assert set(sizes._stored(texts, b"...CAT\0...")) == {b"asleep", b"leap"}
