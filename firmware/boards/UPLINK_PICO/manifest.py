# What is frozen into this image. VENDORS: the modems that it knows (files of lib/uplink/modems).

VENDORS = ("sim7000", "quectel", "telit")
# Of their own services, those that applications use: "http", "ftp" (and "ftp_online"), "mq",
# "ssl", "stream", "ask".
SERVICES = ()

# opt: 3 leaves out line numbers and assertions, 0 keeps them. uplink: False for the image without.
options.defaults(opt=3, uplink=True)

freeze("$(PORT_DIR)/modules", ("_boot.py", "rp2.py"))
include("$(MPY_DIR)/extmod/asyncio")
if options.uplink:
    include("../../manifest.py", port="rp2", vendors=VENDORS, services=SERVICES, opt=options.opt)
