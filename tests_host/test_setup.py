"""Set-up's decisions, without network or root: what it reads, what it pins, and what it says when
it cannot go on.
"""

import hashlib
import io
import subprocess
import sys
import tarfile

import pytest

from tests_host.conftest import ROOT
from tools.setup import debs, host, micropython, paths, say, sources, venv

DEB822 = """\
# A comment: with a colon
Types: deb
URIs: http://vendor.example/tool
Suites: stable
Components: contrib

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb deb-src
# a comment within
URIs: http://mirror.example/debian http://second.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGPL0BUBEADmW5NdOOHwPIJlgPu
 -----END PGP PUBLIC KEY BLOCK-----
"""

LINES = """\
# deb http://old.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64 signed-by=/etc/apt/debian.gpg] http://mirror.example/debian bookworm main # us
"""


def test_mirror_of_a_deb822_file_with_its_key():
    text = sources.private_source([DEB822])
    assert text == (
        "Types: deb deb-src\nURIs: http://mirror.example/debian\n"
        "Suites: trixie\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBGPL0BUBEADmW5NdOOHwPIJlgPu\n"
        " -----END PGP PUBLIC KEY BLOCK-----\n"
    )


def test_mirror_of_a_one_line_file_with_its_key():
    text = sources.private_source([LINES])
    assert "URIs: http://mirror.example/debian\n" in text
    assert text.endswith("Signed-By: /etc/apt/debian.gpg\n")


@pytest.mark.parametrize(
    "listing", ["", "deb http://archive.example/ubuntu jammy main\n", "Types: deb\nSuites: x\n"]
)
def test_a_machine_without_a_debian_mirror_is_told_what_to_do(listing):
    with pytest.raises(say.Blocked, match=sources.TARBALL.replace("+", r"\+")):
        sources.private_source([listing])


def test_a_tarball_that_is_not_the_pinned_one_is_refused_and_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = paths.cache() / "sources" / sources.TARBALL
    path.parent.mkdir()
    path.write_bytes(b"something else")
    with pytest.raises(say.Blocked, match="pins"):
        sources.tarball()
    assert not path.exists()


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            "The following signatures couldn't be verified: NO_PUBKEY 6ED0",
            "debian-archive-keyring",
        ),
        ("The repository … does not have a Release file.", "does not carry"),
        ("Could not resolve 'mirror.example'", "cannot be reached"),
        ("Something new", None),
    ],
)
def test_errors_of_apt_are_explained(log, told):
    said = sources._why_not(log)
    assert (said is None) if told is None else told in said


def a_deb(files):
    """The bytes of a .deb with these files."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": data.getvalue()}
    made = b"!<arch>\n"
    for name, content in members.items():
        made += b"%-16s%-12d%-6d%-6d%-8d%-10d`\n" % (name.encode(), 0, 0, 0, 0o644, len(content))
        made += content + b"\n" * (len(content) % 2)
    return made


def test_packages_of_sources_are_unpacked_into_the_tree(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = a_deb({"usr/src/thing/a.c": b"int a;"})
    deb = debs.Deb("thing", "1", hashlib.sha256(made).hexdigest(), "usr/src/thing", "lib/thing")
    monkeypatch.setattr(debs, "NEEDED", (deb,))
    (paths.cache() / "sources").mkdir()
    (paths.cache() / "sources" / "thing_1_all.deb").write_bytes(made)
    tree = tmp_path / "tree"
    (tree / "lib" / "thing").mkdir(parents=True)
    debs.put_into(tree)
    debs.put_into(tree)
    assert (tree / "lib/thing/a.c").read_bytes() == b"int a;"
    assert sorted(p.name for p in (tree / "lib").iterdir()) == ["thing"]


def test_a_package_that_is_not_the_pinned_one_is_refused_and_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    deb = debs.NEEDED[0]
    path = paths.cache() / "sources" / deb.file
    path.parent.mkdir()
    path.write_bytes(b"something else")
    with pytest.raises(say.Blocked, match="pins"):
        debs._checked(deb)
    assert not path.exists()


def test_without_apt_the_files_to_bring_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(host, "find", lambda name: None)
    with pytest.raises(say.Blocked, match="pico-sdk-source_.*tinyusb-source_"):
        debs._fetch()


def test_a_patch_that_does_not_fit_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "a.txt").write_text("one\n")
    patch = tmp_path / "0001-x.patch"
    patch.write_text("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-two\n+three\n")
    with pytest.raises(say.Blocked, match="0001-x.patch does not fit MicroPython"):
        micropython._apply(patch, tmp_path)
    patch.write_text("Why.\n\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+three\n")
    micropython._apply(patch, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "three\n"


def test_missing_packages_without_root_or_sudo_are_named(monkeypatch):
    monkeypatch.setattr(host.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(host, "find", lambda name: None if name == "sudo" else f"/bin/{name}")
    with pytest.raises(say.Blocked, match="apt-get install mosquitto gcc-multilib"):
        host.install(["mosquitto", "gcc-multilib"])


def test_a_failed_step_shows_the_end_of_its_log(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    script = "print('x' * 9); print('the reason'); raise SystemExit(3)"
    with pytest.raises(say.Blocked) as blocked:
        say.run("A step", [sys.executable, "-c", script], why_failed=lambda log: "Do this.")
    assert "the reason" in str(blocked.value) and str(blocked.value).endswith("Do this.")


def test_settings_of_a_calling_make_do_not_reach_a_build(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("MAKEFLAGS", "-- N=5 BUILD=elsewhere")
    monkeypatch.setenv("CFLAGS", "-DMINE")
    (tmp_path / "Makefile").write_text("all:\n\t@echo [$(N)$(BUILD)$(CFLAGS)] >$(OUT)\n")
    micropython._make("Trying make", tmp_path, ".", f"OUT={tmp_path}/out")
    assert (tmp_path / "out").read_text() == "[]\n"


def test_digest_tells_parts_apart(tmp_path):
    path = tmp_path / "a"
    path.write_text("bc")
    assert paths.digest("a", "bc") == paths.digest(b"a", path)
    assert len({paths.digest("a", "bc"), paths.digest("ab", "c"), paths.digest("abc")}) == 3


def test_every_requirement_is_pinned():
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            assert not line or line.startswith("#") or line.count("==") == 1, (
                f"{path.name}: {line}"
            )
    assert venv.ready(), "this does not run in what `make setup` made of the requirements"


@pytest.mark.parametrize("bits", host.widths())
def test_firmware_has_the_library_frozen(bits, tmp_path):
    micropython.firmware(bits)
    script = (
        "import sys, uplink; print(uplink.__file__, uplink.__version__, sys.maxsize > 1 << 31)"
    )
    done = subprocess.run(
        [ROOT / "build" / f"firmware-{bits}", "-X", "heapsize=192k", "-c", script],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"uplink/__init__.py 0.1.0 {bits == 64}\n", done.stderr


def test_a_second_setup_has_nothing_to_do():
    argv = [sys.executable, "-m", "tools.setup"]
    subprocess.run(argv, cwd=ROOT, env=say.environment(), check=True)
    again = subprocess.run(argv, cwd=ROOT, env=say.environment(), capture_output=True, text=True)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
