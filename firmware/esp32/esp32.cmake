# What Uplink's boards with an ESP32 share; included by their mpconfigboard.cmake. Paths that start with boards/ are the port's.
set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.uplink
)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)

# The engine and the receive buffer in C. Their twins in Python are not frozen then (../manifest.py).
set(USER_C_MODULES ${CMAKE_CURRENT_LIST_DIR}/../native/micropython.cmake)
