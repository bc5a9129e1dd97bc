/* The command line, by a table of names and of functions that take a value. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

struct options options = {
    .order = "count",
    .top = 5,
    .status = -1,
};

static bool take_number(const char *value, int *ret_number)
{
    char *end;
    long number = strtol(value, &end, 10);

    if (end == value || *end || number < 0 || number > 1000000)
        return false;
    *ret_number = (int)number;
    return true;
}

static bool take_order(const char *value)
{
    options.order = value;
    return sort_order_find(value) != NULL;
}

static bool take_top(const char *value)
{
    return take_number(value, &options.top);
}

static bool take_status(const char *value)
{
    return take_number(value, &options.status) && options.status < 256;
}

static bool take_environment(const char *value)
{
    options.environment = value;
    return *value != '\0';
}

static bool take_verbose(const char *value)
{
    options.verbose = true;
    return *value == '\0';
}

static const struct {
    const char *name;
    bool (*take)(const char *value);
} table[] = {
    {"--sort=", take_order},     {"--top=", take_top},
    {"--exit=", take_status},    {"--env=", take_environment},
    {"--verbose", take_verbose},
};

static bool parse_one(const char *argument)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t length = strlen(table[i].name);

        if (strncmp(argument, table[i].name, length) == 0)
            return table[i].take(argument + length);
    }
    return false;
}

bool options_parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!parse_one(argv[i])) {
            fprintf(stderr, "program: %s: not understood\n", argv[i]);
            return false;
        }
    }
    return true;
}
