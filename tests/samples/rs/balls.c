/* Balls: n bodies in the plane that push each other off, bounce from the
 * walls, and follow fingers. The kernel is O(n^2) and is called by the host
 * for each ball, as rsForEach() asks it to. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma stateVertex default */
/*@ export_var gPhysics 22 */
/*@ export_var gBalls 20 */
/*@ export_var gNext 20 */
/*@ export_var gMinPos float2 */
/*@ export_var gMaxPos float2 */
/*@ export_var gGravity float2 */
/*@ export_func initParts */
/*@ export_func touch */
/*@ export_foreach stepBall 31 */
/*@ object_slot 0 */
/*@ object_slot 1 */
/*@ object_slot 2 */

enum { MAX_TOUCHES = 10 };

typedef struct Ball {
    float2 position;
    float2 delta;
    float size;
    int n_hits;
} Ball;

rs_script gPhysics;
rs_allocation gBalls;
rs_allocation gNext;
float2 gMinPos = {0.0f, 0.0f};
float2 gMaxPos = {1280.0f, 700.0f};
float2 gGravity;

static float2 touch_position[MAX_TOUCHES];
static float touch_pressure[MAX_TOUCHES];

int root(void);
void initParts(int width, int height);
void touch(float x, float y, float pressure, int id);
void stepBall(const Ball *in, Ball *out, const float *dt, uint x, uint y);

static float2 push_of_balls(const Ball *in, uint self, int *n_hits)
{
    uint n_balls = rsAllocationGetDimX(gBalls);
    float2 force = {0.0f, 0.0f};

    for (uint i = 0; i < n_balls; i++) {
        const Ball *other = rsGetElementAt(gBalls, i);
        float2 away = in->position - other->position;
        float reach = in->size + other->size;
        float squared = dot(away, away);

        if (i == self || squared > 4.0f * reach * reach)
            continue;
        if (squared < reach * reach) {
            force += normalize(away) * (500.0f * (reach - sqrt(squared)));
            ++*n_hits;
        } else {
            force += away * (1000.0f / max(squared, 1.0f));
        }
    }
    return force;
}

static float2 pull_of_fingers(float2 position)
{
    float2 force = {0.0f, 0.0f};

    for (int i = 0; i < MAX_TOUCHES; i++) {
        float2 to = touch_position[i] - position;
        float distance = max(length(to), 1.0f);

        if (touch_pressure[i] > 0.1f)
            force += to * (touch_pressure[i] * 2000.0f / (distance * distance));
    }
    return force;
}

/* One coordinate of a ball bounces from the walls of a box. */
static void bounce(float *position, float *delta, float low, float high)
{
    if (*position < low) {
        *delta *= *delta < 0.0f ? -0.95f : 1.0f;
        *position = low;
    } else if (*position > high) {
        *delta *= *delta > 0.0f ? -0.95f : 1.0f;
        *position = high;
    }
}

void stepBall(const Ball *in, Ball *out, const float *dt, uint x, uint y)
{
    int n_hits = in->n_hits;
    float2 force =
        push_of_balls(in, x, &n_hits) + pull_of_fingers(in->position);
    float2 position;
    float2 delta;

    (void)y;
    delta = (in->delta + (force / in->size + gGravity) * *dt) * 0.999f;
    position = in->position + delta * *dt;
    for (int axis = 0; axis < 2; axis++) {
        float p = position[axis];
        float d = delta[axis];

        bounce(&p, &d, gMinPos[axis] + in->size, gMaxPos[axis] - in->size);
        position[axis] = p;
        delta[axis] = d;
    }
    out->position = position;
    out->delta = delta;
    out->size = in->size;
    out->n_hits = n_hits;
}

int root(void)
{
    float dt = 1.0f / 30.0f;
    rs_allocation swap = gBalls;

    rsForEach(gPhysics, gBalls, gNext, &dt);
    gBalls = gNext;
    gNext = swap;
    return 1;
}

void initParts(int width, int height)
{
    uint n_balls = rsAllocationGetDimX(gBalls);

    gMaxPos = (float2){(float)width, (float)height};
    for (uint i = 0; i < n_balls; i++) {
        Ball *ball = rsGetElementAt(gBalls, i);

        ball->position = (float2){rsRand((float)width), rsRand((float)height)};
        ball->delta = (float2){rsRand(-50.0f, 50.0f), rsRand(-50.0f, 50.0f)};
        ball->size = 4.0f + 12.0f * fract((float)i * 0.618034f);
        ball->n_hits = 0;
    }
    rsDebug("balls", (int)n_balls);
}

void touch(float x, float y, float pressure, int id)
{
    if (id < 0 || id >= MAX_TOUCHES)
        return;
    touch_position[id] = (float2){x, y};
    touch_pressure[id] = pressure;
}
