/* App_1: a carousel of cards, the largest of the eight: physics of a ring
 * that is dragged and flung, textures that are asked for when they come into
 * view and fade in when they have come, hit tests by rays, labels, and a
 * background of drifting lights. */
#include "rs.h"

/*@ pragma version 1 */
/*@ pragma stateVertex parent */
/*@ pragma stateRaster parent */
/*@ pragma stateFragment parent */
/*@ pragma stateStore parent */
/*@ export_var gSlotCount 5 */
/*@ export_var gRadius 1 */
/*@ export_var gCards 20 */
/*@ export_var gVertexProgram 25 */
/*@ export_var gCardProgram 24 */
/*@ export_var gLightProgram 24 */
/*@ export_var gCardMesh 23 */
/*@ export_var gLights 20 */
/*@ export_var gDefaultTexture 20 */
/*@ export_var gSelected 5 */
/*@ export_func .helper_setTexture */
/*@ export_func startDrag */
/*@ export_func drag */
/*@ export_func stopDrag */
/*@ export_func tap */
/*@ object_slot 2 */
/*@ object_slot 3 */
/*@ object_slot 4 */
/*@ object_slot 5 */
/*@ object_slot 6 */
/*@ object_slot 7 */
/*@ object_slot 8 */

enum { UNASKED, ASKED, ARRIVED };
enum { COMMAND_TEXTURE = 100, COMMAND_SELECTED = 200 };
enum { NO_CARD = -1 };

#define FADE_MS  250.0f
#define FRICTION 1.5f

typedef struct Card {
    rs_allocation texture;
    rs_matrix4x4 matrix;
    float fade;     /* 0: the default picture, 1: its own */
    int arrived_at; /* ms */
    int state;
    int visible;
} Card;

typedef struct Light {
    float3 position;
    float hue;
} Light;

int gSlotCount = 12;
float gRadius = 4.0f;
rs_allocation gCards;
rs_program gVertexProgram;
rs_program gCardProgram;
rs_program gLightProgram;
rs_mesh gCardMesh;
rs_allocation gLights;
rs_allocation gDefaultTexture;
int gSelected = NO_CARD;

static float angle;    /* of the ring, degrees */
static float velocity; /* degrees per second */
static float drag_x;
static bool is_dragged;
static rs_matrix4x4 projection;
static float3 eye = {0.0f, 1.0f, 9.0f};

void init(void);
int root(void);
void startDrag(float x, float y);
void drag(float x, float y);
void stopDrag(void);
void tap(float x, float y);

/* Arguments of an invokable arrive packed, as the host's stub wrote them. */
struct set_texture {
    int card;
    rs_allocation texture;
};
void set_texture_helper(const struct set_texture *arguments) __asm__(
    ".helper_setTexture");

static Card *card_at(int index)
{
    return rsGetElementAt(gCards, (uint)index);
}

static int count(void)
{
    return (int)rsAllocationGetDimX(gCards);
}

void init(void)
{
    uint n_lights = rsAllocationGetDimX(gLights);

    rsMatrixLoadPerspective(&projection, 40.0f, 1.6f, 0.5f, 50.0f);
    for (uint i = 0; i < n_lights; i++) {
        Light *light = rsGetElementAt(gLights, i);

        light->position = (float3){rsRand(-8.0f, 8.0f), rsRand(-4.0f, 4.0f),
                                   rsRand(-20.0f, -6.0f)};
        light->hue = rsRand(1.0f);
    }
}

static void set_texture(int index, rs_allocation texture)
{
    Card *card;

    if (index < 0 || index >= count()) {
        rsDebug("no such card", index);
        return;
    }
    card = card_at(index);
    rsSetObject(&card->texture, texture);
    card->state = ARRIVED;
    card->arrived_at = rsUptimeMillis();
    card->fade = 0.0f;
}

void set_texture_helper(const struct set_texture *arguments)
{
    set_texture(arguments->card, arguments->texture);
}

/* ---- Motion ---- */

static float step_of_slot(void)
{
    return 360.0f / (float)gSlotCount;
}

/* A slow ring is drawn to the nearest card, a fast one runs on. */
static void move_ring(float dt)
{
    float slot = angle / step_of_slot();
    float away = slot - floor(slot + 0.5f);

    if (is_dragged)
        return;
    velocity -= velocity * min(FRICTION * dt, 1.0f);
    if (fabs(velocity) < 20.0f)
        velocity -= away * step_of_slot() * 8.0f * dt;
    angle += velocity * dt;
    angle = angle - 360.0f * floor(angle * (1.0f / 360.0f));
}

void startDrag(float x, float y)
{
    (void)y;
    is_dragged = true;
    drag_x = x;
    velocity = 0.0f;
}

