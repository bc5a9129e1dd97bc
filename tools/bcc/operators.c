/* The C++ standard lets a program replace operator new and delete, for itself
 * and for every library of the process: what libstdc++ allocates the program
 * may delete, and the reverse. A native program's definitions come first in the
 * dynamic linker's search, so libraries are bound to them. Here the first place
 * is this executable's. So it exports functions of these names, which lead to
 * the program's if it has one, and else to what a library would have found
 * next, libstdc++'s as a rule. Libraries are bound to these functions; the
 * program's own calls never pass here.
 *
 * Where a call leads is found out when it is first made. Libraries that
 * allocate in their constructors do so before the program's code is bound: they
 * get the library's operator, and nothing is remembered.
 *
 * malloc() and free() are not replaced for libraries: every call of theirs, in
 * every program, would pass here. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* ---- Whose ---- */

/* If there is no other: a library that has libstdc++ inside was bound to us
 * and would do without. Nobody here can throw std::bad_alloc: NULL instead. */
static uintptr_t allocate_plain(uintptr_t size)
{
    return (uintptr_t)malloc(size ? size : 1);
}

/* No import: every start of the tool would pay for binding it. */
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

    /* A plug-in's, opened for itself alone. */
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

/* *place: where the answer is kept, so that it is asked for once. */
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

/* ORDER OPERATORS: exports.list exports them, lib/compiler keeps programs'
 * definitions of them.
 *
 * The arguments are passed on as they came, in registers: none has more than
 * three, and a register too many does no harm. No name of C's is used, as these
 * are not functions of C. */
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
