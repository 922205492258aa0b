# What Uplink's boards with an RP2040 or RP2350 share; included by their mpconfigboard.cmake.

# The modem does TLS. (A MicroPython without firmware/patches/0001 sets this back, compiles mbedtls, and the linker drops it.)
set(MICROPY_SSL_MBEDTLS OFF)

# The port's mpconfigport.h leaves a board no say in most options: this header includes it, then has its say.
list(APPEND MICROPY_DEF_BOARD MP_CONFIGFILE="${CMAKE_CURRENT_LIST_DIR}/uplink_rp2.h")

list(APPEND MICROPY_SOURCE_BOARD ${CMAKE_CURRENT_LIST_DIR}/uplink_rp2.c)

# The engine and the receive buffer in C. Their twins in Python are not frozen then (../manifest.py).
set(USER_C_MODULES ${CMAKE_CURRENT_LIST_DIR}/../native/micropython.cmake)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)

# What every statement goes through is compiled for speed, as the port does for vm.c and map.c: 3 % less time for 5 kB of flash.
foreach(name bc gc malloc nlrthumb obj objarray objboundmeth objfun objgenerator objint objlist objtype runtime)
    set_source_files_properties(${MICROPY_DIR}/py/${name}.c PROPERTIES COMPILE_OPTIONS "-O2")
endforeach()
