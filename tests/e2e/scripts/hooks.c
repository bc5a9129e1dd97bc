/* Defines a variable of libc, too; and says when its destructors run. */
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
