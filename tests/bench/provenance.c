#include "artefact.h"

#include <string.h>

static void add_origin(struct provenance *from, const char *origin)
{
    for (size_t i = 0; i < from->n_origins; i++)
        if (strcmp(from->origin[i], origin) == 0)
            return;
    if (from->n_origins == MAX_ORIGINS)
        bench_die("too many inputs");
    memcpy(from->origin[from->n_origins++], origin, ORIGIN_SIZE);
}

void provenance_read_options(const char *const *argv, struct provenance *from)
{
    for (; *argv; argv++) {
        const char *const value = strchr(*argv, '=');

        if (strncmp(*argv, "-march=", 7) == 0 ||
            strncmp(*argv, "-mcpu=", 6) == 0)
            snprintf(from->cpu, sizeof(from->cpu), "%s", value + 1);
        else if (strncmp(*argv, "-O", 2) == 0)
            snprintf(from->opt, sizeof(from->opt), "%s", *argv + 2);
    }
}

void provenance_add(struct provenance *a, const struct provenance *b)
{
    for (size_t i = 0; i < b->n_origins; i++)
        add_origin(a, b->origin[i]);
}

static bool same_origins(const struct provenance *a, const struct provenance *b)
{
    size_t n_found = 0;

    for (size_t i = 0; i < a->n_origins; i++)
        for (size_t j = 0; j < b->n_origins; j++)
            n_found += strcmp(a->origin[i], b->origin[j]) == 0;
    return n_found == a->n_origins && a->n_origins == b->n_origins;
}

bool provenance_is_same(const char *a_name, const struct provenance *a,
                        const char *b_name, const struct provenance *b)
{
    if (!same_origins(a, b))
        return bench_refuse("%s and %s are not made from the same bitcode",
                            a_name, b_name);
    if (strcmp(a->cpu, b->cpu) != 0)
        return bench_refuse("%s is made for CPU '%s', %s for '%s'", a_name,
                            a->cpu, b_name, b->cpu);
    if (strcmp(a->opt, b->opt) != 0)
        return bench_refuse("%s is made at level '%s', %s at '%s'", a_name,
                            a->opt, b_name, b->opt);
    return true;
}
