/* The members of the first input of fuzz_archive: member 0 needs 1, which needs
 * 2. */
extern int first(int number);
extern int second(int number);
extern int start(int number);

#if PART == 0
int start(int number)
{
    return first(number) + 1;
}
#elif PART == 1
int first(int number)
{
    return second(number) * 2;
}
#else
int second(int number)
{
    return number - 1;
}
#endif
