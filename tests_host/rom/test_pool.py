"""The strings of frozen code in one text (firmware/patches/0060): each is found, no other is."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest

from tests_host.conftest import ROOT
from tests_host.rom.test_rom import HERE, built, frozen  # noqa: F401 (fixtures)
from tools.setup import micropython

# Runs on MicroPython: of each text, in hex, whether the interpreter has it already, then its bytes
# and its hash by way of the string that it was found to be. Two strings that are made at run time
# are the same object where they were found.
ASKS = """
import binascii, json, sys
told = []
for text in json.loads(sys.stdin.read()):
    text = binascii.unhexlify(text)
    one, two = str(text, "utf-8"), str(text, "utf-8")
    back = binascii.hexlify(one.encode()).decode()
    told.append((one is two, back, len(one.encode()), hash(one), {one: 1}.get(two)))
print(json.dumps(told))
"""
HASH_BYTES = 2


def pool(objects):
    """The texts of the frozen pool, as bytes, in its order."""
    head = (objects / "frozen_content.c").read_text().split("// frozen module", 1)[0]
    text = head.split("mp_qstr_frozen_const_text[] = {", 1)[1].split("};", 1)[0]
    return [ast.literal_eval(f'b"{row}"') for row in re.findall(r'(?m)^    "(.*)\\0"$', text)]


def interpreters(objects):
    header = (objects / "genhdr" / "qstrdefs.generated.h").read_text()
    rows = re.findall(r'(?m)^QDEF[01]\(\w+, \d+, \d+, "(.*)"\)$', header)
    return [ast.literal_eval(f'b"{row}"') for row in rows]


def ask(objects, texts):
    done = subprocess.run(
        [objects / "micropython", "-X", "heapsize=32m", "-c", ASKS],
        input=json.dumps([text.hex() for text in texts]),
        env={**os.environ, "MICROPYPATH": ".frozen"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def hash_of(text):
    value = 5381
    for byte in text:
        value = (value * 33 & 0xFFFFFFFF) ^ byte
    return value & (1 << 8 * HASH_BYTES) - 1 or 1


def test_the_pool_has_every_kind_of_text(built):  # noqa: F811
    texts = pool(built[1])
    assert texts == sorted(texts)
    assert len(texts) > 1000
    for text in (
        "größe",
        "日本語",
        "🜁",
        "nul\0",
        "nul\0a",
        "nul\0b\0",
        "\x01",
        "\\x41",
        "y" * 255,
    ):
        assert text.encode() in texts, text
    # It has a byte for a length; and the empty one is the interpreter's.
    assert b"z" * 256 not in texts and b"" not in texts and b"" in interpreters(built[1])
    # What begins as another that is in it does not end the search, whichever of both is first.
    assert any(after.startswith(text) for text, after in zip(texts, texts[1:], strict=False))


def test_each_text_is_found_from_first_to_last(built):  # noqa: F811
    texts = [b"", *pool(built[1]), *interpreters(built[1])]
    for text, row in zip(texts, ask(built[1], texts), strict=True):
        assert row == [True, text.hex(), len(text), hash_of(text), 1], text


def test_what_is_beside_a_text_is_not_found(built):  # noqa: F811
    known = {*pool(built[1]), *interpreters(built[1])}
    near = {b" ", b"\x7f" * 9, "\U0010ffff".encode() * 9, b"z" * 256}
    for text in known:
        text = text.decode()
        changed = (text[:-1], text[1:], text + "\0", text + "a", text + "\x7f", "!" + text)
        if text and text[-1] < "\x7f":
            changed += (text[:-1] + chr(ord(text[-1]) + 1), text[:-1] + chr(ord(text[-1]) ^ 2))
        near.update(made.encode() for made in changed)
    # (what this script names is interned when it is compiled)
    near -= known | set(map(str.encode, re.findall(r"\w+", ASKS)))
    assert len(near) > 5000
    near = sorted(near)
    for text, row in zip(near, ask(built[1], near), strict=True):
        assert row == [False, text.hex(), len(text), hash_of(text), 1], text


def test_what_a_program_names_is_found_too(frozen):  # noqa: F811
    code = (
        "class Thing: pass\n"
        "def make(): return ''.join(('made ', 'at run ', 'time'))\n"
        "print(make() is make())\n"
        "setattr(Thing, make(), 3)\n"
        "print(make() is make(), getattr(Thing, make()), make() in dir(Thing))\n"
    )
    assert frozen("-c", code) == (0, "False\nTrue 3 True\n")


def test_texts_come_back_as_they_were_frozen(built, frozen):  # noqa: F811
    code = "from romcase.texts import TEXTS\nprint([text.encode() for text in TEXTS])"
    status, output = frozen("-c", code)
    assert status == 0, output
    scope = {}
    exec((HERE / "frozen" / "romcase" / "texts.py").read_text(), scope)
    assert ast.literal_eval(output) == [text.encode() for text in scope["TEXTS"]]


def freeze(folder, source):
    """Freeze one module of that source, as a build does: the exit status, and what it prints."""
    (folder / "words.py").write_text(source)
    cross = [ROOT / "build" / "mpy-cross", "-o", "words.mpy", "words.py"]
    subprocess.run(cross, check=True, cwd=folder)
    home = micropython.tree()
    header = home / "64" / "genhdr" / "qstrdefs.preprocessed.h"
    argv = [sys.executable, home / "src" / "tools" / "rom" / "freeze.py", "-f", "-q", header]
    done = subprocess.run([*argv, folder / "words.mpy"], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def words(count):
    """A module with that many texts of 255 bytes."""
    return f"WORDS = {tuple(f'{i:0>255}' for i in range(count))}\n"


def test_a_pool_that_is_too_large_is_refused(tmp_path):
    status, text, error = freeze(tmp_path, words(250))
    assert (status, error) == (0, "")
    status, _, error = freeze(tmp_path, words(260))
    assert status == 1
    message = r"error while freezing: the names and short texts .* take (\d+) bytes of 65535\n"
    assert int(re.fullmatch(message, error)[1]) >= 260 * 256


@pytest.mark.parametrize("more", range(9))
def test_the_places_are_those_of_the_text(tmp_path, more):
    """Of each eighth string; also where the last group's second half is found backwards."""
    status, text, error = freeze(tmp_path, f"A = {tuple(f'w{i}' for i in range(more))}\n")
    assert status == 0, error
    tables = dict(re.findall(r"(?s)mp_qstr_frozen_const_(\w+)\[\] = \{(.*?)\};", text))
    starts, lengths = (
        list(map(int, re.findall(r"\d+", tables[name]))) for name in ("starts", "lengths")
    )
    strings = [ast.literal_eval(f'b"{row}"') for row in re.findall(r'"(.*)\\0"', tables["text"])]
    assert lengths[: len(strings)] == list(map(len, strings))
    assert not any(lengths[len(strings) :])
    places = [sum(lengths[:i]) + i for i in range(len(lengths) + 1)]
    assert starts == places[::8]
    # py/qstr.c goes from the nearest, which has to be there.
    assert (len(strings) - 1 + 4) // 8 < len(starts)


def test_python_and_c_mean_the_same_group():
    tree = micropython.tree() / "src"
    header = (tree / "py" / "qstr.h").read_text()
    script = (tree / "tools" / "mpy-tool.py").read_text()
    in_c = re.search(r"define MICROPY_QSTR_FROZEN_GROUP \((\d+)\)", header)[1]
    assert re.search(r"(?m)^MICROPY_QSTR_FROZEN_GROUP = (\d+)$", script)[1] == in_c
