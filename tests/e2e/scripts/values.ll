; Functions of the types that C has no name for everywhere, called by
; test_api_call.c.

%struct = type { i64, i64, i64 }

define half @half_sum(half %a, half %b) {
  %c = fadd half %a, %b
  ret half %c
}

define bfloat @brain(i32 %which, bfloat %a, bfloat %b) {
  %is_first = icmp eq i32 %which, 0
  %c = select i1 %is_first, bfloat %a, bfloat %b
  ret bfloat %c
}

define i24 @odd(i24 %a) {
  %c = add i24 %a, 1
  ret i24 %c
}

define i100 @long(i100 %a) {
  %c = add i100 %a, 1
  ret i100 %c
}

define <8 x i16> @lanes(<8 x i16> %a, i16 %by) {
  %one = insertelement <8 x i16> poison, i16 %by, i64 0
  %all = shufflevector <8 x i16> %one, <8 x i16> poison, <8 x i32> zeroinitializer
  %c = mul <8 x i16> %a, %all
  ret <8 x i16> %c
}

define fp128 @quad(i32 %which, fp128 %a, fp128 %b) {
  %is_first = icmp eq i32 %which, 0
  %c = select i1 %is_first, fp128 %a, fp128 %b
  ret fp128 %c
}

define i64 @third(ptr byval(%struct) align 8 %s) {
  %p = getelementptr inbounds %struct, ptr %s, i64 0, i32 2
  %c = load i64, ptr %p
  ret i64 %c
}

define i64 @first(%struct %s) {
  %c = extractvalue %struct %s, 0
  ret i64 %c
}
