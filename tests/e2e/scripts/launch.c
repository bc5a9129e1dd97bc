/* The script whose launch test_hit_cost.sh measures: imports of libc, a table
 * of pointers, variables with and without a value. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int step(char *text, size_t size);

static int n_calls;
static int limit = 40;
static char scratch[100];

static int upper(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    return 1;
}

static int number(char *text, size_t size)
{
    return snprintf(text, size, "%ld", strtol(text, NULL, 10) + limit);
}

static int copy(char *text, size_t size)
{
    char *copied = strndup(text, size);
    int is_there = copied && strchr(copied, 'x') && strrchr(copied, 'y');

    free(copied);
    return is_there;
}

static int search(char *text, size_t size)
{
    memset(scratch, 0, sizeof(scratch));
    strncpy(scratch, text, size < 99 ? size : 99);
    return strstr(scratch, "needle") || strcspn(scratch, "abc") ||
           strspn(scratch, "def") || strpbrk(scratch, "ghi");
}

static int say(char *text, size_t size)
{
    (void)size;
    fputs(text, stderr);
    return puts(text) + putchar('.') + fflush(stdout);
}

static int other(char *text, size_t size)
{
    qsort(text, size, 1, (int (*)(const void *, const void *))strcmp);
    return rand() + (int)time(NULL) + atoi(text) + (getenv(text) != NULL);
}

step *const launch_steps[] = {upper, number, copy, search, say, other};

int launch(int i, char *text)
{
    n_calls++;
    return launch_steps[i % 6](text, strlen(text)) + n_calls;
}
