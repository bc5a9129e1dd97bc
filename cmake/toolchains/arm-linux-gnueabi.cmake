# ARMv7, soft-float calls: gcc-arm-linux-gnueabi, qemu-user. That compiler's
# own default is ARMv5, which has no atomic instructions.
set(CMAKE_SYSTEM_PROCESSOR arm)
set(bcc_triple arm-linux-gnueabi)
set(bcc_emulator qemu-arm)
set(bcc_flags_init "-march=armv7-a+fp -mfloat-abi=softfp")
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
