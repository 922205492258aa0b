# For MicroPython's ports that are built by make (unix): make USER_C_MODULES=firmware.
SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/, native.c cursor.c ring.c engine.c mqtt.c wait.c loop.c uart.c)
CFLAGS_USERMOD += -I$(USERMOD_DIR)
