/* Defines a variable of libc, too. */
int optind = 17;

int hook(void);

int hook(void)
{
    return optind;
}
