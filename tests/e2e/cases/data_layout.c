/* Layouts in static data: bit-fields, packed and aligned structures, unions,
 * flexible arrays, designated initialisers, offsets below an object, and
 * structures that point at themselves.
 *
 * FLAGS: -Wno-array-bounds
 * STATUS: 0
 * OUTPUT:
 * bits 1 -8 123456789a 1 size 16
 * packed 42: y 5060708 two 2.5
 * ring 10 30 10
 * flexible 3 red blue
 * union 3f800000 63
 * table 1 7 0 90
 * outside 90 1
 * tail tail, self 1, distance 13
 * nested 4 -2 five5 2
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct bits {
    unsigned a : 3;
    int b : 5;
    unsigned : 0;
    unsigned long long c : 40;
    _Bool d : 1;
};

#pragma pack(push, 1)
struct packed {
    char tag;
    uint32_t number;
    const char *text;
    double value;
};
#pragma pack(pop)

struct list {
    struct list *next, *previous;
    int value;
};

struct flexible {
    size_t n;
    const char *items[];
};

union number {
    float f;
    uint32_t u;
    unsigned char bytes[4];
};

static struct bits bits = {.a = 5, .b = -7, .c = 0x123456789aull, .d = 1};
static struct packed packed[2] = {{'x', 0x01020304, "one", 1.5},
                                  {'y', 0x05060708, "two", 2.5}};
static struct list ring[3] = {
    {&ring[1], &ring[2], 10}, {&ring[2], &ring[0], 20}, {ring, &ring[1], 30}};
static struct flexible flexible = {3, {"red", "green", "blue"}};
static union number one = {.f = 1.0f};
static int table[10] = {[9] = 90, [2 ... 4] = 7, [0] = 1};
static int *const before = &table[-3], *const after = table + 10;
static const char *const tail = &"prefix and tail"[11];
static void *self = &self;
static const ptrdiff_t distance = offsetof(struct packed, value);
static struct {
    struct {
        short x, y;
    };
    char text[6];
} nested[] = {[1] = {.text = "five5", .y = -2}, [0].x = 4};

int main(void)
{
    volatile int index = 12;

    bits.a += 4; /* wraps */
    bits.b--;
    printf("bits %u %d %llx %d size %zu\n", bits.a, bits.b,
           (unsigned long long)bits.c, bits.d, sizeof(bits));
    printf("packed %zu: %c %x %s %.1f\n", sizeof(packed), packed[1].tag,
           packed[1].number, packed[1].text, packed[1].value);
    printf("ring %d %d %d\n", ring[0].next->next->next->value,
           ring->previous->value, ring[1].previous->value);
    printf("flexible %zu %s %s\n", flexible.n, flexible.items[0],
           flexible.items[2]);
    printf("union %08x %d\n", one.u, one.bytes[3]);
    printf("table %d %d %d %d\n", table[0], table[3], table[5], table[9]);
    printf("outside %d %d\n", before[index], after[2 - index]);
    printf("tail %s, self %d, distance %td\n", tail, self == &self, distance);
    printf("nested %d %d %s %zu\n", nested[0].x, nested[1].y, nested[1].text,
           sizeof(nested) / sizeof(nested[0]));
    return 0;
}
