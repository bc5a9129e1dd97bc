"""Call a script's function, first compiled, then from the cache."""
from ctypes import c_double, c_int

import obcc

for launch in range(2):
    script = obcc.Script()
    script.read("filter.bc").link("vendor.bc").prepare("cache", "filter")
    blend = script.function("blend", c_int, [c_int, c_int])
    print(f"blend(6, 7) = {blend(6, 7)}: {'hit' if script.is_hit else 'miss'}")

# The script calls back into Python, by an address.
from ctypes import CFUNCTYPE, c_void_p, cast

scale = CFUNCTYPE(c_int, c_int)(lambda value: 100 * value)
script = obcc.Script()
script.read("filter.bc")
script.symbols({"vendor_scale": cast(scale, c_void_p).value})
script.prepare("cache", "filter-python")
print("with Python's scale:", script.function("blend", c_int, [c_int] * 2)(6, 7))

try:
    obcc.Script().read("nowhere.bc")
except obcc.Error as error:
    print("error:", error)
