#include "program.h"

#include <stddef.h>
#include <stdlib.h>

static struct {
    BCCScriptRef script;
    const char *path;
} program;

/* Registered first of all handlers: a native program's destructors run after
 * every handler that the program, from its constructors on, passed to atexit().
 * Nothing is unmapped: stdio's last flush may read a buffer of the program. */
static void run_destructors(void)
{
    bccStopScript(program.script);
}

bool program_set(BCCScriptRef script, const char *path)
{
    program.script = script;
    program.path = path;
    return !script || atexit(run_destructors) == 0;
}

bool program_image(BCCImage *ret_image)
{
    ret_image->size = sizeof(*ret_image);
    return program.script && bccGetImage(program.script, ret_image) == 0;
}

const char *program_path(void)
{
    return program.path;
}

void *program_function(const char *name)
{
    BCCImage image;

    return program_image(&image) ? bccGetFuncAddr(program.script, name) : NULL;
}
