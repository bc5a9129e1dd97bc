/* A runtime library for needy.c, compiled twice. */
#ifndef OFFSET
#define OFFSET 1000
#endif

int first_need(int x);
int second_need(int x);
int third_need(int x);
int fourth_need = OFFSET;

int first_need(int x)
{
    return x;
}

int second_need(int x)
{
    return 2 * x;
}

int third_need(int x)
{
    return 3 * x;
}
