/* Functions of libc that are in no shared library, declared as C allowed before
 * C23, and otherwise than libc does.
 *
 * FLAGS: -std=gnu89 -w
 * STATUS: 4
 * OUTPUT:
 * child
 * last
 * first
 * first
 */
int puts(const char *);
int fork(void);
int fflush(void *);
int wait(int *);
void _exit(int);
int atexit();
void at_quick_exit(void (*)(void), long);
int pthread_atfork();

static void first(void)
{
    puts("first");
}

static void last(void)
{
    puts("last");
}

static void in_child(void)
{
    puts("child");
    fflush(0);
}

int (*chosen)() = atexit;

int main(void)
{
    at_quick_exit(last, 1);
    pthread_atfork(0, 0, in_child);
    if (fork() == 0)
        _exit(0);
    wait(0);
    atexit(first);
    chosen(first);
    atexit(last);
    return 4;
}
