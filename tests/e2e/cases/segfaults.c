/* A bad pointer is a SIGSEGV, which nobody turns into something else.
 *
 * STATUS: signal 11
 */
int main(void)
{
    volatile int *volatile nowhere = (int *)16;

    return *nowhere;
}
