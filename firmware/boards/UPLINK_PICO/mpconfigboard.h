// The first words of the REPL's greeting, of sys.implementation and of os.uname().
#define MICROPY_HW_BOARD_NAME "Uplink on Raspberry Pi Pico"
// The file system, at the end of the 2 MiB; the image may take the 640 KiB before it.
#define MICROPY_HW_FLASH_STORAGE_BYTES (1408 * 1024)
