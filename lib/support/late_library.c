#include "late_library.h"

#include <dlfcn.h>
#include <string.h>

enum status late_library_bind(const char *soname, const char *user,
                              const char *names, void **ret_functions,
                              struct error *err)
{
    void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return error_set(err, STATUS_UNSUPPORTED, "%s need %s: %s", user,
                         soname, dlerror());
    for (; *names; names += strlen(names) + 1) {
        *ret_functions = dlsym(handle, names);
        if (!*ret_functions++)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s need %s, which lacks %s", user, soname, names);
    }
    return STATUS_OK;
}
