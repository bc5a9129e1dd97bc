/* Relocation, in three passes over tables that image_view.c has checked:
 *
 *   DT_RELR            words to which the load address is added: a list of
 *                      addresses, each followed by bitmaps of the next words
 *   DT_RELA, DT_JMPREL places of any kind, including imports; DT_REL where the
 *                      addend is in the place
 *   the same again     if there are indirect functions (GNU ifunc): their
 *                      resolvers are code of the image and may read what the
 *                      first two passes have written
 *
 * At the end, the relocated arrays of constructors and destructors are checked.
 *
 * Each place is checked with one comparison: the bounds of the writable segment
 * of the previous place are kept, and places are nearly sorted. */
#include "bind.h"

#include <string.h>

#include "load_machine.h"
#include "tls_descriptor.h"

enum { WORD = sizeof(ELF_TYPE(Addr)), N_BITMAP_WORDS = 8 * WORD - 1 };

struct relocation {
    struct binder *binder;
    uint8_t *base;
    /* A word at address is in the current segment if address - low < room. */
    uint64_t low;
    uint64_t room;
    bool has_indirect;
};

static bool find_room(struct relocation *state, uint64_t address)
{
    const struct image_segment *segment =
        image_view_find(state->binder->view, address, WORD);

    if (!segment || !segment->writable)
        return false;
    state->low = segment->address;
    state->room = segment->memory_size - (WORD - 1);
    return true;
}

static inline bool is_place(struct relocation *state, uint64_t address)
{
    return address - state->low < state->room || find_room(state, address);
}

static COLD enum status bad_place(const struct relocation *state,
                                  uint64_t address, struct error *err)
{
    return error_set(err, STATUS_CORRUPT,
                     "%s: relocation of 0x%llx, which is in no writable "
                     "segment",
                     state->binder->view->name, (unsigned long long)address);
}

/* Places need not be aligned; memcpy of a word is one instruction. */
static inline void write_word(struct relocation *state, uint64_t address,
                              uintptr_t value)
{
    memcpy(state->base + address, &value, WORD);
}

static inline void add_base(struct relocation *state, uint64_t address)
{
    uintptr_t value;

    memcpy(&value, state->base + address, WORD);
    write_word(state, address, value + (uintptr_t)state->base);
}

/* ---- DT_RELR ---- */

/* Add the load address to the words of a bitmap, of which bit 0 is the word at
 * address. */
static inline enum status apply_bitmap(struct relocation *state,
                                       uint64_t address, uint64_t bits,
                                       struct error *err)
{
    const uint64_t first = address + WORD * (uint64_t)__builtin_ctzll(bits);
    const uint64_t last =
        address + WORD * (63 - (uint64_t)__builtin_clzll(bits));

    /* If the first and the last are in one segment, so are all. */
    if (is_place(state, first) && last - state->low < state->room) {
        for (; bits; bits &= bits - 1)
            add_base(state, address + WORD * (uint64_t)__builtin_ctzll(bits));
        return STATUS_OK;
    }
    for (; bits; bits &= bits - 1) {
        const uint64_t word = address + WORD * (uint64_t)__builtin_ctzll(bits);

        if (!is_place(state, word))
            return bad_place(state, word, err);
        add_base(state, word);
    }
    return STATUS_OK;
}

static enum status apply_relr(struct relocation *state, struct error *err)
{
    const struct image_range *table = &state->binder->view->relr;
    const ELF_TYPE(Addr) *entry = (const void *)(state->base + table->address);
    const ELF_TYPE(Addr) *end = entry + table->size / WORD;
    uint64_t next = 0; /* the word of a bitmap's lowest bit */
    enum status status;

    for (; entry < end; entry++) {
        if ((*entry & 1) == 0) {
            if (!is_place(state, *entry))
                return bad_place(state, *entry, err);
            add_base(state, *entry);
            next = *entry + WORD;
            continue;
        }
        if (*entry >> 1) {
            status = apply_bitmap(state, next, *entry >> 1, err);
            if (status)
                return status;
        }
        next += N_BITMAP_WORDS * WORD;
    }
    return STATUS_OK;
}

