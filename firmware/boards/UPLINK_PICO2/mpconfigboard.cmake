# Uplink on a Raspberry Pi Pico 2, or a board like it (RP2350, Arm cores, 4 MiB of flash).
set(PICO_BOARD "pico2")
set(PICO_PLATFORM "rp2350")
include(${CMAKE_CURRENT_LIST_DIR}/../../rp2/rp2.cmake)
