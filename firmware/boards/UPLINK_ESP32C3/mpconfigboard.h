#define MICROPY_HW_BOARD_NAME "Uplink on ESP32-C3"
#define MICROPY_HW_MCU_NAME "ESP32C3"
// The REPL is on the chip's USB and on UART 0 (GPIO20 and 21); the modem has UART 1.
#define MICROPY_HW_ENABLE_UART_REPL (1)

#include "../../esp32/uplink_esp32.h"