void drag(float x, float y)
{
    float moved = (x - drag_x) / (float)rsgGetWidth() * 90.0f;
    float dt = max(rsGetDt(), 0.001f);

    (void)y;
    angle += moved;
    velocity = mix(velocity, clamp(moved / dt, -720.0f, 720.0f), 0.6f);
    drag_x = x;
}

void stopDrag(void)
{
    is_dragged = false;
}

/* ---- Cards ---- */

static void place(int index)
{
    Card *card = card_at(index);
    float turn = angle + (float)index * step_of_slot();
    float front = cos(turn * 0.017453292f);

    rsMatrixLoadTranslate(&card->matrix, -eye.x, -eye.y, -eye.z);
    rsMatrixRotate(&card->matrix, turn, 0.0f, 1.0f, 0.0f);
    rsMatrixTranslate(&card->matrix, 0.0f, 0.15f * noise(turn * 0.05f),
                      gRadius);
    rsMatrixScale(&card->matrix, 1.0f + 0.1f * front, 1.4f, 1.0f);
    card->visible = front > -0.2f;
}

static void ask(int index)
{
    Card *card = card_at(index);

    if (card->visible && card->state == UNASKED) {
        card->state = ASKED;
        rsSendToClient(COMMAND_TEXTURE + index);
    } else if (!card->visible && card->state == ARRIVED &&
               rsIsObject(card->texture)) {
        rsClearObject(&card->texture);
        card->state = UNASKED;
    }
}

static void draw_card(int index, int now)
{
    Card *card = card_at(index);

    if (!card->visible)
        return;
    if (card->state == ARRIVED)
        card->fade = smoothstep(0.0f, FADE_MS, (float)(now - card->arrived_at));
    rsgBindTexture(gCardProgram, 0, gDefaultTexture);
    if (card->fade > 0.0f)
        rsgBindTexture(gCardProgram, 1, card->texture);
    rsgProgramVertexLoadModelMatrix(&card->matrix);
    rsgDrawMesh(gCardMesh);
    if (index == gSelected)
        rsgDrawText("selected", 10, 10);
}

/* ---- Taps ---- */

/* Where the ray from the eye through the screen's point meets the plane of a
 * card: in the card's own space the plane is z = 0. */
static bool is_hit(const Card *card, float x, float y, float *ret_depth)
{
    float3 ray =
        normalize((float3){(2.0f * x - 1.0f) / projection.m[0],
                           (1.0f - 2.0f * y) / projection.m[5], -1.0f});
    const float *m = card->matrix.m;
    float3 right = {m[0], m[1], m[2]};
    float3 up = {m[4], m[5], m[6]};
    float3 centre = {m[12], m[13], m[14]};
    float3 normal = cross(right, up);
    float facing = dot(normal, ray);
    float3 at;

    if (fabs(facing) < 1.0e-5f)
        return false;
    *ret_depth = dot(normal, centre) / facing;
    at = ray * *ret_depth - centre;
    return *ret_depth > 0.0f && fabs(dot(at, right)) < dot(right, right) &&
           fabs(dot(at, up)) < dot(up, up);
}

void tap(float x, float y)
{
    float nearest = 1.0e9f;
    float depth = 0.0f;

    gSelected = NO_CARD;
    for (int i = 0; i < count(); i++) {
        Card *card = card_at(i);

        if (card->visible &&
            is_hit(card, x / (float)rsgGetWidth(), y / (float)rsgGetHeight(),
                   &depth) &&
            depth < nearest) {
            nearest = depth;
            gSelected = i;
        }
    }
    if (gSelected != NO_CARD)
        rsSendToClient(COMMAND_SELECTED + gSelected);
}

/* ---- Frame ---- */

static void draw_lights(float dt)
{
    uint n_lights = rsAllocationGetDimX(gLights);

    rsgBindProgramFragment(gLightProgram);
    for (uint i = 0; i < n_lights; i++) {
        Light *light = rsGetElementAt(gLights, i);
        float2 field = light->position.xy * 0.3f;
        float flow = turbulence(field, 3);
        float4 at;

        light->position += (float3){flow, noise(light->position), 0.0f} * dt;
        light->hue = fract(light->hue + 0.01f * flow);
        at = rsMatrixMultiply(&projection, light->position);
        if (at.w > 0.0f)
            rsgDrawSprite(at.x / at.w, at.y / at.w, light->hue, 2.0f, 2.0f);
    }
}

int root(void)
{
    float dt = min(rsGetDt(), 0.1f);
    int now = rsUptimeMillis();

    rsgClearColor(0.05f, 0.05f, 0.08f, 1.0f);
    rsgBindProgramVertex(gVertexProgram);
    rsgProgramVertexLoadProjectionMatrix(&projection);
    move_ring(dt);
    draw_lights(dt);
    rsgBindProgramFragment(gCardProgram);
    for (int i = 0; i < count(); i++) {
        place(i);
        ask(i);
        draw_card(i, now);
    }
    return fabs(velocity) > 0.5f || is_dragged ? 1 : 0;
}
