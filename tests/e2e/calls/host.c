/* host FILE.oBCC: a host whose functions call a script's by the addresses that
 * the library gives, and are called back. Linked with the native side and
 * libobcc. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <bcc/bcc.h>

#include "calls.h"

#define FUNCTION_TYPE(n) fn_##n *f_##n;
struct table {
    EACH_CASE(FUNCTION_TYPE)
};
extern const struct table native_table;
void native_calls(const struct table *table);
int native_checked(int *n);

int main(int argc, char **argv)
{
    BCCScriptRef script = bccCreateScript();
    struct table table;
    void (*script_calls)(const struct table *);
    int (*script_checked)(int *);
    int checked, wrong = 0;

    if (argc != 2 || bccReadExecutableFile(script, argv[1], 0) ||
        bccPrepareExecutable(script, NULL, NULL, BCC_PROCESS_SYMBOLS)) {
        fprintf(stderr, "host: %s\n", bccGetErrorMessage(script));
        return 2;
    }
#define GET(to, name)                                                          \
    to = (__typeof__(to))(uintptr_t)bccGetFuncAddr(script, name);              \
    if (!to)                                                                   \
        return 2;
#define GET_ROW(n) GET(table.f_##n, "script_f_" #n)
    EACH_CASE(GET_ROW)
    GET(script_calls, "script_calls")
    GET(script_checked, "script_checked")

    native_calls(&table);
    script_calls(&native_table);
    checked = native_checked(&wrong) + script_checked(&wrong);
    printf("%d checks, %d wrong\n", checked, wrong);
    bccDisposeScript(script);
    return wrong != 0 || checked == 0;
}
