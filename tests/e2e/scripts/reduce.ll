; As RenderScript's front end wrote reductions: static functions, and rows of
; #rs_export_reduce. Elements are passed by value.

%extent = type { float, i32, float, i32 }

@llvm.used = appending global [7 x ptr] [ptr @sum_add, ptr @dot_add,
  ptr @dot_join, ptr @range_begin, ptr @range_add, ptr @range_join,
  ptr @range_give], section "llvm.metadata"

define internal void @sum_add(ptr %a, i32 %v) {
  %1 = load i32, ptr %a, align 4
  %2 = add nsw i32 %1, %v
  store i32 %2, ptr %a, align 4
  ret void
}

define internal void @dot_add(ptr %a, float %x, float %y) {
  %1 = fmul float %x, %y
  %2 = load float, ptr %a, align 4
  %3 = fadd float %1, %2
  store float %3, ptr %a, align 4
  ret void
}

define internal void @dot_join(ptr %a, ptr %b) {
  %1 = load float, ptr %b, align 4
  %2 = load float, ptr %a, align 4
  %3 = fadd float %1, %2
  store float %3, ptr %a, align 4
  ret void
}

define internal void @range_begin(ptr %a) {
  store %extent { float 0x7FF0000000000000, i32 -1,
                  float 0xFFF0000000000000, i32 -1 }, ptr %a, align 4
  ret void
}

define internal void @range_add(ptr %a, float %v, i32 %x) {
  %least = load float, ptr %a, align 4
  %is_less = fcmp olt float %v, %least
  br i1 %is_less, label %less, label %next

less:
  store float %v, ptr %a, align 4
  %at = getelementptr inbounds %extent, ptr %a, i64 0, i32 1
  store i32 %x, ptr %at, align 4
  br label %next

next:
  %m = getelementptr inbounds %extent, ptr %a, i64 0, i32 2
  %most = load float, ptr %m, align 4
  %is_more = fcmp ogt float %v, %most
  br i1 %is_more, label %more, label %done

more:
  store float %v, ptr %m, align 4
  %at2 = getelementptr inbounds %extent, ptr %a, i64 0, i32 3
  store i32 %x, ptr %at2, align 4
  br label %done

done:
  ret void
}

define internal void @range_join(ptr %a, ptr %b) {
  %v = load float, ptr %b, align 4
  %p = getelementptr inbounds %extent, ptr %b, i64 0, i32 1
  %x = load i32, ptr %p, align 4
  call void @range_add(ptr %a, float %v, i32 %x)
  %q = getelementptr inbounds %extent, ptr %b, i64 0, i32 2
  %w = load float, ptr %q, align 4
  %r = getelementptr inbounds %extent, ptr %b, i64 0, i32 3
  %y = load i32, ptr %r, align 4
  call void @range_add(ptr %a, float %w, i32 %y)
  ret void
}

define internal void @range_give(ptr %result, ptr %a) {
  %p = getelementptr inbounds %extent, ptr %a, i64 0, i32 1
  %x = load i32, ptr %p, align 4
  store i32 %x, ptr %result, align 4
  %q = getelementptr inbounds %extent, ptr %a, i64 0, i32 3
  %y = load i32, ptr %q, align 4
  %to = getelementptr inbounds i32, ptr %result, i64 1
  store i32 %y, ptr %to, align 4
  ret void
}

!\23rs_export_reduce = !{!0, !2, !4, !6, !7}

!0 = !{!"sum", !"4", !1}
!1 = !{!"sum_add", !"1"}
!2 = !{!"dot", !"4", !3, null, !"dot_join"}
!3 = !{!"dot_add", !"1"}
!4 = !{!"range", !"16", !5, !"range_begin", !"range_join", !"range_give"}
!5 = !{!"range_add", !"9"}
!6 = !{!"old_form"}
!7 = !{!"lost", !"4", !8}
!8 = !{!"no_such_function", !"1"}
