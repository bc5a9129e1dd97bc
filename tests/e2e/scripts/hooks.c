/* Defines a variable that libc has too, and reports when its destructors
 * run. */
int optind = 17;

int hook(void);

int hook(void)
{
    return optind;
}

void watch_end(int *count);

static int *n_ends;

void watch_end(int *count)
{
    n_ends = count;
}

__attribute__((destructor)) static void end(void)
{
    if (n_ends)
        ++*n_ends;
}
