/* stdin, stdout and stderr are the process's own; streams on memory call back.
 *
 * STATUS: 0
 * OUTPUT:
 * to stdout
 * in memory: 42 items
 * read back: 42
 * end of input: 1
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    int number = 0;

    if (!memory)
        return 1;
    fputs("to stdout\n", stdout);
    fputs("to stderr\n", stderr);
    fprintf(memory, "%d items", 42);
    fclose(memory);
    printf("in memory: %s\n", text);
    memory = fmemopen(text, size, "r");
    if (!memory || fscanf(memory, "%d", &number) != 1)
        return 1;
    fclose(memory);
    free(text);
    printf("read back: %d\n", number);
    printf("end of input: %d\n", getchar() == EOF && feof(stdin));
    return 0;
}
