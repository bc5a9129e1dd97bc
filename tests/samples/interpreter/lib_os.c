/* Module os: environment, time, files. */
#include "tarn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static struct value string_or_nil(struct vm *vm, const char *text)
{
    return text ? object_value(string_from(vm, text)) : nil_value();
}

static struct value done_or_error(struct vm *vm, const char *path, int result)
{
    if (result != 0)
        vm_error(vm, "%s: %s", path, strerror(errno));
    return bool_value(true);
}

/* ---- Process ---- */

static struct value os_getenv(struct vm *vm, struct value *arguments, int n)
{
    return string_or_nil(vm, getenv(arg_string(vm, arguments, n, 0)->text));
}

static struct value os_setenv(struct vm *vm, struct value *arguments, int n)
{
    struct string *name = arg_string(vm, arguments, n, 0);

    if (n < 2)
        return done_or_error(vm, name->text, unsetenv(name->text));
    return done_or_error(
        vm, name->text,
        setenv(name->text, arg_string(vm, arguments, n, 1)->text, 1));
}

static struct value os_environment(struct vm *vm, struct value *arguments,
                                   int n)
{
    struct table *table = table_new(vm);

    (void)arguments;
    (void)n;
    for (char **variable = environ; *variable; variable++) {
        const char *equals = strchr(*variable, '=');

        if (equals)
            table_set(vm, table,
                      object_value(string_new(vm, *variable,
                                              (size_t)(equals - *variable))),
                      object_value(string_from(vm, equals + 1)));
    }
    return object_value(table);
}

static struct value os_exit(struct vm *vm, struct value *arguments, int n)
{
    exit((int)arg_number_or(vm, arguments, n, 0, 0));
}

static struct value os_cwd(struct vm *vm, struct value *arguments, int n)
{
    char path[4096];

    (void)arguments;
    (void)n;
    return string_or_nil(vm, getcwd(path, sizeof(path)));
}

/* ---- Time ---- */

static struct value os_time(struct vm *vm, struct value *arguments, int n)
{
    (void)vm;
    (void)arguments;
    (void)n;
    return number_value((double)time(NULL));
}

static struct value os_clock(struct vm *vm, struct value *arguments, int n)
{
    struct timespec now;

    (void)vm;
    (void)arguments;
    (void)n;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return number_value((double)now.tv_sec + (double)now.tv_nsec * 1e-9);
}

static struct value os_date(struct vm *vm, struct value *arguments, int n)
{
    struct string *format = arg_string(vm, arguments, n, 0);
    time_t when =
        (time_t)arg_number_or(vm, arguments, n, 1, (double)time(NULL));
    struct tm parts;
    char text[256];

    if (!gmtime_r(&when, &parts))
        return nil_value();
    return object_value(string_new(
        vm, text, strftime(text, sizeof(text), format->text, &parts)));
}

static struct value os_mktime(struct vm *vm, struct value *arguments, int n)
{
    struct tm parts = {0};

    parts.tm_year = (int)arg_integer(vm, arguments, n, 0, 0, 9999) - 1900;
    parts.tm_mon = (int)arg_integer(vm, arguments, n, 1, 1, 12) - 1;
    parts.tm_mday = (int)arg_integer(vm, arguments, n, 2, 1, 31);
    parts.tm_hour = (int)arg_number_or(vm, arguments, n, 3, 0);
    parts.tm_min = (int)arg_number_or(vm, arguments, n, 4, 0);
    parts.tm_sec = (int)arg_number_or(vm, arguments, n, 5, 0);
    return number_value((double)mktime(&parts));
}

/* ---- Files ---- */

static struct value os_read(struct vm *vm, struct value *arguments, int n)
{
    struct string *path = arg_string(vm, arguments, n, 0), *content;
    FILE *file = fopen(path->text, "rb");
    long size;

    if (!file)
        vm_error(vm, "%s: %s", path->text, strerror(errno));
    if (fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0) {
        fclose(file);
        vm_error(vm, "%s: no size", path->text);
    }
    fseek(file, 0, SEEK_SET);
    content = string_reserve(vm, (size_t)size);
    content->length = (uint32_t)fread(content->text, 1, (size_t)size, file);
    content->text[content->length] = '\0';
    fclose(file);
    return object_value(string_intern(vm, content));
}

static struct value write_file(struct vm *vm, struct value *arguments, int n,
                               const char *mode)
{
    struct string *path = arg_string(vm, arguments, n, 0);
    struct string *text = arg_string(vm, arguments, n, 1);
    FILE *file = fopen(path->text, mode);
    bool good;

    if (!file)
        vm_error(vm, "%s: %s", path->text, strerror(errno));
    good = fwrite(text->text, 1, text->length, file) == text->length;
    good &= fclose(file) == 0;
    return bool_value(good);
}

static struct value os_write(struct vm *vm, struct value *arguments, int n)
{
    return write_file(vm, arguments, n, "wb");
}

static struct value os_append(struct vm *vm, struct value *arguments, int n)
{
    return write_file(vm, arguments, n, "ab");
}

static struct value os_read_line(struct vm *vm, struct value *arguments, int n)
{
    char text[4096];

    (void)arguments;
    (void)n;
    if (!fgets(text, sizeof(text), stdin))
        return nil_value();
    text[strcspn(text, "\n")] = '\0';
    return object_value(string_from(vm, text));
}

static struct value os_size(struct vm *vm, struct value *arguments, int n)
{
    struct stat st;

    if (stat(arg_string(vm, arguments, n, 0)->text, &st))
        return nil_value();
    return number_value((double)st.st_size);
}

static struct value os_flush(struct vm *vm, struct value *arguments, int n)
{
    (void)vm;
    (void)arguments;
    (void)n;
    return bool_value(fflush(stdout) == 0);
}

#define FILE_ACTIONS(X) X(remove, remove(path)) X(mkdir, mkdir(path, 0777))

#define X(name, action)                                                        \
    static struct value os_##name(struct vm *vm, struct value *arguments,      \
                                  int n)                                       \
    {                                                                          \
        const char *path = arg_string(vm, arguments, n, 0)->text;              \
                                                                               \
        return done_or_error(vm, path, action);                                \
    }
FILE_ACTIONS(X)
#undef X

static const struct builtin builtins[] = {{"getenv", os_getenv},
                                          {"setenv", os_setenv},
                                          {"environment", os_environment},
                                          {"exit", os_exit},
                                          {"cwd", os_cwd},
                                          {"time", os_time},
                                          {"clock", os_clock},
                                          {"date", os_date},
                                          {"mktime", os_mktime},
                                          {"read", os_read},
                                          {"write", os_write},
                                          {"append", os_append},
                                          {"read_line", os_read_line},
                                          {"size", os_size},
                                          {"flush", os_flush},
#define X(name, action) {#name, os_##name},
                                          FILE_ACTIONS(X)
#undef X
};

void library_open_os(struct vm *vm)
{
    library_add(vm, "os", builtins, sizeof(builtins) / sizeof(builtins[0]));
}
