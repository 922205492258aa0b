# For MicroPython's ports that are built by make (unix): make USER_C_MODULES=firmware.
SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/, native.c cursor.c ring.c engine.c wait.c loop.c)
CFLAGS_USERMOD += -I$(USERMOD_DIR)
