# RISC-V 64: gcc-riscv64-linux-gnu, qemu-user.
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(bcc_triple riscv64-linux-gnu)
set(bcc_emulator qemu-riscv64)
set(bcc_flags_init "")
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
