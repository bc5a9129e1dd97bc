/* A run of each RenderScript sample: what the Java side of such a program
 * did. Sizes and offsets of elements are those of the structs in ../rs; only
 * fields are hashed, as padding may hold anything. */
#include <string.h>

#include "rs_stage.h"

/* ---- Particles ---- */

uint64_t run_fountain(struct sample_code *code)
{
    static const struct rs_object mesh = {.id = 70};
    int (*root)(void) = sample_find(code, "root");
    void (*add)(int, float, float, int, _Bool) =
        sample_find(code, "addParticles");
    struct rs_allocation_object *points;
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    points = stage_allocate(&stage, "gPointsAllocation", 1000, 1, 24);
    stage_set_pointer(&stage, "gMesh", &mesh);
    if (points && root && add) {
        stage_set_pointer(&stage, "gPoints", points->data);
        for (int frame = 0; frame < 40; frame++) {
            if (frame % 4 == 0)
                add(60, 200.0f + (float)frame, 150.0f, frame & 3, frame == 8);
            root();
        }
        hash = stage_hash(rs_host_hash(), points, 0, 20);
    }
    stage_release(&stage);
    return hash;
}

uint64_t run_balls(struct sample_code *code)
{
    struct rs_script_object physics = {.object.id = 80};
    int (*root)(void) = sample_find(code, "root");
    void (*init_parts)(int, int) = sample_find(code, "initParts");
    void (*touch)(float, float, float, int) = sample_find(code, "touch");
    void *step = sample_find(code, "stepBall");
    struct rs_allocation_object *balls, *next;
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    balls = stage_allocate(&stage, "gBalls", 80, 1, 24);
    next = stage_allocate(&stage, "gNext", 80, 1, 24);
    memcpy(&physics.root, &step, sizeof(step));
    physics.kernel = sample_kernel(code, "stepBall");
    physics.pool = bccCreatePool(2);
    stage_set_pointer(&stage, "gPhysics", &physics);
    if (balls && next && root && init_parts && touch && step) {
        init_parts(480, 320);
        touch(100.0f, 100.0f, 0.8f, 0);
        for (int frame = 0; frame < 30; frame++) {
            if (frame == 20)
                touch(0.0f, 0.0f, 0.0f, 0);
            root();
        }
        hash = stage_hash(rs_host_hash(), balls, 0, 24);
        hash = stage_hash(hash, next, 0, 24);
    }
    bccDisposePool(physics.pool);
    bccDisposeKernel(physics.kernel);
    stage_release(&stage);
    return hash;
}

uint64_t run_halo(struct sample_code *code)
{
    static const struct rs_object mesh = {.id = 71};
    static const struct rs_object glow = {.id = 72};
    int (*root)(void) = sample_find(code, "root");
    void (*set_sparks)(int) = sample_find(code, "setSparks");
    struct rs_allocation_object *sparks;
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    sparks = stage_allocate(&stage, "gSparks", 2048, 1, 32);
    stage_set_pointer(&stage, "gSparkMesh", &mesh);
    stage_set_pointer(&stage, "gGlow", &glow);
    stage_set_float(&stage, "gTilt", 35.0f);
    if (sparks && root && set_sparks) {
        set_sparks(1500);
        for (int frame = 0; frame < 8; frame++)
            root();
        hash = stage_hash(rs_host_hash(), sparks, 0, 12);
        hash = stage_hash(hash, sparks, 16, 8);
    }
    stage_release(&stage);
    return hash;
}

/* ---- Pictures ---- */

uint64_t run_magic_smoke(struct sample_code *code)
{
    static const float strength[] = {1.0f, 0.6f, 0.4f, 0.25f, 0.1f};
    void (*init)(void) = sample_find(code, "init");
    int (*root)(void) = sample_find(code, "root");
    void (*clouds)(int, int) = sample_find(code, "clouds");
    struct rs_allocation_object *image, *layers;
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    image = stage_allocate(&stage, "gImage", 64, 48, 4);
    layers = stage_allocate(&stage, "gLayers", 5, 1, 4);
    if (image && layers && init && root && clouds) {
        memcpy(layers->data, strength, sizeof(strength));
        init();
        hash = rs_host_hash();
        for (int frame = 0; frame < 6; frame++) {
            stage_set_int(&stage, "gPreset", frame);
            stage_set_float(&stage, "gXOffset", (float)frame * 0.125f);
            root();
            hash = stage_hash(hash, image, 0, 4);
        }
        clouds(1000, -777);
        hash = stage_hash(hash, image, 0, 4);
    }
    stage_release(&stage);
    return hash;
}

