/* References: ELF gABI, chapter 5; "GNU Hash ELF Sections" of the glibc and
 * binutils lists for DT_GNU_HASH; the comments of glibc's elf/dl-lookup.c for
 * which of several versions dlsym() takes. */
#include "host_symbols.h"

#include <string.h>
#include <sys/auxv.h>

#include "load_machine.h"
#include "symbol_hash.h"

enum { WORD_BITS = 8 * sizeof(ElfW(Addr)) };

/* ---- One object ---- */

/* The dynamic linker has replaced the file's offsets by addresses, unless the
 * section is read-only. */
static const void *table_at(const struct link_map *map, ElfW(Addr) value)
{
    return (const void *)(value < map->l_addr ? value + map->l_addr : value);
}

/* nbuckets, first symbol with a hash, words of the filter, shift; the filter;
 * the buckets; a hash for each symbol from the first one. */
static void read_hash_table(struct host_object *object, const uint32_t *table)
{
    const uint32_t first_symbol = table[1], n_words = table[2];

    object->n_buckets = table[0];
    object->filter_mask = n_words - 1;
    object->filter_shift = table[3];
    object->filter = (const void *)(table + 4);
    object->buckets = (const void *)(object->filter + n_words);
    object->chain = object->buckets + object->n_buckets - first_symbol;
}

COLD bool host_object_read(const struct link_map *map,
                           struct host_object *ret_object)
{
    struct host_object object = {.base = map->l_addr};
    const uint32_t *hash_table = NULL;

    if (!map->l_ld)
        return false;
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        const void *table = table_at(map, entry->d_un.d_ptr);

        switch (entry->d_tag) {
        case DT_SYMTAB:
            object.symbols = table;
            break;
        case DT_STRTAB:
            object.strings = table;
            break;
        case DT_VERSYM:
            object.versions = table;
            break;
        case DT_GNU_HASH:
            hash_table = table;
            break;
        default:
            break;
        }
    }
    if (!hash_table || !object.symbols || !object.strings)
        return false;
    read_hash_table(&object, hash_table);
    if (object.n_buckets == 0)
        return false;
    *ret_object = object;
    return true;
}

/* ---- One symbol ---- */

enum verdict { ABSENT, DEFINED, UNCLEAR };

/* Of several versions of a name dlsym() takes the default one. */
static bool is_default_version(const struct host_object *object, uint32_t index)
{
    return !object->versions || !(object->versions[index] & 0x8000);
}

static inline void *address_of(const struct host_object *object,
                               const ElfW(Sym) * symbol)
{
    const uintptr_t address = object->base + symbol->st_value;

    return (void *)(ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC
                        ? machine_call_resolver(address)
                        : address);
}

static enum verdict judge(const struct host_object *object,
                          const ElfW(Sym) * symbol, void **ret_address)
{
    const unsigned binding = ELF64_ST_BIND(symbol->st_info);

    if (symbol->st_shndx == SHN_UNDEF && symbol->st_value == 0)
        return ABSENT;
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS ||
        symbol->st_value == 0 ||
        (binding != STB_GLOBAL && binding != STB_WEAK) ||
        ELF64_ST_VISIBILITY(symbol->st_other) == STV_HIDDEN ||
        ELF64_ST_VISIBILITY(symbol->st_other) == STV_INTERNAL)
        return UNCLEAR;
    switch (ELF64_ST_TYPE(symbol->st_info)) {
    case STT_FUNC:
    case STT_OBJECT:
    case STT_NOTYPE:
    case STT_GNU_IFUNC:
        *ret_address = address_of(object, symbol);
        return DEFINED;
    default:
        return UNCLEAR;
    }
}

/* *ret_address is set if the verdict is DEFINED. Not inlined: there are two
 * callers. */
__attribute__((noinline)) static enum verdict
look_up(const struct host_object *object, const char *name, uint32_t hash,
        void **ret_address)
{
    const ElfW(Addr) word =
        object->filter[hash / WORD_BITS & object->filter_mask];
    uint32_t index;

    if (!(word >> hash % WORD_BITS & 1) ||
        !(word >> (hash >> object->filter_shift) % WORD_BITS & 1))
        return ABSENT;
    index = object->buckets[hash % object->n_buckets];
    if (index == 0)
        return ABSENT;
    for (;; index++) {
        const uint32_t row = object->chain[index];
        const ElfW(Sym) *symbol = &object->symbols[index];

        /* The lowest bit of a hash is the mark of the last row. */
        if ((row | 1) == (hash | 1) &&
            strcmp(object->strings + symbol->st_name, name) == 0 &&
            is_default_version(object, index))
            return judge(object, symbol, ret_address);
        if (row & 1)
            return ABSENT;
    }
}

void *host_object_find(const struct host_object *object, const char *name,
                       uint32_t hash)
{
    void *address = NULL;

    return look_up(object, name, hash, &address) == DEFINED ? address : NULL;
}

/* ---- The program and what it was started with ---- */

