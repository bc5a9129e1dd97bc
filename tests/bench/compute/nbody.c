/* Floating point, latency bound: five bodies under gravity. */
#include <math.h>
#include <stdio.h>

enum { N = 5 };

static struct body {
    double x[3], v[3], mass;
} bodies[N] = {
    {{0, 0, 0}, {0, 0, 0}, 39.47},
    {{4.84, -1.16, -0.10}, {0.60, 2.81, -0.02}, 0.037},
    {{8.34, 4.12, -0.40}, {-1.01, 1.82, 0.008}, 0.011},
    {{12.89, -15.11, -0.22}, {1.08, 0.86, -0.01}, 0.0017},
    {{15.37, -25.91, 0.17}, {0.97, 0.59, -0.03}, 0.0020},
};

static void advance(double dt)
{
    for (int i = 0; i < N; i++)
        for (int j = i + 1; j < N; j++) {
            double d[3], square = 0, magnitude;
            for (int k = 0; k < 3; k++) {
                d[k] = bodies[i].x[k] - bodies[j].x[k];
                square += d[k] * d[k];
            }
            magnitude = dt / (square * sqrt(square));
            for (int k = 0; k < 3; k++) {
                bodies[i].v[k] -= d[k] * bodies[j].mass * magnitude;
                bodies[j].v[k] += d[k] * bodies[i].mass * magnitude;
            }
        }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].x[k] += dt * bodies[i].v[k];
}

int main(void)
{
    for (int i = 0; i < 12000000; i++)
        advance(0.01);
    printf("%.6f %.6f\n", bodies[0].x[0], bodies[1].x[1]);
    return 0;
}
