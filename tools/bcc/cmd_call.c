/* bcc call: one function of a script, with arguments parsed by its
 * signature. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_run.h>

#include "commands.h"
#include "print.h"
#include "resource.h"
#include "script_setup.h"

enum { MAX_ARGUMENTS = 32, MAX_BYTES = 64 };

/* ---- Types ----
 * The result of a dry bccInvoke() tells no types, so the signature is read:
 * "i32 f64:x <4 x f32> -> ptr". */

struct type {
    uint32_t type, lanes;
};

static bool read_scalar(const char *text, uint32_t *ret_type)
{
    static const struct {
        const char *name;
        uint32_t type;
    } names[] = {{"f32", BCC_F32},
                 {"f64", BCC_F64},
                 {"ptr", BCC_PTR},
                 {"void", BCC_VOID}};
    unsigned long bits;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(text, names[i].name, strlen(names[i].name)) == 0) {
            *ret_type = names[i].type;
            return true;
        }
    bits = *text == 'i' ? strtoul(text + 1, NULL, 10) : 0;
    *ret_type = BCC_INT((uint32_t)bits);
    return bits > 0 && bits <= 64;
}

/* Read the type at *text; *text is moved behind it. False: such values cannot
 * be written on a command line. */
static bool read_type(const char **text, struct type *ret_type)
{
    char *end = NULL;

    *ret_type = (struct type){0};
    if (**text == '<') {
        ret_type->lanes = (uint32_t)strtoul(*text + 1, &end, 10);
        if (strncmp(end, " x ", 3) != 0 ||
            !read_scalar(end + 3, &ret_type->type))
            return false;
        *text = end + 3;
    } else if (!read_scalar(*text, &ret_type->type)) {
        return false;
    }
    *text += strcspn(*text, " ");
    *text += **text == ' ';
    return true;
}

static size_t lane_size(uint32_t type)
{
    return type == BCC_PTR ? sizeof(void *) : ((type & 0xffff) + 7) / 8;
}

/* ---- Arguments ---- */

/* Read one number at *text; *text is moved behind it. */
static bool parse_lane(const char **text, uint32_t type, BCCValue *value)
{
    char *end;

    errno = 0;
    if (type == BCC_F32)
        value->u.f = strtof(*text, &end);
    else if (type == BCC_F64)
        value->u.d = strtod(*text, &end);
    else if (**text == '-')
        value->u.i = strtoll(*text, &end, 0);
    else
        value->u.i = (int64_t)strtoull(*text, &end, 0);
    if (end == *text || errno == ERANGE)
        return false;
    *text = end;
    return true;
}

static bool parse_value(const char *text, const struct type *type,
                        BCCValue *ret_value)
{
    const size_t size = lane_size(type->type);
    BCCValue value = {.type = type->type, .lanes = type->lanes}, lane = {0};

    if (type->type == BCC_PTR && !type->lanes) {
        value.u.p = (void *)text;
        *ret_value = value;
        return true;
    }
    if (type->lanes * size > MAX_BYTES)
        return false;
    for (uint32_t i = 0; i < (type->lanes ? type->lanes : 1); i++) {
        if ((i > 0 && *text++ != ',') || !parse_lane(&text, type->type, &lane))
            return false;
        if (!type->lanes)
            value.u = lane.u;
        else
            memcpy(value.u.v + i * size, lane.u.v, size);
    }
    *ret_value = value;
    return *text == '\0';
}

/* ---- Result ---- */

static void print_lane(const BCCValue *value, uint32_t type)
{
    switch (type) {
    case BCC_VOID:
        return;
    case BCC_F32:
        printf("%.9g", (double)value->u.f);
        return;
    case BCC_F64:
        printf("%.17g", value->u.d);
        return;
    case BCC_PTR:
        printf("%p", value->u.p);
        return;
    default:
        printf("%" PRId64, value->u.i);
        return;
    }
}

/* A lane of the value; integers are shown with a sign. */
static BCCValue lane_of(const BCCValue *value, uint32_t index)
{
    const size_t size = lane_size(value->type);
    BCCValue lane = {.type = value->type};

    memcpy(lane.u.v, value->u.v + index * size, size);
    if ((value->type & 0xff0000) == BCC_INT(0) && size < sizeof(int64_t))
        lane.u.i =
            (int64_t)((uint64_t)lane.u.i << (64 - 8 * size)) >> (64 - 8 * size);
    return lane;
}

static void print_result(const BCCValue *value)
{
    for (uint32_t i = 0; i < value->lanes; i++) {
        const BCCValue lane = lane_of(value, i);

        fputs(i ? "," : "", stdout);
        print_lane(&lane, value->type);
    }
    if (!value->lanes)
        print_lane(value, value->type);
    if (value->type != BCC_VOID)
        putchar('\n');
}

/* ---- The call ---- */

static bool parse_arguments(const char *name, const char *signature,
                            char **words, int n, BCCValue *values)
{
    int i = 0;

    while (strncmp(signature, "->", 2) != 0) {
        struct type type;

        if (i == MAX_ARGUMENTS || !read_type(&signature, &type)) {
            complain("%s: parameter %d: %s: cannot be written here", name,
                     i + 1, signature);
            return false;
        }
        if (i < n && !parse_value(words[i], &type, &values[i])) {
            complain("%s: argument %d: '%s' is no value of its type "
                     "(bcc dump shows the signature)",
                     name, i + 1, words[i]);
            return false;
        }
        i++;
    }
    if (i == n)
        return true;
    complain("%s: wanted %d arguments, given %d", name, i, n);
    return false;
}

static int call_function(BCCScriptRef script, char **words, int n)
{
    const char *name = words[0];
    const char *signature = bccGetFuncSignature(script, name);
    BCCValue values[MAX_ARGUMENTS], result = {0};
    BCCRunError error = {.message = ""};
    BCCCallRef call;
    int failed = 1;

    if (!signature) {
        complain("%s: no exported function '%s'", words[-1], name);
        return EXIT_FAILED;
    }
    if (!parse_arguments(name, signature, words + 1, n - 1, values))
        return EXIT_FAILED;
    call = bccGetCall(script, name, NULL, &error);
    if (call)
        failed = bccInvoke(call, values, (size_t)n - 1, &result, &error);
    bccDisposeCall(call);
    if (failed) {
        complain("%s", error.message);
        return EXIT_FAILED;
    }
    print_result(&result);
    return EXIT_OK;
}

int cmd_call(struct options *options)
{
    BCCScriptRef script;
    int status = EXIT_FAILED;
    bool failed;

    if (options->n_arguments < 2) {
        complain("call: a file and a function are needed (bcc help call)");
        return EXIT_USAGE;
    }
    script = setup_script(options, options->arguments[0], false, &failed);
    if (!script)
        return EXIT_FAILED;
    if (!failed && !resource_is_compiled(options->arguments[0]))
        bccAllowCalls(script);
    if (failed ||
        bccPrepareExecutable(script, NULL, NULL,
                             setup_flags(options, false) | BCC_PROCESS_SYMBOLS))
        complain("%s", bccGetErrorMessage(script));
    else
        status = call_function(script, options->arguments + 1,
                               options->n_arguments - 1);
    bccDisposeScript(script);
    return status;
}
