/* The C++ standard lets a program replace operator new and delete, for itself
 * and for every library of the process: the program may delete memory that
 * libstdc++ allocated, and the reverse. A native program's definitions come
 * first in the dynamic linker's search, so libraries are bound to them. Under
 * bcc run this executable comes first. So it exports functions of these names,
 * which call the program's operator if it has one, and else the one that a
 * library would have found next, usually libstdc++'s. Libraries are bound to
 * these functions; the program's own calls never pass here.
 *
 * The target of a call is looked up at the first call. Libraries that allocate
 * in their constructors do so before the program's code is bound: they get the
 * library's operator, and the answer is not stored.
 *
 * malloc() and free() are not replaced for libraries, because every call of
 * them, in every program, would come here. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* ---- Whose ---- */

/* Used if there is no other operator new: a library that contains libstdc++ was
 * bound to this executable, although it has its own. This file cannot throw
 * std::bad_alloc, so it returns NULL instead. */
static uintptr_t allocate_plain(uintptr_t size)
{
    return (uintptr_t)malloc(size ? size : 1);
}

/* By dlsym(), because each start of the tool would pay to bind an import. */
static uintptr_t allocate_aligned(uintptr_t size, uintptr_t align)
{
    void *(*allocate)(size_t, size_t);

    *(void **)&allocate = dlsym(RTLD_DEFAULT, "aligned_alloc");
    return (uintptr_t)allocate(align, (size + align - 1) & -align);
}

static void *find_default(const char *name)
{
    static const char library[] = "libstdc++.so.6";
    void *address = dlsym(RTLD_NEXT, name);
    void *handle;

    /* A libstdc++ that was opened for a plug-in only. */
    if (!address && (handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD)))
        address = dlsym(handle, name);
    if (address)
        return address;
    if (strncmp(name, "_Zd", 3) == 0)
        return (void *)free;
    return name[5] == 'S' ? (void *)allocate_aligned : (void *)allocate_plain;
}

typedef uintptr_t operator_fn(uintptr_t first, uintptr_t second,
                              uintptr_t third);

/* *place keeps the answer, so that the lookup happens once. */
static operator_fn *find(operator_fn **place, const char *name)
{
    BCCImage image;
    const bool is_ready = program_image(&image);
    void *address = program_function(name);
    operator_fn *function;

    if (!address)
        address = find_default(name);
    *(void **)&function = address;
    if (is_ready)
        __atomic_store_n(place, function, __ATOMIC_RELAXED);
    return function;
}

/* ---- The exported functions ---- */

/* ORDER OPERATORS: exports.list exports them, lib/compiler keeps the program's
 * definitions of them.
 *
 * The arguments are passed on in registers: no operator has more than three,
 * and an extra register does no harm. The names are not those of C functions,
 * as these are no functions of C. */
#define OPERATOR(id, symbol)                                                   \
    __attribute__((visibility("default"), used)) uintptr_t operator_##id(      \
        uintptr_t first, uintptr_t second, uintptr_t third) __asm__(symbol);   \
    uintptr_t operator_##id(uintptr_t first, uintptr_t second,                 \
                            uintptr_t third)                                   \
    {                                                                          \
        static operator_fn *kept;                                              \
        operator_fn *function = __atomic_load_n(&kept, __ATOMIC_RELAXED);      \
                                                                               \
        if (!function)                                                         \
            function = find(&kept, symbol);                                    \
        return function(first, second, third);                                 \
    }

#if __SIZE_WIDTH__ == 64
#define SIZE "m"
#else
#define SIZE "j"
#endif
#define NOTHROW "RKSt9nothrow_t"
#define ALIGN   "St11align_val_t"

OPERATOR(new, "_Znw" SIZE)
OPERATOR(new_nothrow, "_Znw" SIZE NOTHROW)
OPERATOR(new_aligned, "_Znw" SIZE ALIGN)
OPERATOR(new_aligned_nothrow, "_Znw" SIZE ALIGN NOTHROW)
OPERATOR(new_array, "_Zna" SIZE)
OPERATOR(new_array_nothrow, "_Zna" SIZE NOTHROW)
OPERATOR(new_array_aligned, "_Zna" SIZE ALIGN)
OPERATOR(new_array_aligned_nothrow, "_Zna" SIZE ALIGN NOTHROW)
OPERATOR(delete, "_ZdlPv")
OPERATOR(delete_sized, "_ZdlPv" SIZE)
OPERATOR(delete_nothrow, "_ZdlPv" NOTHROW)
OPERATOR(delete_aligned, "_ZdlPv" ALIGN)
OPERATOR(delete_sized_aligned, "_ZdlPv" SIZE ALIGN)
OPERATOR(delete_aligned_nothrow, "_ZdlPv" ALIGN NOTHROW)
OPERATOR(delete_array, "_ZdaPv")
OPERATOR(delete_array_sized, "_ZdaPv" SIZE)
OPERATOR(delete_array_nothrow, "_ZdaPv" NOTHROW)
OPERATOR(delete_array_aligned, "_ZdaPv" ALIGN)
OPERATOR(delete_array_sized_aligned, "_ZdaPv" SIZE ALIGN)
OPERATOR(delete_array_aligned_nothrow, "_ZdaPv" ALIGN NOTHROW)
