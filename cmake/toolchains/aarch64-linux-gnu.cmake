# AArch64: gcc-aarch64-linux-gnu, qemu-user.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(bcc_triple aarch64-linux-gnu)
set(bcc_emulator qemu-aarch64)
set(bcc_flags_init "")
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
