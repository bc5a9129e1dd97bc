; llvm.aarch64.neon.* by name, and half floats.
target triple = "aarch64-unknown-linux-gnu"
declare i32 @printf(ptr, ...)
@format = constant [9 x i8] c"%s %llx\0A\00"
define internal void @show(ptr %name, i64 %value) noinline {
  call i32 (ptr, ...) @printf(ptr @format, ptr %name, i64 %value)
  ret void
}
@n1 = constant [6 x i8] c"uqadd\00"
@n2 = constant [7 x i8] c"sqdmul\00"
@n3 = constant [6 x i8] c"uaddv\00"
@n4 = constant [4 x i8] c"tbl\00"
@n5 = constant [5 x i8] c"half\00"
@n6 = constant [6 x i8] c"addlv\00"
declare <8 x i8> @llvm.aarch64.neon.uqadd.v8i8(<8 x i8>, <8 x i8>)
declare <4 x i16> @llvm.aarch64.neon.sqdmulh.v4i16(<4 x i16>, <4 x i16>)
declare i32 @llvm.aarch64.neon.uaddv.i32.v8i8(<8 x i8>)
declare <8 x i8> @llvm.aarch64.neon.tbl1.v8i8(<16 x i8>, <8 x i8>)
declare i32 @llvm.aarch64.neon.uaddlv.i32.v8i16(<8 x i16>)
@bytes = global <8 x i8> <i8 1, i8 250, i8 3, i8 4, i8 200, i8 6, i8 7, i8 255>
@halves = global <4 x half> <half 1.5, half -2.0, half 0.25, half 1000.0>
define i32 @main() {
  %v = load volatile <8 x i8>, ptr @bytes
  %a = call <8 x i8> @llvm.aarch64.neon.uqadd.v8i8(<8 x i8> %v, <8 x i8> %v)
  %a64 = bitcast <8 x i8> %a to i64
  call void @show(ptr @n1, i64 %a64)
  %s = bitcast <8 x i8> %v to <4 x i16>
  %m = call <4 x i16> @llvm.aarch64.neon.sqdmulh.v4i16(<4 x i16> %s, <4 x i16> %s)
  %m64 = bitcast <4 x i16> %m to i64
  call void @show(ptr @n2, i64 %m64)
  %u = call i32 @llvm.aarch64.neon.uaddv.i32.v8i8(<8 x i8> %v)
  %ub = and i32 %u, 255
  %u64 = zext i32 %ub to i64
  call void @show(ptr @n3, i64 %u64)
  %w = shufflevector <8 x i8> %v, <8 x i8> %a, <16 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8, i32 9, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15>
  %t = call <8 x i8> @llvm.aarch64.neon.tbl1.v8i8(<16 x i8> %w, <8 x i8> %v)
  %t64 = bitcast <8 x i8> %t to i64
  call void @show(ptr @n4, i64 %t64)
  %h = load volatile <4 x half>, ptr @halves
  %hh = fmul <4 x half> %h, %h
  %hs = fadd <4 x half> %hh, %h
  %h64 = bitcast <4 x half> %hs to i64
  call void @show(ptr @n5, i64 %h64)
  %wide = zext <8 x i8> %v to <8 x i16>
  %l = call i32 @llvm.aarch64.neon.uaddlv.i32.v8i16(<8 x i16> %wide)
  %l64 = zext i32 %l to i64
  call void @show(ptr @n6, i64 %l64)
  ret i32 0
}
