# For MicroPython's ports that are built by CMake (rp2, esp32): -DUSER_C_MODULES=…/firmware/native/micropython.cmake.
add_library(uplink_native INTERFACE)
target_sources(uplink_native INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/native.c
    ${CMAKE_CURRENT_LIST_DIR}/cursor.c
    ${CMAKE_CURRENT_LIST_DIR}/ring.c
    ${CMAKE_CURRENT_LIST_DIR}/engine.c
    ${CMAKE_CURRENT_LIST_DIR}/mqtt.c
    ${CMAKE_CURRENT_LIST_DIR}/wait.c
    ${CMAKE_CURRENT_LIST_DIR}/loop.c
    ${CMAKE_CURRENT_LIST_DIR}/uart.c
)
target_include_directories(uplink_native INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(usermod INTERFACE uplink_native)
