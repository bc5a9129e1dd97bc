"""A function made with llvmlite, cached: LLVM is loaded to build it only."""
from ctypes import c_double

import llvmlite.binding as llvm
import llvmlite.ir as ir

import obcc

double = ir.DoubleType()
module = ir.Module(name="poly")
square = ir.Function(module, ir.FunctionType(double, [double]), name="square")
builder = ir.IRBuilder(square.append_basic_block())
builder.ret(builder.fmul(square.args[0], square.args[0]))

llvm.initialize()
script = obcc.Script()
script.read(llvm.parse_assembly(str(module)), name="poly")
script.prepare("cache", "poly")
print("square(1.5) =", script.function("square", c_double, [c_double])(1.5))
