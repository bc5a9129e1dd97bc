/* Integer and memory: primes below 100 million, a bit each. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    const uint64_t limit = 100000000;
    uint64_t *composite = calloc(limit / 64 + 1, sizeof(*composite));
    uint64_t count = 0;

    for (uint64_t i = 2; i < limit; i++) {
        if (composite[i / 64] >> (i % 64) & 1)
            continue;
        count++;
        for (uint64_t j = i * i; j < limit; j += i)
            composite[j / 64] |= UINT64_C(1) << (j % 64);
    }
    printf("%llu\n", (unsigned long long)count);
    free(composite);
    return 0;
}
