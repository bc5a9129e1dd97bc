/* Static data that holds addresses: of strings, of other data, into the middle
 * of arrays, in a ring, and of libc's own objects through a call.
 *
 * STATUS: 0
 * OUTPUT:
 * one two three one two
 * middle 30 40
 * matrix 6
 * written 99
 * self 1
 * empty 0
 */
#include <stdio.h>

struct node {
    const char *name;
    struct node *next;
};

static struct node one, two, three;
static struct node one = {"one", &two};
static struct node two = {"two", &three};
static struct node three = {"three", &one};

static int numbers[] = {10, 20, 30, 40, 50};
static int *const middle = &numbers[2];
static const int rows[2][3] = {{1, 2, 3}, {4, 5, 6}};
static const int *const last[] = {&rows[0][2], &rows[1][2]};
static int *writable = &numbers[4];
static void *self = &self;
static int *absent;

int main(void)
{
    struct node *node = &one;

    for (int i = 0; i < 5; i++, node = node->next)
        printf("%s%c", node->name, i < 4 ? ' ' : '\n');
    printf("middle %d %d\n", middle[0], middle[1]);
    printf("matrix %d\n", *last[1]);
    *writable = 99;
    printf("written %d\n", numbers[4]);
    printf("self %d\n", *(void **)self == &self);
    printf("empty %d\n", absent != NULL);
    return 0;
}
