/* Memory: a linked list in random order, larger than the caches. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct node {
    struct node *next;
    uint64_t value[7];
};

int main(void)
{
    const size_t n = 1 << 18;
    struct node *nodes = calloc(n, sizeof(*nodes));
    uint32_t *order = malloc(n * sizeof(*order));
    uint64_t state = 88172645463325252u, sum = 0;
    struct node *at;

    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n - 1; i > 0; i--) {
        size_t j;
        uint32_t t = order[i];
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        j = state % (i + 1);
        order[i] = order[j];
        order[j] = t;
    }
    for (size_t i = 0; i < n; i++) {
        nodes[order[i]].next = &nodes[order[(i + 1) % n]];
        nodes[order[i]].value[i % 7] = i;
    }
    at = nodes;
    for (size_t i = 0; i < 5000000; i++) {
        sum += at->value[i % 7];
        at = at->next;
    }
    printf("%llu\n", (unsigned long long)sum);
    free(order);
    free(nodes);
    return 0;
}
