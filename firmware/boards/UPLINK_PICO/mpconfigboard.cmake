# Uplink on a Raspberry Pi Pico, or a board like it (RP2040, 2 MiB of flash).
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")
include(${CMAKE_CURRENT_LIST_DIR}/../../rp2/rp2.cmake)
