/* main() gets its arguments unchanged, and argv ends with NULL.
 *
 * ARGS: one 'two words' '' --help -- 'quo"te'
 * STATUS: 7
 * OUTPUT:
 * argc 7
 * [one]
 * [two words]
 * []
 * [--help]
 * [--]
 * [quo"te]
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("argc %d\n", argc);
    for (int i = 1; i < argc; i++)
        printf("[%s]\n", argv[i]);
    return argv[argc] == NULL && argv[0] != NULL ? argc : 99;
}
