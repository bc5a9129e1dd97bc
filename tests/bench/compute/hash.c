/* Integer: rotations and multiplications of a hash over a buffer in cache. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline uint64_t rotate(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static uint64_t hash(const unsigned char *data, size_t size, uint64_t seed)
{
    uint64_t h = seed ^ size * UINT64_C(0x9e3779b97f4a7c15);

    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, 8);
        h = rotate(h ^ word * UINT64_C(0xbf58476d1ce4e5b9), 29) *
            UINT64_C(0x94d049bb133111eb);
    }
    return h ^ h >> 31;
}

int main(void)
{
    static unsigned char data[1 << 16];
    uint64_t h = 1;

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 167 + (i >> 7));
    for (int round = 0; round < 50000; round++)
        h = hash(data, sizeof(data) - (size_t)(round & 63), h);
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
