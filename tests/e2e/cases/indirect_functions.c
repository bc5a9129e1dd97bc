/* Functions whose resolver picks the implementation at load time (ifunc):
 * called, through a pointer, and from static data. (Without -fPIC, GNU ld
 * gives them two addresses.)
 *
 * FLAGS: -fPIC
 * STATUS: 0
 * OUTPUT:
 * external 12
 * internal 14
 * in data 16
 * same address 1
 */
#include <stdio.h>

static int twice(int x)
{
    return 2 * x;
}

static int (*choose(void))(int)
{
    return twice;
}

int external(int x) __attribute__((ifunc("choose")));
static int internal(int x) __attribute__((ifunc("choose")));
int (*in_data)(int) = external;

int main(void)
{
    int (*volatile address)(int) = external;

    printf("external %d\n", external(6));
    printf("internal %d\n", internal(7));
    printf("in data %d\n", in_data(8));
    printf("same address %d\n", address == in_data);
    return 0;
}
