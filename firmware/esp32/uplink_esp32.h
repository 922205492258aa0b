// MicroPython's options for an ESP32 whose internet is a modem on its UART. Only options that the port leaves to a board are
// set here, all of them tried together before (MicroPython's pull request 12643): without ESP-IDF nothing else can be checked.
// The port has no switch for its sockets, TLS and WebREPL: they take flash, and no RAM until they are used.

// The radios.
#define MICROPY_PY_NETWORK_WLAN (0)
#define MICROPY_PY_ESPNOW (0)
#define MICROPY_PY_BLUETOOTH (0)
// Ethernet, and names of the local network.
#define MICROPY_PY_NETWORK_LAN (0)
#define MICROPY_HW_ENABLE_MDNS_QUERIES (0)
#define MICROPY_HW_ENABLE_MDNS_RESPONDER (0)
// Sound.
#define MICROPY_PY_MACHINE_I2S (0)
