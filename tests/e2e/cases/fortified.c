/* Functions that libc's headers replace by checked ones.
 *
 * FLAGS: -O2 -D_FORTIFY_SOURCE=2
 * STATUS: signal 6
 * OUTPUT:
 * copied x
 * printed 1 abc
 * path /
 * wide aaa
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

int main(int argc, char **argv)
{
    char text[16], path[PATH_MAX];
    volatile size_t size = sizeof(text) + 1;
    wchar_t wide[4];

    memcpy(text, argv[0], 1);
    memset(text, 'x', (size_t)argc);
    strcpy(text + 1, "");
    printf("copied %s\n", text);
    sprintf(text, "%d", argc);
    strcat(text, " ");
    strncat(text, "abcdef", 3);
    printf("printed %s\n", text);
    printf("path %s\n", realpath("/", path) ? path : "none");
    wmemset(wide, L'a', 3);
    wide[3] = 0;
    printf("wide %ls\n", wide);
    fflush(stdout);
    memset(text, 0, size);
    puts(text);
    return 0;
}
