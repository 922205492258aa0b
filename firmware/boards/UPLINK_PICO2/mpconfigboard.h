// The first words of the REPL's greeting, of sys.implementation and of os.uname().
#define MICROPY_HW_BOARD_NAME "Uplink on Raspberry Pi Pico 2"
// The file system, at the end of the 4 MiB; the image may take the 1 MiB before it.
#define MICROPY_HW_FLASH_STORAGE_BYTES (3072 * 1024)
