# Pieces of LLVM's optimisation pipelines, for large modules: pipelines.h, rows
# of lib/compiler/codegen/optimise.c's table, from the output of the same LLVM's
# opt.
#
#   early     passes of functions that come before inlining
#   simplify  of callees before callers: inlining, and what simplifies
#   second    after the last pass that looks at callers and callees. From there
#             passes look at one function, or at definitions that are in every
#             part.
#
# Passes that opt adds for itself, and those that are turned off, are removed.
find_program(BCC_LLVM_OPT opt HINTS ${bcc_llvm_bindir} NO_DEFAULT_PATH
  DOC "opt of the LLVM to compile with" REQUIRED)

function(bcc_print_pipeline result triple level)
  execute_process(
    COMMAND ${BCC_LLVM_OPT} -mtriple=${triple} -passes=default<O${level}>
            -print-pipeline-passes -disable-output -
    INPUT_FILE /dev/null OUTPUT_VARIABLE text
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "cg-profile," "" text "${text}")
  string(REGEX REPLACE ",verify$" "" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# The text from where one of two texts is to before the other.
function(bcc_cut result text from to)
  string(FIND "${text}" "${from}" first)
  string(FIND "${text}" "${to}" last)
  math(EXPR length "${last} - ${first}")
  if(first LESS 0 OR length LESS_EQUAL 0)
    message(FATAL_ERROR "${BCC_LLVM_OPT}: no '${from}' before '${to}' in its "
      "pipeline: ${text}")
  endif()
  string(SUBSTRING "${text}" ${first} ${length} text)
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

set(bcc_pipelines "")
foreach(machine X86_64:x86_64 AARCH64:aarch64 ARM:armv7 RISCV:riscv64)
  string(REPLACE ":" ";" machine ${machine})
  list(GET machine 0 elf_name)
  list(GET machine 1 arch)
  foreach(level 1 2 3)
    bcc_print_pipeline(text ${arch}-pc-linux-gnu ${level})
    bcc_cut(early "${text}" "function<eager-inv>(" ",openmp-opt")
    bcc_cut(simplify "${text}" "require<globals-aa>" ",deadargelim")
    bcc_cut(second "${text},END" "recompute-globalsaa," ",END")
    string(APPEND bcc_pipelines "{EM_${elf_name}, ${level}, \"${early}\", "
      "\"${simplify}\", \"${second}\"},\n")
  endforeach()
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/pipelines.h
  CONTENT "${bcc_pipelines}" @ONLY)
