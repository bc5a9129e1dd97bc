/* libc calls back into the program: qsort() and bsearch(), with a comparison
 * that counts.
 *
 * STATUS: 0
 * OUTPUT:
 * apple banana cherry damson elder fig grape
 * found damson at 3
 * not found
 * comparisons counted: 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n_comparisons;

static int compare(const void *a, const void *b)
{
    n_comparisons++;
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *fruit[] = {"fig",   "damson", "apple", "grape",
                              "elder", "cherry", "banana"};
enum { N_FRUIT = sizeof(fruit) / sizeof(fruit[0]) };

static void look_for(const char *name)
{
    const char **found =
        bsearch(&name, fruit, N_FRUIT, sizeof(fruit[0]), compare);

    if (found)
        printf("found %s at %d\n", *found, (int)(found - fruit));
    else
        printf("not found\n");
}

int main(void)
{
    qsort(fruit, N_FRUIT, sizeof(fruit[0]), compare);
    for (int i = 0; i < N_FRUIT; i++)
        printf("%s%c", fruit[i], i + 1 < N_FRUIT ? ' ' : '\n');
    look_for("damson");
    look_for("quince");
    printf("comparisons counted: %d\n", n_comparisons >= N_FRUIT);
    return 0;
}
