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

#endif
