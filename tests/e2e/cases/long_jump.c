/* setjmp() returns twice; locals that are volatile keep their values.
 *
 * STATUS: 0
 * OUTPUT:
 * level 0 of attempt 0
 * level 1 of attempt 0
 * level 2 of attempt 0
 * caught 1
 * level 0 of attempt 1
 * level 1 of attempt 1
 * level 2 of attempt 1
 * caught 2
 * done after 2
 */
#include <setjmp.h>
#include <stdio.h>

static jmp_buf handler;

static __attribute__((noinline)) void dig(int level, int attempt)
{
    printf("level %d of attempt %d\n", level, attempt);
    if (level == 2)
        longjmp(handler, attempt + 1);
    dig(level + 1, attempt);
    printf("not reached\n");
}

int main(void)
{
    volatile int attempt = 0;
    int caught = setjmp(handler);

    if (caught) {
        printf("caught %d\n", caught);
        attempt = caught;
    }
    if (attempt < 2)
        dig(0, attempt);
    printf("done after %d\n", attempt);
    return 0;
}
