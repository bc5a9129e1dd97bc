/* A bad pointer is a SIGSEGV, and stays one.
 *
 * STATUS: signal 11
 */
int main(void)
{
    volatile int *volatile nowhere = (int *)16;

    return *nowhere;
}
