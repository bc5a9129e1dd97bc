; llvm.arm.neon.* by name, and half floats.
target triple = "armv7-unknown-linux-gnueabi"
declare i32 @printf(ptr, ...)
@format = constant [9 x i8] c"%s %llx\0A\00"
define internal void @show(ptr %name, i64 %value) noinline {
  call i32 (ptr, ...) @printf(ptr @format, ptr %name, i64 %value)
  ret void
}
@n1 = constant [6 x i8] c"vhadd\00"
@n2 = constant [7 x i8] c"sqdmul\00"
@n3 = constant [6 x i8] c"vpadd\00"
@n4 = constant [4 x i8] c"tbl\00"
@n5 = constant [5 x i8] c"half\00"
declare <8 x i8> @llvm.arm.neon.vhaddu.v8i8(<8 x i8>, <8 x i8>)
declare <4 x i16> @llvm.arm.neon.vqdmulh.v4i16(<4 x i16>, <4 x i16>)
declare <8 x i8> @llvm.arm.neon.vpadd.v8i8(<8 x i8>, <8 x i8>)
declare <8 x i8> @llvm.arm.neon.vtbl1(<8 x i8>, <8 x i8>)
@bytes = global <8 x i8> <i8 1, i8 250, i8 3, i8 4, i8 200, i8 6, i8 7, i8 255>
@halves = global <4 x half> <half 1.5, half -2.0, half 0.25, half 1000.0>
define i32 @main() {
  %v = load volatile <8 x i8>, ptr @bytes
  %a = call <8 x i8> @llvm.arm.neon.vhaddu.v8i8(<8 x i8> %v, <8 x i8> <i8 9, i8 9, i8 9, i8 9, i8 9, i8 9, i8 9, i8 9>)
  %a64 = bitcast <8 x i8> %a to i64
  call void @show(ptr @n1, i64 %a64)
  %s = bitcast <8 x i8> %v to <4 x i16>
  %m = call <4 x i16> @llvm.arm.neon.vqdmulh.v4i16(<4 x i16> %s, <4 x i16> %s)
  %m64 = bitcast <4 x i16> %m to i64
  call void @show(ptr @n2, i64 %m64)
  %u = call <8 x i8> @llvm.arm.neon.vpadd.v8i8(<8 x i8> %v, <8 x i8> %a)
  %u64 = bitcast <8 x i8> %u to i64
  call void @show(ptr @n3, i64 %u64)
  %t = call <8 x i8> @llvm.arm.neon.vtbl1(<8 x i8> %a, <8 x i8> %v)
  %t64 = bitcast <8 x i8> %t to i64
  call void @show(ptr @n4, i64 %t64)
  %h = load volatile <4 x half>, ptr @halves
  %hh = fmul <4 x half> %h, %h
  %hs = fadd <4 x half> %hh, %h
  %h64 = bitcast <4 x half> %hs to i64
  call void @show(ptr @n5, i64 %h64)
  ret i32 0
}
