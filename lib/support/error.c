#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_make_line(char *message)
{
    for (; *message; message++)
        if ((unsigned char)*message < ' ' || *message == 0x7f)
            *message = '?';
}

enum status error_set(struct error *err, enum status status, const char *format,
                      ...)
{
    va_list args;

    if (err) {
        err->status = status;
        err->os_errno = 0;
        err->reason = REASON_NONE;
        va_start(args, format);
        vsnprintf(err->message, sizeof(err->message), format, args);
        va_end(args);
        error_make_line(err->message);
    }
    return status;
}

enum status error_set_os(struct error *err, int os_errno, const char *format,
                         ...)
{
    enum status status = os_errno == ENOMEM ? STATUS_NO_MEMORY : STATUS_IO;
    va_list args;
    size_t used;

    if (!err)
        return status;
    err->status = status;
    err->os_errno = os_errno;
    err->reason = REASON_NONE;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    error_make_line(err->message);
    used = strlen(err->message);
    /* strerrordesc_np: no locale, no static buffer, safe in any thread. */
    const char *text = strerrordesc_np(os_errno);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s",
             text ? text : "unknown error");
    return status;
}

enum status error_no_memory(struct error *err)
{
    return error_set(err, STATUS_NO_MEMORY, "out of memory");
}
