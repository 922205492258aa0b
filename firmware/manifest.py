# lib/uplink for one image: what the manifests of the boards include, and the unix port's
# (../manifest.py).
#
#   port     "rp2", "esp32" or "unix": the file of lib/uplink/port that is this image's board
#   vendors  names of files in lib/uplink/modems: only these modems are frozen; None: all
#   services the modules' own services that are wanted: "http", "ftp", "ftp_online" (beside "ftp"),
#            "mq", "ssl", "stream", "ask"; none by default
#   native   False: a tree without native/, which needs the Python twins of what is in C
#   opt      3 without line numbers, 0 with them
#
# What is left out is named here: a new file is in every image until someone says otherwise.

import os

options.defaults(vendors=None, services=(), opt=0, native=True)

ROOMS = "../lib"
# Port → its own files in lib/uplink/port. What is in none of these sets belongs to all.
PORTS = {
    "rp2": {"rp2.py", "machine_board.py", "machine_uart.py"},
    "esp32": {"esp32.py", "machine_board.py", "machine_uart.py"},
    "unix": {"unix.py", "host.py"},
    "cpython": {"cpython.py", "host.py"},
}
# What is native (native/): these files are for where `import _uplink` finds nothing.
TWINS = {
    (".", "plain.py"),
    ("at", "engine.py"),
    ("at", "plain.py"),
    ("at", "resync.py"),
    ("loop", "core.py"),
    ("loop", "wait.py"),
    ("mqtt", "decoder.py"),
    ("mqtt", "plain.py"),
    ("port", "machine_uart.py"),
    ("ring", "cursor.py"),
    ("ring", "fast.py"),
    ("ring", "plain.py"),
    ("ring", "ring.py"),
}
# Services: what each needs besides the texts of its vendors, `modems/<vendor>_<service>.py`.
SERVICES = {
    "http": {("services", "http.py")},
    "ftp": {("services", "http.py"), ("services", "ftp.py")},
    "ftp_online": {("services", "ftp_online.py")},  # (beside "ftp")
    "mq": {("services", "mq.py")},
    "ssl": {("services", "ssl.py")},
    "stream": {
        ("services", "stream.py"),
        ("services", "tail.py"),
        ("services", "online_stream.py"),
        ("services", "online.py"),
    },
    "ask": {("services", "ask.py")},
}
# … of those, what is for one vendor.
OWNERS = {
    ("services", "stream.py"): "quectel",
    ("services", "tail.py"): "quectel",
    ("services", "online_stream.py"): "telit",
    ("services", "online.py"): "telit",
}
# What every vendor stands on. (`telit_….py` belongs to telit.)
SHARED = {"__init__.py", "common.py", "policy.py"}


def others(port):
    """The files of lib/uplink/port that are other ports' alone."""
    return {name for files in PORTS.values() for name in files} - PORTS[port]


def service(room, name):
    """The services, one of which must be wanted for this file; None: it is no service's."""
    found = {
        one
        for one, files in SERVICES.items()
        if (room, name) in files or (room == "modems" and name.endswith("_%s.py" % one))
    }
    if found:
        return found
    if room in ("services", "http") or (room == "modems" and name.endswith("_urcs.py")):
        return set(SERVICES)
    return None


def wanted(room, name):
    """Whether this image has the file `name` of a room."""
    needs = service(room, name)
    if needs is not None and not needs & set(options.services):
        return False
    if (room, name) in TWINS and options.native:
        return False
    owner = OWNERS.get((room, name))
    if owner and options.vendors is not None and owner not in options.vendors:
        return False
    if room == "port":
        return name not in others(options.port)
    if room == "modems" and options.vendors is not None:
        if name == "auto.py":  # which of several is it?
            return len(options.vendors) > 1
        return name in SHARED or name[: -len(".py")].split("_")[0] in options.vendors
    return True


def files(top):
    """Paths below lib/ of the files that this image has."""
    found = []
    for folder, _, names in os.walk(os.path.join(top, "uplink")):
        room = os.path.relpath(folder, os.path.join(top, "uplink"))
        found += [
            os.path.relpath(os.path.join(folder, name), top)
            for name in names
            if name.endswith(".py") and wanted(room, name)
        ]
    return sorted(found)


for vendor in options.vendors or ():
    if not os.path.exists(os.path.join(ROOMS, "uplink/modems", vendor + ".py")):
        raise ValueError(
            "the manifest names the vendor %r: no lib/uplink/modems/%s.py" % (vendor, vendor)
        )

for name in options.services:
    if name not in SERVICES:
        raise ValueError(
            "the manifest names the service %r: there are %s" % (name, list(SERVICES))
        )

for path in files(ROOMS):
    module(path, base_path=ROOMS, opt=options.opt)
