/* Hidden and protected symbols, weak ones with and without a definition, and
 * pointers into the middle of variables.
 *
 * STATUS: 0
 * OUTPUT:
 * hidden 3
 * protected 5 5
 * weak hidden 0 0
 * weak 5 6
 * middle 6 21
 */
#include <stdio.h>

#define HIDDEN    __attribute__((visibility("hidden")))
#define PROTECTED __attribute__((visibility("protected")))
#define WEAK      __attribute__((weak))

HIDDEN int hidden = 3;
PROTECTED int protected = 5;
PROTECTED int get_protected(void)
{
    return protected;
}
int *protected_address = &protected;
int (*protected_function)(void) = get_protected;

extern int nobody_has_this WEAK HIDDEN;
extern void nobody_defines_this(void) WEAK HIDDEN;
int *nobody = &nobody_has_this;
void (*nothing)(void) = nobody_defines_this;

WEAK int weak = 4;
WEAK int next(int x)
{
    return x + weak;
}
extern __typeof(next) next_alias WEAK __attribute__((alias("next")));

static int table[20] = {1, 2, 3, 4, 5, 6};
int *element = &table[5];
char *byte = (char *)&table[5] + 1;

int main(void)
{
    printf("hidden %d\n", hidden);
    printf("protected %d %d\n", *protected_address, protected_function());
    printf("weak hidden %d %d\n", nobody || &nobody_has_this,
           nothing || nobody_defines_this);
    printf("weak %d %d\n", next(1), next_alias(2));
    printf("middle %d %td\n", *element, byte - (char *)table);
    return 0;
}
