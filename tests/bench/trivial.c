/* The smallest program that shows that it ran. */
#include <stdio.h>

int main(void)
{
    puts("ready");
    return 0;
}
