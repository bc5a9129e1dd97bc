#include "late_library.h"

#include <dlfcn.h>

enum status late_library_bind(const char *soname, const char *user,
                              const char *const *names, size_t n_names,
                              void **ret_functions, struct error *err)
{
    void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return error_set(err, STATUS_UNSUPPORTED, "%s need %s: %s", user,
                         soname, dlerror());
    for (size_t i = 0; i < n_names; i++) {
        ret_functions[i] = dlsym(handle, names[i]);
        if (!ret_functions[i])
            return error_set(err, STATUS_UNSUPPORTED, "%s need %s: no %s in it",
                             user, soname, names[i]);
    }
    return STATUS_OK;
}
