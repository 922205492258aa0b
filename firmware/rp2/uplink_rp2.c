// The port's main.c calls these two whether or not I2S is part of the image.

#include "py/mpconfig.h"

#if !MICROPY_PY_MACHINE_I2S

void machine_i2s_init0(void);
void machine_i2s_deinit_all(void);

void machine_i2s_init0(void) {
}

void machine_i2s_deinit_all(void) {
}

#endif
