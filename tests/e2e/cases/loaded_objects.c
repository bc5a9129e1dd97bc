/* A walk over the loaded objects finds all of them, libc included.
 *
 * STATUS: 0
 * OUTPUT:
 * all 0
 * several 1, bad 0, libc 1
 * stopped 42
 * handle 1
 * same puts 1
 * name libc.so.6
 * none 1
 * called
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

struct seen {
    int n;
    int without_headers;
    int libc;
};

static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
    struct seen *seen = data;
    ElfW(Addr) wanted = (ElfW(Addr))(void *)printf;

    seen->n++;
    seen->without_headers += size < sizeof(*info) || !info->dlpi_phdr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        ElfW(Addr) start = info->dlpi_addr + header->p_vaddr;

        if (header->p_type == PT_LOAD && wanted >= start &&
            wanted - start < header->p_memsz)
            seen->libc++;
    }
    return 0;
}

static int stop(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)info;
    (void)size;
    (void)data;
    return 42;
}

int main(void)
{
    struct seen seen = {0};
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    Dl_info info;
    int (*put)(const char *);

    printf("all %d\n", dl_iterate_phdr(visit, &seen));
    printf("several %d, bad %d, libc %d\n", seen.n > 2, seen.without_headers,
           seen.libc);
    printf("stopped %d\n", dl_iterate_phdr(stop, NULL));
    printf("handle %d\n", libc != NULL);
    *(void **)&put = dlsym(libc, "puts");
    printf("same puts %d\n", put == puts);
    if (dladdr((void *)put, &info))
        printf("name %s\n", strrchr(info.dli_fname, '/') + 1);
    printf("none %d\n", dlsym(RTLD_DEFAULT, "no_such_function") == NULL);
    put("called");
    return dlclose(libc);
}
