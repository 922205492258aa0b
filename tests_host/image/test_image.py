"""The files that `make image` leaves: UF2 and binary agree, and what is in them is what a modem's
board needs and nothing of what it does not.
"""

import struct

import pytest

from tests_host.conftest import ROOT
from tools.image import build, sizes
from tools.setup import say


def blocks(data):
    """(flags, address, payload, number, count, family) of each block of a UF2 file."""
    for at in range(0, len(data), 512):
        block = data[at : at + 512]
        first, second, flags, address, size, number, count, family = struct.unpack_from(
            "<8I", block
        )
        assert (first, second) == (0x0A324655, 0x9E5D5157)
        assert struct.unpack_from("<I", block, 508) == (0x0AB16F30,)
        yield flags, address, block[32 : 32 + size], number, count, family


def test_uf2_is_the_binary_for_an_rp2040(image):
    found = list(blocks(image.uf2.read_bytes()))
    binary = image.bin.read_bytes()
    flash = b"".join(payload for _, _, payload, _, _, _ in found)
    assert flash[: len(binary)] == binary
    assert not flash[len(binary) :].strip(b"\0")
    for n, (flags, address, payload, number, count, family) in enumerate(found):
        assert (number, count, address) == (n, len(found), build.FLASH + 256 * n)
        # The family is given, and every block is a page of flash, as the boot ROM asks.
        assert (flags, len(payload), family) == (0x2000, 256, 0xE48BFF56)


def test_the_binary_starts_an_rp2040(image):
    """Second stage with its checksum, then the vector table: stack in RAM, reset in flash."""
    binary = image.bin.read_bytes()
    crc = 0xFFFFFFFF
    for byte in binary[:252]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    assert struct.unpack_from("<I", binary, 252) == (crc,)
    stack, reset = struct.unpack_from("<2I", binary, 256)
    assert stack == 0x20042000 and build.FLASH < reset < build.FLASH + len(binary) and reset & 1


def test_the_image_leaves_room_for_the_file_system(image):
    header = (build.BOARDS / "UPLINK_PICO" / "mpconfigboard.h").read_text()
    assert "STORAGE_BYTES (1408 * 1024)" in header
    assert image.bin.stat().st_size < (2048 - 1408) * 1024


@pytest.mark.parametrize(
    "part",
    "lwip mbedtls cyw43 btstack vfs_fat oofatfs f_mkfs modcryptolib cryptolib mp_thread "
    "machine_i2s_type bitstream mp_module_ssl webrepl websocket modnetwork "
    "usb_device_type".split(),
)
def test_what_the_modem_makes_needless_is_not_there(symbols, part):
    assert not [name for name in symbols if part in name]


@pytest.mark.parametrize(
    "name",
    "machine_i2c_type machine_spi_type machine_adc_type machine_pwm_type machine_uart_type "
    "machine_pin_type machine_rtc_type machine_timer_type machine_wdt_type "
    "mp_machine_soft_i2c_type "
    "rp2_pio_type rp2_dma_type dht_readinto_obj mp_module_onewire mp_type_vfs_lfs2 mp_module_json "
    "mp_module_re mp_module_hashlib sha256_update emit_native_thumb_method_table".split(),
)
def test_what_applications_use_is_there(symbols, name):
    assert name in symbols


def test_the_board_names_itself_and_its_pins(image):
    binary = image.bin.read_bytes()
    assert b"Uplink on Raspberry Pi Pico with RP2040\0" in binary
    for row in (build.BOARDS / "UPLINK_PICO" / "pins.csv").read_text().split():
        assert row.split(",")[0].encode() + b"\0" in binary


def test_frozen_code_has_no_line_numbers_and_no_folder_of_this_machine(image):
    binary = image.bin.read_bytes()
    assert b"\0application\0" in binary
    assert str(ROOT).encode() not in binary


def test_every_byte_of_the_library_is_accounted_for(measured):
    shares = measured.files
    assert sum(share.total for share in shares.values()) == measured.uplink
    # What is nobody's: alignment, of bytecode above all.
    assert abs(shares[sizes.SHARED].code) < measured.uplink // 100
    assert all(share.total > 0 for share in shares.values())


def test_a_board_that_is_not_there_or_not_ours_is_explained():
    with pytest.raises(say.Blocked, match="UPLINK_PICO2"):
        build.build("NOTHING")
    with pytest.raises(say.Blocked, match="ESP-IDF"):
        build.build("UPLINK_ESP32")


def test_a_second_build_does_nothing(image, capsys):
    before = image.uf2.stat().st_mtime_ns
    assert build.build(build.DEFAULT).uf2.stat().st_mtime_ns == before
    assert capsys.readouterr().out == ""
