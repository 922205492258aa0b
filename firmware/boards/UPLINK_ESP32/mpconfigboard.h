#define MICROPY_HW_BOARD_NAME "Uplink on ESP32"
#define MICROPY_HW_MCU_NAME "ESP32"

#include "../../esp32/uplink_esp32.h"