/* ---- DT_RELA or DT_REL ---- */

/* The caller has checked the entry's place. */
static inline uintptr_t addend_of(const struct relocation *state,
                                  const machine_reloc *entry)
{
#if MACHINE_HAS_ADDEND
    (void)state;
    return (uintptr_t)entry->r_addend;
#else
    uintptr_t addend;

    memcpy(&addend, state->base + entry->r_offset, WORD);
    return addend;
#endif
}

static COLD enum status bind_distance(const struct relocation *state,
                                      uintptr_t addend, uintptr_t *ret_value,
                                      struct error *err)
{
    const struct tls_variable *variable = &state->binder->variable;

    if (!variable->has_fixed_distance)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: initial-exec access to the thread-local variable "
                         "'%s', which is not beside the thread pointer",
                         state->binder->view->name, variable->name);
    *ret_value = variable->distance + addend;
    return STATUS_OK;
}

/* Returns the first word of a descriptor and writes the second. */
static COLD enum status make_descriptor(struct relocation *state,
                                        const machine_reloc *entry,
                                        uintptr_t *ret_value, struct error *err)
{
#if MACHINE_HAS_TLS_DESCRIPTOR
    const struct binder *binder = state->binder;
    struct tls_descriptor descriptor;
    enum status status =
        tls_descriptor_make(&binder->variable, addend_of(state, entry),
                            binder->view->name, &descriptor, err);

    if (status)
        return status;
    if (!is_place(state, entry->r_offset + WORD))
        return bad_place(state, entry->r_offset + WORD, err);
    write_word(state, entry->r_offset + WORD, descriptor.argument);
    *ret_value = (uintptr_t)descriptor.function;
    return STATUS_OK;
#else
    (void)ret_value;
    return bad_place(state, entry->r_offset, err);
#endif
}

/* Values of rare kinds. */
static COLD enum status find_value(struct relocation *state,
                                   const machine_reloc *entry,
                                   uintptr_t *ret_value, struct error *err)
{
    const unsigned type = ELF_R_TYPE(entry->r_info);
    const enum load_reloc_kind kind = machine_reloc_kind(type);
    const struct tls_index *index = &state->binder->variable.index;
    enum status status;

    if (kind == LOAD_RELOC_UNKNOWN)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: 0x%llx: relocation type %u is not for the loader",
                         state->binder->view->name,
                         (unsigned long long)entry->r_offset, type);
    status = bind_variable(state->binder, ELF_R_SYM(entry->r_info), err);
    if (status)
        return status;
    switch (kind) {
    case LOAD_RELOC_TLS_DESCRIPTOR:
        return make_descriptor(state, entry, ret_value, err);
    case LOAD_RELOC_TLS_DISTANCE:
        return bind_distance(state, addend_of(state, entry), ret_value, err);
    case LOAD_RELOC_TLS_MODULE:
        *ret_value = index->module;
        return STATUS_OK;
    default:
        *ret_value = index->offset + addend_of(state, entry) -
                     (uintptr_t)MACHINE_DTV_OFFSET;
        return STATUS_OK;
    }
}

static enum status apply_table(struct relocation *state,
                               const struct image_range *table,
                               struct error *err)
{
    const machine_reloc *entry = (const void *)(state->base + table->address);
    const machine_reloc *end = entry + table->size / sizeof(*entry);
    struct binder *binder = state->binder;
    enum status status;

