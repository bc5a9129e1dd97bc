/* A bccc for BCC_BCCC that divides even the smallest modules, and links every
 * library by closures if possible. */
#include "bccc.h"
#include "compile.h"

int main(int argc, char **argv)
{
    const struct compile_limits limits = {
        .part_size = 2,
        .baseline_part_size = 2,
        .library_size = 0,
        .least_closures_size = 64 * 1024,
    };

    return bccc_run(argc, argv, &limits);
}
