// MicroPython's options for a device whose internet is a modem on its UART: the port's own, less what only a device with
// Wi-Fi, TLS of its own, a second program or a removable disk needs. What sensors and actuators need stays: ADC, I2C, SPI,
// PWM, PIO, DMA, 1-Wire, DHT, timers, RTC, and the native and viper compilers.
//
// A board's mpconfigboard.h can take a part back: #define UPLINK_WITH_THREAD (1), and so on.

#include <mpconfigport.h>

// No hash is kept beside each name: where a name was last found is remembered (patch 0030), so that they are hardly asked for.
#undef MICROPY_QSTR_BYTES_IN_HASH
#define MICROPY_QSTR_BYTES_IN_HASH (0)

// TLS and ciphers are the modem's. SHA-256 stays (mpremote verifies files with it), from lib/crypto-algorithms; SHA-1 and AES
// would need mbedtls. Undefined, not 0: the port asks with #ifdef.
#undef MICROPY_SSL_MBEDTLS
#undef MICROPY_TRACKED_ALLOC
#define MICROPY_TRACKED_ALLOC (0)
#undef MICROPY_PY_HASHLIB_SHA1
#define MICROPY_PY_HASHLIB_SHA1 (0)
#undef MICROPY_PY_CRYPTOLIB
#define MICROPY_PY_CRYPTOLIB (0)

// The flash is littlefs, which survives a loss of power; FAT is for cards and USB disks.
#ifndef UPLINK_WITH_FAT
#define UPLINK_WITH_FAT (0)
#endif
#undef MICROPY_VFS_FAT
#define MICROPY_VFS_FAT UPLINK_WITH_FAT

// Sound.
#ifndef UPLINK_WITH_I2S
#define UPLINK_WITH_I2S (0)
#endif
#undef MICROPY_PY_MACHINE_I2S
#define MICROPY_PY_MACHINE_I2S UPLINK_WITH_I2S

// Chains of coloured LEDs (neopixel): interrupts are off for 30 us a LED, and the UART's FIFO holds 32 bytes.
#ifndef UPLINK_WITH_BITSTREAM
#define UPLINK_WITH_BITSTREAM (0)
#endif
#undef MICROPY_PY_MACHINE_BITSTREAM
#define MICROPY_PY_MACHINE_BITSTREAM UPLINK_WITH_BITSTREAM

// The second core, which the port offers as _thread. Without it the interpreter reaches its state directly, takes no
// locks when it allocates, and stops no other core to write flash.
#ifndef UPLINK_WITH_THREAD
#define UPLINK_WITH_THREAD (0)
#endif
#if !UPLINK_WITH_THREAD
#undef MICROPY_PY_THREAD
#define MICROPY_PY_THREAD (0)
#undef MICROPY_THREAD_YIELD
#define MICROPY_THREAD_YIELD()
#endif

// USB: the serial port of the REPL. Other USB devices written in Python (machine.USBDevice) take RAM for their endpoints.
#ifndef UPLINK_WITH_USB_DEVICES
#define UPLINK_WITH_USB_DEVICES (0)
#endif
#undef MICROPY_HW_ENABLE_USB_RUNTIME_DEVICE
#define MICROPY_HW_ENABLE_USB_RUNTIME_DEVICE UPLINK_WITH_USB_DEVICES

// A list of the frozen modules for `picotool info`, 36 bytes a module; help('modules') shows them as well.
#undef MICROPY_FROZEN_LIST_ITEM

// 8 bytes of heap a module, for a name that nobody asks for.
#undef MICROPY_PY___FILE__
#define MICROPY_PY___FILE__ (0)
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE (512)

// The interpreter's loop in RAM: 5 KiB less heap. It then never waits for flash, but calls what is in flash by a detour, so
// it gains only where the 16 KiB cache of flash is too small; see firmware/README.md.
#ifndef UPLINK_VM_IN_RAM
#define UPLINK_VM_IN_RAM (0)
#endif
#if UPLINK_VM_IN_RAM
#define MICROPY_WRAP_MP_EXECUTE_BYTECODE(f) __time_critical_func(f)
#endif
