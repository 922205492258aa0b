# Uplink on an ESP32-C3 (RISC-V) with 4 MiB of flash: DevKitM and boards like it.
set(IDF_TARGET esp32c3)
include(${CMAKE_CURRENT_LIST_DIR}/../../esp32/esp32.cmake)
# The port's own for this chip: its revision, and a workaround of ESP-IDF.
list(APPEND SDKCONFIG_DEFAULTS boards/ESP32_GENERIC_C3/sdkconfig.c3usb)
