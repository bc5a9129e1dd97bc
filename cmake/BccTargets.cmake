# Flags and helpers that every target of the project shares.

add_library(bcc_flags INTERFACE)
target_compile_features(bcc_flags INTERFACE c_std_11)
target_compile_definitions(bcc_flags INTERFACE _GNU_SOURCE)
# Files of any size and times after 2038. Where a word has 64 bits these are
# other names for the same functions.
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  target_compile_definitions(bcc_flags INTERFACE
    _FILE_OFFSET_BITS=64 _TIME_BITS=64)
endif()
target_compile_options(bcc_flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wpointer-arith -Wwrite-strings -Wundef -Werror
  -fvisibility=hidden -ffunction-sections -fdata-sections
  -fno-strict-aliasing -fstack-protector-strong)
# gcc cannot see that error_set() never returns STATUS_OK, and takes every ret_
# argument for unset after it. clang's analysis has no such false positives.
target_compile_options(bcc_flags INTERFACE
  $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
target_link_options(bcc_flags INTERFACE -Wl,--gc-sections
  -Wl,-z,relro -Wl,-z,$<IF:$<BOOL:$<TARGET_PROPERTY:BCC_BIND_LAZILY>>,lazy,now>)
if(BCC_SANITIZE)
  target_compile_options(bcc_flags INTERFACE
    -fsanitize=${BCC_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(bcc_flags INTERFACE -fsanitize=${BCC_SANITIZE})
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# The sources of libobcc.so are built for size: a launch runs each line of it once
# or twice, from cold caches, and pays for pages more than for instructions. The
# loops are the exception; the files that hold them are built for speed.
#   no unwind tables     saves 14 KB. A stack walk from a script's constructor
#                        or a callback of the host ends at the library.
#                        Debuggers use the debug information instead.
#   -fno-optimize-sibling-calls
#                        a jump instead of a call repeats the function's end
#   -malign-data=abi     tables at their own alignment, not at a cache line
#   -fstack-protector    for functions with arrays of characters; "strong" adds
#                        those that pass a variable's address on, 2.5 KB
#   -Wframe-larger-than  a host may call from a coroutine of 16 KiB (bcc.h);
#                        frames that sanitizers enlarge do not count
set(bcc_optimised $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)
add_library(bcc_small_flags INTERFACE)
target_compile_options(bcc_small_flags INTERFACE
  "$<${bcc_optimised}:-Oz;-fno-asynchronous-unwind-tables>"
  "$<${bcc_optimised}:-fno-optimize-sibling-calls;-fstack-protector>")
include(CheckCCompilerFlag)
check_c_compiler_flag(-malign-data=abi bcc_has_align_data)
if(bcc_has_align_data)
  target_compile_options(bcc_small_flags INTERFACE -malign-data=abi)
endif()
if(NOT BCC_SANITIZE)
  target_compile_options(bcc_small_flags INTERFACE -Wframe-larger-than=4096)
endif()

# bcc_add_library(NAME SOURCES ... [LINK ...] [FOLDER ...] [SMALL [FAST ...]]): a
# static library of a folder of lib/, or of a FOLDER in it; its headers are
# visible to what links it. SMALL: part of libobcc.so; FAST are the sources with
# loops.
set(bcc_no_padding
  -fno-align-functions -fno-align-loops -fno-align-jumps -fno-align-labels)
function(bcc_add_library name)
  cmake_parse_arguments(ARG "SMALL" "FOLDER" "SOURCES;LINK;FAST" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name}
    PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER}
           ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE bcc_flags)
  if(ARG_SMALL)
    target_link_libraries(${name} PRIVATE bcc_small_flags)
  endif()
  # Without padding between functions and before loops, which is 240 bytes.
  set_property(SOURCE ${ARG_FAST} APPEND PROPERTY COMPILE_OPTIONS
    $<${bcc_optimised}:-O2>
    "$<$<AND:${bcc_optimised},$<C_COMPILER_ID:GNU>>:${bcc_no_padding}>")
endfunction()

# bcc_add_test(NAME SOURCES ... [LINK ...] [LABELS ...]): one cmocka program.
function(bcc_add_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} cmocka bcc_flags)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()

# bcc_wrap(TARGET NAME...): calls of libc's functions go to __wrap_NAME, which has
# the real one as __real_NAME. Some have another name where a word has 32 bits.
function(bcc_wrap target)
  foreach(name ${ARGN})
    set(symbol ${name})
    if(CMAKE_SIZEOF_VOID_P EQUAL 4)
      if(name STREQUAL "mmap")
        set(symbol mmap64)
      elseif(name STREQUAL "clock_gettime")
        set(symbol __clock_gettime64)
      endif()
      target_compile_definitions(${target} PRIVATE
        __wrap_${name}=__wrap_${symbol} __real_${name}=__real_${symbol})
    endif()
    target_link_options(${target} PRIVATE -Wl,--wrap=${symbol})
  endforeach()
endfunction()
