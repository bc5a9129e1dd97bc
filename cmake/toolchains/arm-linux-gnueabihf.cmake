# ARMv7, hard float: gcc-arm-linux-gnueabihf, qemu-user.
set(CMAKE_SYSTEM_PROCESSOR arm)
set(bcc_triple arm-linux-gnueabihf)
set(bcc_emulator qemu-arm)
set(bcc_flags_init "")
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