/* A kernel that makes a pixel of its place: four bytes in a vector, which
 * are passed as the integer they fill. */
typedef uint32_t (*pixel_fn)(uint32_t x, uint32_t y);

static void for_each_pixel(struct rs_allocation_object *image, pixel_fn kernel)
{
    uint32_t *pixel = image->data;

    for (uint32_t i = 0; i < image->dim_x * image->dim_y; i++)
        pixel[i] = kernel(i % image->dim_x, i / image->dim_x);
}

/* One kernel over all pixels; from, and strength: NULL if it takes none. */
static void run_kernel(struct sample_code *code, const char *name,
                       const struct rs_allocation_object *from,
                       const struct rs_allocation_object *to, float *strength)
{
    BCCKernelRef kernel = sample_kernel(code, name);
    const BCCBuffer out = rs_elements(to), in = rs_elements(from ? from : to);
    BCCForEach work = {.size = sizeof(work),
                       .pool = bccCreatePool(2),
                       .range = {.end = {to->dim_x, to->dim_y}},
                       .in = &in,
                       .nIn = from != NULL,
                       .out = &out,
                       .data = strength};
    BCCRunError error;

    if (kernel && bccForEach(kernel, &work, &error))
        sample_fail(code, "%s", error.message);
    bccDisposePool(work.pool);
    bccDisposeKernel(kernel);
}

static void edit_in_pool(struct sample_code *code,
                         const struct rs_allocation_object *source,
                         const struct rs_allocation_object *scratch)
{
    float strength = 0.75f;

    run_kernel(code, "julia", NULL, source, NULL);
    run_kernel(code, "blurRows", NULL, scratch, NULL);
    run_kernel(code, "blurColumns", NULL, source, NULL);
    run_kernel(code, "grade", source, source, NULL);
    run_kernel(code, "root", source, source, &strength);
}

/* Fills, blurs by rows into scratch and back by columns, and grades. */
static void edit(struct sample_code *code, struct rs_allocation_object *source,
                 struct rs_allocation_object *scratch)
{
    pixel_fn julia = sample_find(code, "julia");
    pixel_fn blur_rows = sample_find(code, "blurRows");
    pixel_fn blur_columns = sample_find(code, "blurColumns");
    uint32_t (*grade)(uint32_t) = sample_find(code, "grade");
    void (*vignette)(const uint32_t *, uint32_t *, const float *, uint32_t,
                     uint32_t) = sample_find(code, "root");
    uint32_t *pixel = source->data;
    float strength = 0.75f;

    if (!julia || !blur_rows || !blur_columns || !grade || !vignette)
        return;
    for_each_pixel(source, julia);
    for_each_pixel(scratch, blur_rows);
    for_each_pixel(source, blur_columns);
    for (uint32_t i = 0; i < source->dim_x * source->dim_y; i++) {
        pixel[i] = grade(pixel[i]);
        vignette(&pixel[i], &pixel[i], &strength, i % source->dim_x,
                 i / source->dim_x);
    }
}

uint64_t run_app_2(struct sample_code *code)
{
    void (*init)(void) = sample_find(code, "init");
    void (*set_radius)(int) = sample_find(code, "setRadius");
    void (*set_saturation)(float) = sample_find(code, "setSaturation");
    void (*histogram)(void) = sample_find(code, "histogram");
    struct rs_allocation_object *source, *scratch, *bins;
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    source = stage_allocate(&stage, "gSource", 64, 48, 4);
    scratch = stage_allocate(&stage, "gScratch", 64, 48, 4);
    bins = stage_allocate(&stage, "gHistogram", 256, 1, 4);
    if (source && scratch && bins && init && set_radius && set_saturation &&
        histogram) {
        init();
        if (code->script)
            edit_in_pool(code, source, scratch);
        else
            edit(code, source, scratch);
        hash = stage_hash(rs_host_hash(), source, 0, 4);
        set_radius(7);
        set_saturation(1.5f);
        edit(code, source, scratch);
        histogram();
        hash = stage_hash(hash ^ rs_host_hash(), source, 0, 4);
        hash = stage_hash(hash, bins, 0, 4);
    }
    stage_release(&stage);
    return hash;
}

/* ---- Scenes ---- */

