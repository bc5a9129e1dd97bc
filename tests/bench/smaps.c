#include "smaps.h"

#include <malloc.h>
#include <string.h>

static void add_field(const char *line, struct smaps *sum)
{
    const struct {
        const char *name;
        uint64_t *sum;
    } fields[] = {{"Anonymous:", &sum->anonymous},
                  {"Private_Dirty:", &sum->private_dirty},
                  {"Shared_Dirty:", &sum->shared_dirty}};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const size_t length = strlen(fields[i].name);
        unsigned long long value;

        if (strncmp(line, fields[i].name, length) == 0 &&
            sscanf(line + length, "%llu", &value) == 1)
            *fields[i].sum += value;
    }
}

/* path NULL: all of the process. */
static bool read_smaps(const char *file_name, const char *path,
                       const char *permissions, struct smaps *ret_sum)
{
    FILE *file = fopen(file_name, "r");
    char line[BENCH_PATH_SIZE + 256];
    bool is_wanted = !path;

    memset(ret_sum, 0, sizeof(*ret_sum));
    if (!file)
        return bench_refuse("%s: cannot be opened", file_name);
    while (fgets(line, sizeof(line), file)) {
        unsigned long long from, to;
        char found[8];

        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%llx-%llx %7s", &from, &to, found) == 3)
            is_wanted = !path || (strcmp(found, permissions) == 0 &&
                                  strstr(line, path) != NULL);
        else if (is_wanted)
            add_field(line, ret_sum);
    }
    fclose(file);
    return true;
}

bool smaps_before(struct smaps *ret_sum)
{
    malloc_trim(0);
    return smaps_total(ret_sum);
}

bool smaps_total(struct smaps *ret_sum)
{
    return read_smaps("/proc/self/smaps_rollup", NULL, NULL, ret_sum);
}

bool smaps_of_file(const char *path, const char *permissions,
                   struct smaps *ret_sum)
{
    return read_smaps("/proc/self/smaps", path, permissions, ret_sum);
}
