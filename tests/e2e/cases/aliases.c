/* Symbols with several names: aliases, common symbols, names that C cannot
 * write, and names that only assembly defines.
 *
 * FLAGS: -fcommon
 * STATUS: 0
 * OUTPUT:
 * alias 42 42
 * same 1
 * common 0 6
 * odd names 3
 */
#include <stdio.h>

int answer(void)
{
    return 42;
}

int reply(void) __attribute__((alias("answer")));

int original = 5;
extern int other_name __attribute__((alias("original")));

int common_value;

static int odd(void) __asm__("odd name.with$signs");
extern int renamed __asm__("a.name.of.its.own");
int renamed = 1;

static __attribute__((noinline, used)) int odd(void)
{
    return 2;
}

int main(void)
{
    int *volatile variable = &original;
    int (*volatile function)(void) = answer;

    printf("alias %d %d\n", answer(), reply());
    printf("same %d\n", variable == &other_name && function == reply);
    printf("common %d", common_value);
    common_value = other_name + 1;
    printf(" %d\n", common_value);
    printf("odd names %d\n", odd() + renamed);
    return 0;
}
