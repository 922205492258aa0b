# All of lib/uplink, and the cases of this folder's tests.
include("$(MPY_DIR)/extmod/asyncio")
package("uplink", base_path="../../lib")
package("romcase", base_path="frozen")
package("pathcase", base_path="frozen")
package("loosecase", base_path="frozen")
module("pathcase_too.py", base_path="frozen")
module("main.py", base_path="frozen")
freeze_as_str("text")
