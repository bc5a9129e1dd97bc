/* A program that knows only the installed libobccrun. */
#include <bcc/bcc_run.h>

int main(void)
{
    BCCPoolRef pool = bccCreatePool(2);
    int workers = (int)bccGetPoolWorkers(pool);

    bccDisposePool(pool);
    return workers - 2;
}
