# The firmware with the cases of this folder's tests in it.
include("../../manifest.py")
package("romcase", base_path="frozen")
module("main.py", base_path="frozen")
