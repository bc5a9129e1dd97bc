/* Another script's entry, to be put in place of the right one. */
extern int host_value(int x);

int answer(int x)
{
    return host_value(x) - 1000;
}
