#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "print.h"
#include "prune.h"

bool settings_config_path(char *path, size_t size)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int length = -1;

    if (base && *base == '/') /* a relative path must be ignored */
        length = snprintf(path, size, "%s/bcc/config", base);
    else if (home && *home)
        length = snprintf(path, size, "%s/.config/bcc/config", home);
    return length >= 0 && (size_t)length < size;
}

/* Cut blanks from both ends. */
static char *trim(char *text)
{
    char *end;

    text += strspn(text, " \t\r\n");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r\n", end[-1]))
        end--;
    *end = '\0';
    return text;
}

/* NULL: there is no such file. A file that cannot be read is reported. Does not
 * wait for a fifo. */
static FILE *open_config(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    FILE *file = NULL;
    struct stat st;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return NULL;
    if (fd < 0 || fstat(fd, &st) < 0)
        complain("%s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        complain("%s: not a regular file", path);
    else
        file = fdopen(fd, "r");
    if (!file)
        file_close(fd);
    return file;
}

/* Read lines "name = value"; "#" begins a comment. The last line of a name
 * counts. True: there was a valid line. */
static bool read_config(const char *path, uint64_t *ret_bytes)
{
    FILE *file = open_config(path);
    char *line = NULL;
    size_t capacity = 0;
    bool found = false;

    if (!file)
        return false;
    for (int number = 1; getline(&line, &capacity, file) >= 0; number++) {
        char *value, *name;

        line[strcspn(line, "#")] = '\0';
        name = trim(line);
        value = strchr(name, '=');
        if (!*name)
            continue;
        if (value)
            *value++ = '\0';
        if (!value || strcmp(trim(name), "cache-size") != 0)
            complain("%s:%d: not a line 'cache-size = SIZE'", path, number);
        else if (prune_parse_limit(trim(value), ret_bytes))
            found = true;
        else
            complain("%s:%d: '%s' is not a size", path, number, trim(value));
    }
    free(line);
    fclose(file);
    return found;
}

static void set_origin(struct cache_limit *limit, const char *origin)
{
    snprintf(limit->origin, sizeof(limit->origin), "%s", origin);
}

void settings_cache_limit(const struct options *options,
                          struct cache_limit *ret_limit)
{
    const char *environment = getenv("BCC_CACHE_SIZE");

    if (options->max_size.is_given) {
        ret_limit->bytes = options->max_size.bytes;
        set_origin(ret_limit, "--max-size");
        return;
    }
    if (environment && *environment) {
        set_origin(ret_limit, "BCC_CACHE_SIZE");
        if (prune_parse_limit(environment, &ret_limit->bytes))
            return;
        complain("BCC_CACHE_SIZE=%s: not a size", environment);
    }
    if (settings_config_path(ret_limit->origin, sizeof(ret_limit->origin)) &&
        read_config(ret_limit->origin, &ret_limit->bytes))
        return;
    ret_limit->bytes = PRUNE_DEFAULT_LIMIT;
    set_origin(ret_limit, "default");
}

uint64_t settings_cache_limit_bytes(void *context)
{
    struct cache_limit limit;

    settings_cache_limit(context, &limit);
    return limit.bytes;
}

void settings_print_limit(const struct cache_limit *limit, bool json)
{
    if (limit->bytes == PRUNE_NO_LIMIT)
        fputs(json ? "null" : "none", stdout);
    else
        printf("%" PRIu64, limit->bytes);
}

void settings_print_origin(const struct cache_limit *limit)
{
    fputs(" (", stdout);
    print_visible(stdout, limit->origin);
    puts(")");
}
