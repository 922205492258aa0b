# For MicroPython's ports that are built by CMake (rp2, esp32): -DUSER_C_MODULES=…/firmware/native/micropython.cmake.
set(UPLINK_NATIVE)
foreach(name native cursor ring engine mqtt wait loop uart)
    list(APPEND UPLINK_NATIVE ${CMAKE_CURRENT_LIST_DIR}/${name}.c)
endforeach()
add_library(uplink_native INTERFACE)
target_sources(uplink_native INTERFACE ${UPLINK_NATIVE})
# -Os of GCC 12 still copies code to save jumps, and more of the kind: 1 % larger.
set_source_files_properties(${UPLINK_NATIVE} PROPERTIES COMPILE_OPTIONS "-fno-thread-jumps;-fno-expensive-optimizations")
target_include_directories(uplink_native INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(usermod INTERFACE uplink_native)
