/* Floating point and branches: iterations of a grid of points. */
#include <stdio.h>

int main(void)
{
    const int size = 1000, limit = 1000;
    long total = 0;

    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++) {
            const double a = 2.5 * column / size - 2.0;
            const double b = 2.5 * row / size - 1.25;
            double x = 0, y = 0;
            int n = 0;
            while (n < limit && x * x + y * y < 4) {
                const double t = x * x - y * y + a;
                y = 2 * x * y + b;
                x = t;
                n++;
            }
            total += n;
        }
    printf("%ld\n", total);
    return 0;
}
