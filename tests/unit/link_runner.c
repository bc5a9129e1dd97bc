/* link_runner IMAGE NAME: loads the image as the C library does, and calls the
 * export. Its result, 0 to 255, is the exit status; 255 that there is none. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    void *handle = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    void *address = handle ? dlsym(handle, argv[2]) : NULL;
    long (*function)(void);
    long result;

    if (!address) {
        fprintf(stderr, "%s\n", argc == 3 ? dlerror() : "wrong arguments");
        return 255;
    }
    memcpy(&function, &address, sizeof(function));
    result = function();
    dlclose(handle);
    return result >= 0 && result < 255 ? (int)result : 255;
}
