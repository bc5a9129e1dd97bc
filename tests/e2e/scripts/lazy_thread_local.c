/* Not compiled function by function. */
_Thread_local int of_thread = 42;

int answer(void)
{
    return of_thread;
}
