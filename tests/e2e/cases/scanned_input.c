/* scanf() and ungetc() on standard input.
 *
 * STDIN:
 * 12 -7 0x1f 3.25e2 word 9
 * STATUS: 0
 * OUTPUT:
 * 12 -7 31 325.000 word '9'
 */
#include <stdio.h>

int main(void)
{
    int a, b, c, next;
    double d;
    char word[16];

    if (scanf("%d %d %i %lf %15s ", &a, &b, &c, &d, word) != 5)
        return 1;
    ungetc(getchar(), stdin);
    next = getchar();
    printf("%d %d %d %.3f %s '%c'\n", a, b, c, d, word, next);
    return 0;
}
