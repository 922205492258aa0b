# Uplink on an ESP32 (Xtensa) with 4 MiB of flash: DevKitC and boards like it.
set(IDF_TARGET esp32)
include(${CMAKE_CURRENT_LIST_DIR}/../../esp32/esp32.cmake)
