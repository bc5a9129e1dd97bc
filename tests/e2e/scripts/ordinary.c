/* Calls libc and libm, as ordinary C does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double number = 1764;

int answer(void)
{
    char text[32];

    snprintf(text, sizeof(text), "%.0f", exp2(log2(number) / 2));
    return atoi(text);
}
