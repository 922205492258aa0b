"""`make demo TARGET=board`: the same ending as on the unix port, with the real Mosquitto."""

import io
import shutil
from types import SimpleNamespace

import pytest

from tools.demo.show import Demo
from tools.demo.view import Plain


@pytest.mark.skipif(
    shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/sbin:/bin") is None,
    reason="no Mosquitto (make setup)",
)
def test_the_main_job_on_the_board(image, tmp_path):
    options = SimpleNamespace(
        n=2,
        limit=90,
        interval=1,
        scale=0.1,
        fault=[],
        scenario=None,
        modem="sim7000",
        folder=tmp_path / "demo",
        firmware=None,
        target="board",
        image=image,
    )
    out = io.StringIO()
    Demo(options, lambda progress: Plain(progress, out)).run()
    text = out.getvalue()
    assert "demo    | emulated board started: its USB serial port is /dev/pts/" in text
    assert "device  | info app start of demo-7 power" in text
    assert "acknowledged publishes" in text.splitlines()[-1]
    assert not (tmp_path / "demo" / "board" / "usb").exists()
    assert (tmp_path / "demo" / "board" / "flash.bin").stat().st_size == 2 * 1024 * 1024
