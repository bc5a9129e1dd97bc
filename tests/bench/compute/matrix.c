/* Vector: product of two matrices of floats, as a compiler vectorises it. */
#include <stdio.h>

enum { N = 768 };

static float a[N][N], b[N][N], c[N][N];

int main(void)
{
    double sum = 0;

    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (float)((i * 7 + j) % 13) * 0.25f;
            b[i][j] = (float)((i + j * 5) % 11) * 0.5f;
        }
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++)
                    c[i][j] += a[i][k] * b[k][j];
    for (int i = 0; i < N; i++)
        sum += c[i][i];
    printf("%.1f\n", sum);
    return 0;
}
