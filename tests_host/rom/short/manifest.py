# All of lib/uplink, and the cases of short names.
include("$(MPY_DIR)/extmod/asyncio")
package("uplink", base_path="../../../lib", opt=3)
package("shortcase", base_path="../frozen", opt=3)
