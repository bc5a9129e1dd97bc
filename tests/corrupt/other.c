/* Another script's entry, to replace the right one. */
extern int host_value(int x);

int answer(int x)
{
    return host_value(x) - 1000;
}
