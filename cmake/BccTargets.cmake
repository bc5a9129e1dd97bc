# Flags and helpers that every target of the project shares.

add_library(bcc_flags INTERFACE)
target_compile_features(bcc_flags INTERFACE c_std_11)
target_compile_definitions(bcc_flags INTERFACE _GNU_SOURCE)
target_compile_options(bcc_flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wpointer-arith -Wwrite-strings -Wundef -Werror
  -fvisibility=hidden -ffunction-sections -fdata-sections
  -fno-strict-aliasing -fstack-protector-strong)
# gcc cannot see that error_set() never returns STATUS_OK, and takes every ret_
# argument for unset after it. clang's analysis of the same has no such trouble.
target_compile_options(bcc_flags INTERFACE
  $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
target_link_options(bcc_flags INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)
if(BCC_SANITIZE)
  target_compile_options(bcc_flags INTERFACE
    -fsanitize=${BCC_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(bcc_flags INTERFACE -fsanitize=${BCC_SANITIZE})
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# bcc_add_library(NAME SOURCES ... [LINK ...]): a static library of the folder
# lib/<NAME without bcc_>; its headers are visible to what links it.
function(bcc_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name}
    PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE bcc_flags)
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
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 120)
endfunction()
