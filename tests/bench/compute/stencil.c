/* Vector and memory: a box filter over an image of bytes, row by row. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 2048, HEIGHT = 1536 };

static void blur(const uint8_t *restrict in, uint8_t *restrict out)
{
    for (int y = 1; y < HEIGHT - 1; y++) {
        const uint8_t *row = in + y * WIDTH;
        for (int x = 1; x < WIDTH - 1; x++) {
            const uint8_t *p = row + x;
            const unsigned sum = p[-WIDTH - 1] + 2u * p[-WIDTH] +
                                 p[-WIDTH + 1] + 2u * p[-1] + 4u * p[0] +
                                 2u * p[1] + p[WIDTH - 1] + 2u * p[WIDTH] +
                                 p[WIDTH + 1];
            out[y * WIDTH + x] = (uint8_t)((sum + 8) >> 4);
        }
    }
}

int main(void)
{
    uint8_t *image = malloc(WIDTH * HEIGHT), *other = malloc(WIDTH * HEIGHT);
    unsigned long sum = 0;

    for (int i = 0; i < WIDTH * HEIGHT; i++)
        image[i] = (uint8_t)((unsigned)i * 2654435761u >> 24);
    memcpy(other, image, WIDTH * HEIGHT);
    for (int round = 0; round < 500; round++) {
        blur(image, other);
        blur(other, image);
    }
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        sum += image[i];
    printf("%lu\n", sum);
    free(image);
    free(other);
    return 0;
}