/* Is this the libc to which this library is bound? The test is a function that
 * only libc defines: its address in the object must be the one that this
 * library has. Otherwise (libbcc opened by dlmopen(), a program with a PLT
 * entry as the function's address) there is no scope. */
static COLD bool is_our_libc(const struct host_object *object)
{
    static const char name[] = "getauxval";

    return host_object_find(object, name, symbol_hash(name)) ==
           (void *)getauxval;
}

static const ElfW(Phdr) * find_header(uint32_t type)
{
    const ElfW(Phdr) *header = (const void *)getauxval(AT_PHDR);
    const size_t n_headers = getauxval(AT_PHNUM);

    for (size_t i = 0; header && i < n_headers; i++)
        if (header[i].p_type == type)
            return &header[i];
    return NULL;
}

/* The list of all objects that debuggers use. (_r_debug is the dynamic
 * linker's, and libobcc.so needs libc alone.) */
static COLD const struct link_map *first_object(void)
{
    const ElfW(Phdr) *headers = find_header(PT_PHDR);
    const ElfW(Phdr) *dynamic = find_header(PT_DYNAMIC);
    const ElfW(Dyn) * entry;

    if (!headers || !dynamic)
        return NULL;
    entry = (const void *)(getauxval(AT_PHDR) - headers->p_vaddr +
                           dynamic->p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_DEBUG && entry->d_un.d_ptr)
            return ((const struct r_debug *)entry->d_un.d_ptr)->r_map;
    return NULL;
}

/* The list begins with the program and the libraries it needs, breadth first,
 * which is the order of its scope. These are never removed, so the list does
 * not change up to libc, which every program needs. */
COLD void host_scope_read(struct host_scope *scope)
{
    const uintptr_t kernel_object = getauxval(AT_SYSINFO_EHDR);
    size_t n = 0;

    for (const struct link_map *map = first_object(); map; map = map->l_next) {
        if (kernel_object && map->l_addr == kernel_object)
            continue; /* is in the list, but not in the scope */
        if (n == HOST_SCOPE_SIZE || !host_object_read(map, &scope->object[n]))
            return;
        if (is_our_libc(&scope->object[n++])) {
            scope->n_objects = n;
            return;
        }
    }
}

/* ---- Answers ---- */

/* A place is written once, by the thread that takes it. It holds an answer when
 * it has an address. */
enum { EMPTY = 0, TAKEN = 1 };

/* The place for a name's answer: the first of two neighbours that does not hold
 * another name. NULL: both do. *ret_address: the answer, if it is there. It is
 * read once: another thread may write an answer to another name. */
static struct host_answer *answer_for(struct host_scope *scope,
                                      const char *name, uint32_t hash,
                                      uintptr_t *ret_address)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct host_answer *answer =
            &scope->answers[(hash ^ i) % HOST_SCOPE_ANSWERS];
        const uintptr_t address =
            atomic_load_explicit(&answer->address, memory_order_acquire);

        if (address == EMPTY ||
            (address != TAKEN && strcmp(answer->name, name) == 0)) {
            *ret_address = address;
            return answer;
        }
    }
    return NULL;
}

static COLD void remember(struct host_answer *answer, const char *name,
                          void *address)
{
    const size_t size = strlen(name) + 1;
    uintptr_t empty = EMPTY;

    if (size > sizeof(answer->name) ||
        !atomic_compare_exchange_strong(&answer->address, &empty, TAKEN))
        return;
    memcpy(answer->name, name, size);
    atomic_store_explicit(&answer->address, (uintptr_t)address,
                          memory_order_release);
}

static void *search(const struct host_scope *scope, const char *name,
                    uint32_t hash)
{
    void *address = NULL;

    for (size_t i = 0; i < scope->n_objects; i++)
        if (look_up(&scope->object[i], name, hash, &address) != ABSENT)
            break;
    return address;
}

void *host_scope_find(struct host_scope *scope, const char *name, uint32_t hash)
{
    struct host_answer *answer = NULL;
    uintptr_t known = EMPTY;
    void *address;

    if (atomic_load_explicit(&scope->remembers, memory_order_relaxed))
        answer = answer_for(scope, name, hash, &known);
    if (known != EMPTY)
        return (void *)known;
    address = search(scope, name, hash);
    if (address && answer)
        remember(answer, name, address);
    return address;
}

/* ---- The scope of this process ---- */

static struct host_scope process_scope;

struct host_scope *host_scope_of_process(void)
{
    /* Not zero at the start: the scope is in a page of zeros, where a read
     * before the first write would be one more fault. */
    enum { UNREAD = 1, READING, READ };
    static atomic_int state = UNREAD;
    int unread = UNREAD;

    if (atomic_load_explicit(&state, memory_order_acquire) == READ) {
        atomic_store_explicit(&process_scope.remembers, true,
                              memory_order_relaxed);
        return &process_scope;
    }
    if (!atomic_compare_exchange_strong(&state, &unread, READING))
        return NULL;
    host_scope_read(&process_scope);
    atomic_store_explicit(&state, READ, memory_order_release);
    return &process_scope;
}