    for (; entry < end; entry++) {
        const enum load_reloc_kind kind =
            machine_reloc_kind(ELF_R_TYPE(entry->r_info));
        uintptr_t value;

        if (kind == LOAD_RELOC_NONE)
            continue;
        if (!is_place(state, entry->r_offset))
            return bad_place(state, entry->r_offset, err);
        if (kind == LOAD_RELOC_SYMBOL || kind == LOAD_RELOC_SYMBOL_ADDEND) {
            status = bind_symbol(binder, ELF_R_SYM(entry->r_info), err);
            if (status)
                return status;
            value = binder->value;
            if (kind == LOAD_RELOC_SYMBOL_ADDEND)
                value += addend_of(state, entry);
        } else if (kind == LOAD_RELOC_RELATIVE) {
            value = (uintptr_t)state->base + addend_of(state, entry);
        } else if (kind == LOAD_RELOC_INDIRECT) {
            state->has_indirect = true;
            continue;
        } else {
            status = find_value(state, entry, &value, err);
            if (status)
                return status;
        }
        write_word(state, entry->r_offset, value);
    }
    return STATUS_OK;
}

/* ---- Indirect functions ---- */

static uintptr_t call_resolver(const struct binder *binder, uintptr_t address)
{
    if (binder->unknown)
        return address;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    /* A fuzzer's image has no code worth running. */
    return address;
#else
    return machine_call_resolver(address);
#endif
}

static COLD enum status apply_indirect(struct relocation *state,
                                       const struct image_range *table,
                                       struct error *err)
{
    const machine_reloc *entry = (const void *)(state->base + table->address);
    const machine_reloc *end = entry + table->size / sizeof(*entry);
    const struct image_view *view = state->binder->view;

    for (; entry < end; entry++) {
        uint64_t resolver;

        if (machine_reloc_kind(ELF_R_TYPE(entry->r_info)) !=
            LOAD_RELOC_INDIRECT)
            continue;
        if (!is_place(state, entry->r_offset))
            return bad_place(state, entry->r_offset, err);
        resolver = addend_of(state, entry);
        if (resolver >= view->segments[0].memory_size)
            return error_set(err, STATUS_CORRUPT,
                             "%s: indirect function 0x%llx is not in the text",
                             view->name, (unsigned long long)resolver);
        write_word(state, entry->r_offset,
                   call_resolver(state->binder,
                                 (uintptr_t)state->base + (uintptr_t)resolver));
    }
    return STATUS_OK;
}

/* ---- Constructors and destructors ---- */

/* Does each word of a relocated array of functions lead into the text? If the
 * array is in RELRO, as with lib/linker, that stays true. */
static COLD enum status check_functions(const struct relocation *state,
                                        const struct image_range *array,
                                        struct error *err)
{
    const struct image_view *view = state->binder->view;
    const uintptr_t *entry = (const void *)(state->base + array->address);
    const size_t n_entries = array->size / sizeof(*entry);

    for (size_t i = 0; i < n_entries; i++)
        if (entry[i] - (uintptr_t)state->base >= view->segments[0].memory_size)
            return error_set(
                err, STATUS_CORRUPT,
                "%s: constructor or destructor at 0x%llx leads "
                "outside the text",
                view->name,
                (unsigned long long)(array->address + i * sizeof(*entry)));
    return STATUS_OK;
}

/* ---- All of it ---- */

static enum status apply_all_indirect(struct relocation *state,
                                      struct error *err)
{
    const struct image_view *view = state->binder->view;
    enum status status;

    if (!state->has_indirect)
        return STATUS_OK;
    status = apply_indirect(state, &view->relocs, err);
    if (status == STATUS_OK)
        status = apply_indirect(state, &view->plt_relocs, err);
    return status;
}

enum status relocate(struct binder *binder, uint8_t *base, struct error *err)
{
    struct relocation state = {.binder = binder, .base = base};
    const struct image_view *view = binder->view;
    enum status status;

    status = apply_relr(&state, err);
    if (status == STATUS_OK)
        status = apply_table(&state, &view->relocs, err);
    if (status == STATUS_OK)
        status = apply_table(&state, &view->plt_relocs, err);
    if (status == STATUS_OK)
        status = bind_finish(binder, err);
    if (status == STATUS_OK)
        status = apply_all_indirect(&state, err);
    if (status == STATUS_OK)
        status = check_functions(&state, &view->init_array, err);
    if (status == STATUS_OK)
        status = check_functions(&state, &view->fini_array, err);
    return status;
}
