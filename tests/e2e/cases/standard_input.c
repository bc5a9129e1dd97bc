/* getline() until the end of standard input, a last line without newline.
 *
 * STDIN:
 * first line
 *
 *   indented
 * STATUS: 3
 * OUTPUT:
 * 11 [first line]
 * 1 []
 * 11 [  indented]
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    int n = 0;

    while ((size = getline(&line, &capacity, stdin)) > 0) {
        if (line[size - 1] == '\n')
            line[size - 1] = '\0';
        printf("%zd [%s]\n", size, line);
        n++;
    }
    free(line);
    return n;
}
