# A Debian cross compiler, for the toolchain files beside this one. They set
# bcc_triple, bcc_emulator, bcc_flags_init and CMAKE_SYSTEM_PROCESSOR.
#
#   tools/cross_libraries aarch64-linux-gnu DIRECTORY
#   cmake --toolchain cmake/toolchains/aarch64-linux-gnu.cmake
#         -DBCC_CROSS_LIBRARIES=DIRECTORY -DBCC_BUILD_COMPILER=OFF ...
#
# BCC_CROSS_LIBRARIES holds xxHash, zlib and cmocka for the machine; it
# may be left out where the cross compiler finds them by itself. Tests run under
# qemu-user.
set(BCC_CROSS_LIBRARIES "" CACHE PATH "Where tools/cross_libraries put them")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BCC_CROSS_LIBRARIES)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${bcc_triple}-gcc)
set(CMAKE_CXX_COMPILER ${bcc_triple}-g++)
set(CMAKE_C_COMPILER_TARGET ${bcc_triple})
set(CMAKE_C_FLAGS_INIT "${bcc_flags_init}")
set(CMAKE_CXX_FLAGS_INIT "${bcc_flags_init}")
set(CMAKE_CROSSCOMPILING_EMULATOR "${bcc_emulator};-L;/usr/${bcc_triple}")

set(CMAKE_FIND_ROOT_PATH /usr/${bcc_triple})
if(BCC_CROSS_LIBRARIES)
  set(bcc_cross_prefix ${BCC_CROSS_LIBRARIES}/${bcc_triple})
  list(APPEND CMAKE_FIND_ROOT_PATH ${bcc_cross_prefix})
  string(APPEND CMAKE_C_FLAGS_INIT " -isystem ${bcc_cross_prefix}/include")
  list(APPEND CMAKE_CROSSCOMPILING_EMULATOR
    -E LD_LIBRARY_PATH=${bcc_cross_prefix}/lib)
  foreach(kind EXE SHARED MODULE)
    set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${bcc_cross_prefix}/lib")
  endforeach()
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
