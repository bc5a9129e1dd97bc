/* An undefined weak function or variable has address 0; a weak reference to a
 * symbol of libc is bound to it; a weak definition is used.
 *
 * STATUS: 0
 * OUTPUT:
 * function 0
 * variable 0
 * libc 1
 * default
 */
#include <stdio.h>
#include <string.h>

extern void nobody_defines_this(void) __attribute__((weak));
extern int nobody_has_this __attribute__((weak));
extern char *strdup(const char *) __attribute__((weak));

__attribute__((weak)) const char *policy(void)
{
    return "default";
}

int main(void)
{
    printf("function %d\n", nobody_defines_this != NULL);
    printf("variable %d\n", &nobody_has_this != NULL);
    printf("libc %d\n", strdup != NULL);
    puts(policy());
    if (nobody_defines_this)
        nobody_defines_this();
    return 0;
}