uint64_t run_scene_graph(struct sample_code *code)
{
    static const struct rs_object meshes[4] = {
        {.id = 90}, {.id = 91}, {.id = 92}, {.id = 93}};
    static const struct rs_object program = {.id = 94};
    int (*root)(void) = sample_find(code, "root");
    void (*reset)(void) = sample_find(code, "resetNodes");
    void (*move)(int, float, float, float, float) =
        sample_find(code, "setTransform");
    struct rs_allocation_object *nodes, *handles;
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    nodes = stage_allocate(&stage, "gNodes", 200, 1, 128);
    handles = stage_allocate(&stage, "gMeshes", 4, 1, sizeof(void *));
    stage_set_pointer(&stage, "gProgram", &program);
    if (nodes && handles && root && reset && move) {
        for (int i = 0; i < 4; i++)
            ((const struct rs_object **)handles->data)[i] = &meshes[i];
        reset();
        hash = RS_HASH_START;
        for (int frame = 0; frame < 10; frame++) {
            move(0, 0.0f, -1.0f, -12.0f, 9.0f * (float)frame);
            root();
            hash = hash * 31 + (uint32_t)stage_get_int(&stage, "gNDrawn");
        }
        move(-1, 0.0f, 0.0f, 0.0f, 0.0f);
        hash = stage_hash(hash ^ rs_host_hash(), nodes, 48, 64);
    }
    stage_release(&stage);
    return hash;
}

uint64_t run_model(struct sample_code *code)
{
    static const struct rs_object things[] = {
        {.id = 60}, {.id = 61}, {.id = 62}, {.id = 63}};
    void (*init)(void) = sample_find(code, "init");
    int (*root)(void) = sample_find(code, "root");
    void (*update)(void) = sample_find(code, "updateMeshInfo");
    void (*touch)(float) = sample_find(code, "onTouch");
    struct rs_allocation_object *lit;
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    stage_set_pointer(&stage, "gVertexProgram", &things[0]);
    stage_set_pointer(&stage, "gFragmentProgram", &things[1]);
    stage_set_pointer(&stage, "gStore", &things[2]);
    stage_set_pointer(&stage, "gMesh", &things[3]);
    lit = stage_allocate(&stage, "gLit", 96, 1, 4);
    if (lit && init && root && update && touch) {
        init();
        update();
        for (int frame = 0; frame < 25; frame++) {
            if (frame % 10 == 5)
                touch((float)frame - 12.0f);
            root();
        }
        hash = stage_hash(rs_host_hash(), lit, 0, 4);
    }
    stage_release(&stage);
    return hash;
}

/* The argument of .helper_setTexture. */
struct set_texture {
    int card;
    const struct rs_object *texture;
};

/* A finger drags, flings and taps, while textures arrive. */
static void play(struct sample_code *code, struct rs_object *texture)
{
    int (*root)(void) = sample_find(code, "root");
    void (*set)(const struct set_texture *) =
        sample_find(code, ".helper_setTexture");
    void (*start)(float, float) = sample_find(code, "startDrag");
    void (*drag)(float, float) = sample_find(code, "drag");
    void (*stop)(void) = sample_find(code, "stopDrag");
    void (*tap)(float, float) = sample_find(code, "tap");

    if (!root || !set || !start || !drag || !stop || !tap)
        return;
    for (int frame = 0; frame < 60; frame++) {
        if (frame == 5)
            start(300.0f, 100.0f);
        if (frame > 5 && frame < 12)
            drag(300.0f - 20.0f * (float)frame, 100.0f);
        if (frame == 12)
            stop();
        if (frame % 3 == 0)
            set(&(struct set_texture){frame / 3, texture});
        if (frame % 15 == 14)
            tap(200.0f + (float)frame, 160.0f);
        root();
    }
}

uint64_t run_app_1(struct sample_code *code)
{
    static const struct rs_object things[] = {
        {.id = 50}, {.id = 51}, {.id = 52}, {.id = 53}};
    void (*init)(void) = sample_find(code, "init");
    struct rs_object texture = {.id = 54};
    struct rs_allocation_object *cards, *lights;
    uint32_t texture_size = sizeof(void *);
    struct stage stage;
    uint64_t hash = 0;

    stage_init(&stage, code);
    cards = stage_allocate(&stage, "gCards", 12, 1, texture_size + 80);
    lights = stage_allocate(&stage, "gLights", 40, 1, 32);
    stage_set_pointer(&stage, "gVertexProgram", &things[0]);
    stage_set_pointer(&stage, "gCardProgram", &things[1]);
    stage_set_pointer(&stage, "gLightProgram", &things[2]);
    stage_set_pointer(&stage, "gCardMesh", &things[3]);
    if (cards && lights && init) {
        init();
        play(code, &texture);
        hash = stage_hash(rs_host_hash(), cards, texture_size, 80);
        hash = stage_hash(hash, lights, 0, 12);
        hash = stage_hash(hash, lights, 16, 4);
        hash += (uint64_t)texture.n_references << 32;
        hash += (uint32_t)stage_get_int(&stage, "gSelected");
    }
    stage_release(&stage);
    return hash;
}
