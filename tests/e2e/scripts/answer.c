/* A script without metadata: every visible definition is exported. Compiled
 * twice, with different answers, to sources of the same size. */
#ifndef ANSWER
#define ANSWER 42
#endif

int answer(void);
int count(void);
int started = 1;

static int n_calls;

__attribute__((constructor)) static void start(void)
{
    started += 100;
}

int answer(void)
{
    return ANSWER;
}

int count(void)
{
    return ++n_calls;
}
