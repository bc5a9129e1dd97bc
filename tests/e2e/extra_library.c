/* The shared library of test_api_shared. */
int extra_answer(void);

int extra_answer(void)
{
    return 42;
}
