/* The program finds itself among the loaded objects: first, without a name, and
 * with all its parts, from its constructors on.
 *
 * STATUS: 0
 * OUTPUT:
 * constructor: own 1
 * first: name '', code 1, data 1, dynamic 1, unwind table 1, tls 1
 * others: nameless 0, own 0
 * stopped 5 after 1
 * thread: tls 1, own block 1
 * code: base 1, file 1, symbol 0
 * data: base 1, file 1, symbol 0
 * stack: 0
 * libc: base 1
 * library: counted 1
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct index {
    size_t module, offset;
};
typedef void *get_addr_fn(const struct index *index);

static int variable = 1;
static _Thread_local int own_variable = 2;

/* What is seen of the first object, and of the others. */
struct seen {
    int n, nameless, own;
    char name[8];
    uintptr_t base;
    int code, data, dynamic, unwind_table, tls;
    unsigned long long adds;
};

static int holds(const struct dl_phdr_info *object, const ElfW(Phdr) * header,
                 const void *address)
{
    uintptr_t start = object->dlpi_addr + header->p_vaddr;

    return (uintptr_t)address - start < header->p_memsz;
}

/* Its thread-local variables are where it says, and where its number leads. */
static int is_own_block(const struct dl_phdr_info *object,
                        const ElfW(Phdr) * header)
{
    struct index index = {object->dlpi_tls_modid, 0};
    uintptr_t block = (uintptr_t)object->dlpi_tls_data;
    get_addr_fn *get_addr;

    *(void **)&get_addr = dlsym(RTLD_DEFAULT, "__tls_get_addr");
    return index.module != 0 &&
           (uintptr_t)&own_variable - block < header->p_memsz &&
           (uintptr_t)get_addr(&index) == block;
}

static void look_into_first(const struct dl_phdr_info *object,
                            struct seen *seen)
{
    snprintf(seen->name, sizeof(seen->name), "%s", object->dlpi_name);
    seen->base = object->dlpi_addr;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        const unsigned char *start =
            (const void *)(object->dlpi_addr + header->p_vaddr);

        if (header->p_type == PT_LOAD && header->p_flags & PF_X)
            seen->code += holds(object, header, (void *)look_into_first);
        else if (header->p_type == PT_LOAD && header->p_flags & PF_W)
            seen->data += holds(object, header, &variable);
        else if (header->p_type == PT_DYNAMIC)
            seen->dynamic++;
        else if (header->p_type == PT_GNU_EH_FRAME)
            seen->unwind_table += *start == 1; /* its version */
        else if (header->p_type == PT_TLS)
            seen->tls += is_own_block(object, header);
    }
}

static int visit(struct dl_phdr_info *object, size_t size, void *data)
{
    struct seen *seen = data;

    (void)size;
    seen->adds = object->dlpi_adds;
    if (seen->n++ == 0) {
        look_into_first(object, seen);
        return 0;
    }
    seen->nameless += object->dlpi_name[0] == 0;
    for (int i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_LOAD)
            seen->own += holds(object, &object->dlpi_phdr[i], &variable);
    return 0;
}

static int stop(struct dl_phdr_info *object, size_t size, void *n)
{
    (void)object;
    (void)size;
    ++*(int *)n;
    return 5;
}

__attribute__((constructor)) static void look_early(void)
{
    struct seen seen = {0};

    dl_iterate_phdr(visit, &seen);
    printf("constructor: own %d\n", seen.code && seen.data);
}

static void *look_in_thread(void *mains)
{
    struct seen seen = {0};

    own_variable = 3;
    dl_iterate_phdr(visit, &seen);
    printf("thread: tls %d, own block %d\n", seen.tls,
           (void *)&own_variable != mains);
    return NULL;
}

static void look_up(const char *what, const void *address, uintptr_t base,
                    const char *name)
{
    Dl_info info = {.dli_sname = "none"};

    if (!dladdr(address, &info)) {
        printf("%s: none\n", what);
        return;
    }
    printf("%s: base %d, file %d, symbol %d\n", what,
           (uintptr_t)info.dli_fbase == base, strcmp(info.dli_fname, name) == 0,
           info.dli_sname || info.dli_saddr);
}

int main(int argc, char **argv)
{
    struct seen seen = {0}, later = {0};
    pthread_t thread;
    Dl_info info;
    int n = 0;

    (void)argc;
    dl_iterate_phdr(visit, &seen);
    printf("first: name '%s', code %d, data %d, dynamic %d, unwind table %d, "
           "tls %d\n",
           seen.name, seen.code, seen.data, seen.dynamic, seen.unwind_table,
           seen.tls);
    printf("others: nameless %d, own %d\n", seen.nameless, seen.own);
    printf("stopped %d", dl_iterate_phdr(stop, &n));
    printf(" after %d\n", n);
    pthread_create(&thread, NULL, look_in_thread, &own_variable);
    pthread_join(thread, NULL);
    look_up("code", (void *)main, seen.base, argv[0]);
    look_up("data", &variable, seen.base, argv[0]);
    printf("stack: %d\n", dladdr(&n, &info));
    printf("libc: base %d\n",
           dladdr((void *)printf, &info) && info.dli_fbase < (void *)printf);
    if (!dlopen("libBrokenLocale.so.1", RTLD_NOW)) /* it is a part of glibc */
        puts(dlerror());
    dl_iterate_phdr(visit, &later);
    printf("library: counted %d\n", later.adds > seen.adds);
    return 0;
}
