/* The machines that tests of lib/linker make objects for. */
#ifndef BCC_TESTS_LINK_MACHINES_H
#define BCC_TESTS_LINK_MACHINES_H

#include "link_fixture.h"

static const struct foreign foreign_aarch64 = {
    .triple = "aarch64-linux-gnu",
    .flag = "-march=armv8-a",
    .headers = "/usr/aarch64-linux-gnu/include",
    .system = "/usr/aarch64-linux-gnu",
    .emulator = LINK_TEST_EMULATOR_AARCH64,
    .runner = LINK_TEST_RUNNER_AARCH64,
};

static const struct foreign foreign_riscv64 = {
    .triple = "riscv64-linux-gnu",
    .flag = "-mno-relax",
    .headers = "/usr/riscv64-linux-gnu/include",
    .system = "/usr/riscv64-linux-gnu",
    .emulator = LINK_TEST_EMULATOR_RISCV64,
    .runner = LINK_TEST_RUNNER_RISCV64,
};

#define FOREIGN_ARM(name, clang_triple, clang_flag, root, macro)               \
    static const struct foreign name = {                                       \
        .triple = clang_triple,                                                \
        .flag = clang_flag,                                                    \
        .headers = root "/include",                                            \
        .system = root,                                                        \
        .emulator = LINK_TEST_EMULATOR_##macro,                                \
        .runner = LINK_TEST_RUNNER_##macro,                                    \
    }

FOREIGN_ARM(foreign_arm, "armv7-linux-gnueabihf", "-marm",
            "/usr/arm-linux-gnueabihf", ARM_HARD);
FOREIGN_ARM(foreign_thumb, "armv7-linux-gnueabihf", "-mthumb",
            "/usr/arm-linux-gnueabihf", ARM_HARD);
FOREIGN_ARM(foreign_arm_soft, "armv7-linux-gnueabi", "-marm",
            "/usr/arm-linux-gnueabi", ARM_SOFT);
FOREIGN_ARM(foreign_thumb_soft, "armv7-linux-gnueabi", "-mthumb",
            "/usr/arm-linux-gnueabi", ARM_SOFT);

#endif
