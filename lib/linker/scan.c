/* A relocation can be finished here or needs the loader. That depends on its
 * form, and on the kind of its symbol:
 *
 *                   of the image       import             a number
 *   S + A           load address       import + A         done
 *   S + A - P       done               stub               not possible
 *   slot of S       relative slot      import's slot      constant slot
 *
 * "Not possible": the distance of a fixed number from an image that may lie
 * anywhere is unknown. An exception is the address zero of an undefined weak
 * symbol, because code tests for it before using it.
 *
 * An undefined symbol has no type in LLVM's objects. A displacement to it is
 * taken for a call, because a stub can only stand in for a function. In objects
 * of other compilers calls have relocation types of their own. There any other
 * displacement is refused: code that reads a variable this way must be compiled
 * as PIC, so that it uses a GOT slot. */
#include "passes.h"

#include <elf.h>

struct scan {
    struct link *link;
    struct chunk *chunk;
    const struct relocation *relocation;
    const struct reloc_type *type;
    struct symbol *symbol;
    uint64_t offset; /* of the place in the chunk that is written */
    struct error *err;
};

#define REFUSE(scan, status, ...)                                              \
    reloc_error((scan)->link, (scan)->chunk, (scan)->relocation, status,       \
                (scan)->err, __VA_ARGS__)

static bool is_import(const struct symbol *symbol)
{
    return symbol->place == SYMBOL_UNDEFINED;
}

static bool is_number(const struct symbol *symbol)
{
    return symbol->place == SYMBOL_ABSOLUTE;
}

static enum status need_stub(struct scan *scan)
{
    if (scan->symbol->type == STT_OBJECT || scan->symbol->type == STT_COMMON)
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "a variable outside the image is out of reach (compile "
                      "with -fPIC)");
    return got_need_stub(scan->link, scan->symbol, scan->err);
}

/* ---- One function per subject ---- */

static enum status scan_nothing(struct scan *scan)
{
    (void)scan;
    return STATUS_OK;
}

static enum status scan_absolute(struct scan *scan)
{
    const struct link_machine *machine = scan->link->machine;
    struct dynamic_reloc dynamic = {
        .chunk = scan->chunk,
        .offset = scan->offset,
        .addend = scan->relocation->addend,
    };

    if (is_number(scan->symbol))
        return STATUS_OK;
    if (scan->type->size != machine->row->address_size)
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "an address does not fit in %u bits (compile with "
                      "-fPIC)",
                      scan->type->size * 8u);
    if (scan->chunk->flags & SHF_EXECINSTR)
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "code would have to be changed at load time (compile "
                      "with -fPIC)");
    if (is_import(scan->symbol)) {
        const enum status status =
            got_need_import(scan->link, scan->symbol, scan->err);

        if (status)
            return status;
        dynamic.type = machine->dynamic_absolute;
        dynamic.symbol = scan->symbol;
    } else {
        dynamic.type = machine->dynamic_relative;
        dynamic.target = scan->symbol;
    }
    scan->chunk->patched_at_load = true;
    buffer_append(&scan->link->dynamic, &dynamic, sizeof(dynamic));
    return STATUS_OK;
}

static enum status scan_relative(struct scan *scan)
{
    if (is_import(scan->symbol) && scan->chunk->object->is_native &&
        (scan->chunk->flags & SHF_EXECINSTR))
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "what lies outside the image is out of reach (compile "
                      "with -fPIC)");
    if (is_import(scan->symbol))
        return need_stub(scan);
    if (is_number(scan->symbol) && !symbol_is_weak_zero(scan->symbol))
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "the number 0x%llx has no place relative to the image",
                      (unsigned long long)scan->symbol->value);
    return STATUS_OK;
}

static enum status scan_data(struct scan *scan)
{
    if (is_import(scan->symbol))
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "what lies outside the image is out of reach (compile "
                      "with -fPIC)");
    return scan_relative(scan);
}

static enum status scan_number(struct scan *scan)
{
    if (is_number(scan->symbol))
        return STATUS_OK;
    return REFUSE(scan, STATUS_UNSUPPORTED,
                  "code would have to be changed at load time (compile with "
                  "-fPIC)");
}

static enum status scan_call(struct scan *scan)
{
    scan->symbol->called = true;
    return is_import(scan->symbol) ? need_stub(scan) : scan_relative(scan);
}

static enum status scan_got(struct scan *scan)
{
    const enum got_use use =
        got_use_of(scan->link, scan->chunk, scan->relocation, scan->type);

    if (use == GOT_USE_CALL || use == GOT_USE_JUMP)
        scan->symbol->called = true;
    if (got_is_relaxed(scan->link, scan->type, scan->symbol, use))
        return STATUS_OK;
    return got_need_slot(scan->link, scan->symbol, scan->err);
}

static enum status scan_size(struct scan *scan)
{
    if (is_import(scan->symbol))
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "the size of an import is not known");
    return STATUS_OK;
}

static enum status check_thread_local(struct scan *scan)
{
    if (!is_number(scan->symbol) && symbol_is_thread_local(scan->symbol))
        return STATUS_OK;
    if (is_import(scan->symbol) && scan->symbol->type == STT_NOTYPE)
        return STATUS_OK;
    return REFUSE(scan, STATUS_CORRUPT, "symbol is not thread-local");
}

static enum status scan_tls_pair(struct scan *scan)
{
    const enum status status = check_thread_local(scan);

    return status ? status
                  : got_need_tls_pair(scan->link, scan->symbol, scan->err);
}

static enum status scan_tls_module(struct scan *scan)
{
    return got_need_tls_module(scan->link, scan->err);
}

static enum status scan_tls_offset(struct scan *scan)
{
    if (is_import(scan->symbol))
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "the variable is not in the image's TLS block");
    return check_thread_local(scan);
}

static enum status scan_tls_tpoff(struct scan *scan)
{
    const enum status status = check_thread_local(scan);

    return status ? status
                  : got_need_tls_tpoff(scan->link, scan->symbol, scan->err);
}

static enum status scan_tls_descriptor(struct scan *scan)
{
    const enum status status = check_thread_local(scan);

    return status
               ? status
               : got_need_tls_descriptor(scan->link, scan->symbol, scan->err);
}

static bool has_subject(const struct scan *scan,
                        const struct relocation *relocation,
                        enum reloc_subject subject)
{
    const struct reloc_type *type = scan->link->machine->type(relocation->type);

    return relocation->offset == scan->relocation->offset && type &&
           type->subject == subject;
}

/* Both symbols must have addresses in the image: one alone is of no use. */
static enum status scan_difference(struct scan *scan)
{
    const struct relocation_list *list = &scan->chunk->relocations;
    const struct relocation *relocation = scan->relocation;
    const bool is_first = scan->type->subject == RELOC_DIFFERENCE;
    const bool is_whole =
        is_first ? relocation + 1 < list->items + list->n_items &&
                       has_subject(scan, relocation + 1, RELOC_SUBTRAHEND)
                 : relocation > list->items &&
                       has_subject(scan, relocation - 1, RELOC_DIFFERENCE);

    if (!is_whole)
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "half a difference of two symbols");
    if (is_import(scan->symbol))
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "the distance from an import is not known");
    return STATUS_OK;
}

static enum status scan_paired(struct scan *scan)
{
    if (relocation_high(scan->link, scan->chunk, scan->relocation))
        return STATUS_OK;
    return REFUSE(scan, STATUS_CORRUPT, "there is no high part at the label");
}

static enum status scan_refused(struct scan *scan)
{
    return REFUSE(scan, STATUS_UNSUPPORTED, "%s", scan->type->why_refused);
}

/* ORDER SUBJECT */
static const struct {
    enum status (*scan)(struct scan *scan);
    bool of_address; /* has no meaning for a thread-local variable */
    bool is_slot;
} subjects[RELOC_N_SUBJECTS] = {
    [RELOC_NONE] = {scan_nothing, false, false},
    [RELOC_ADDRESS] = {scan_absolute, true, false},
    [RELOC_SYMBOL] = {scan_relative, true, false},
    [RELOC_DATA] = {scan_data, true, false},
    [RELOC_NUMBER] = {scan_number, true, false},
    [RELOC_CALL] = {scan_call, true, false},
    [RELOC_GOT_SLOT] = {scan_got, true, true},
    [RELOC_GOT_BASE] = {scan_nothing, false, false},
    [RELOC_SIZE] = {scan_size, false, false},
    [RELOC_TLS_PAIR] = {scan_tls_pair, false, true},
    [RELOC_TLS_MODULE] = {scan_tls_module, false, false},
    [RELOC_TLS_DESCRIPTOR] = {scan_tls_descriptor, false, true},
    [RELOC_TLS_TPOFF] = {scan_tls_tpoff, false, true},
    [RELOC_TLS_OFFSET] = {scan_tls_offset, false, false},
    [RELOC_DIFFERENCE] = {scan_difference, false, false},
    [RELOC_SUBTRAHEND] = {scan_difference, false, false},
    [RELOC_PAIRED] = {scan_paired, false, false},
    [RELOC_ALIGNED] = {scan_nothing, false, false},
    [RELOC_REFUSED] = {scan_refused, false, false},
};

/* ---- One relocation ---- */

/* Is it a distance from a place in an unwind record, in the same table? */
static bool is_own_record(const struct scan *scan)
{
    uint64_t offset;

    return (scan->type->subject == RELOC_DIFFERENCE ||
            scan->type->subject == RELOC_SUBTRAHEND) &&
           scan->symbol->chunk == scan->chunk && scan->chunk->eh_frame &&
           eh_frame_map_offset(scan->chunk->eh_frame, scan->symbol->value,
                               &offset);
}

static enum status check_symbol(struct scan *scan)
{
    const struct symbol *symbol = scan->symbol;

    if (symbol->place == SYMBOL_DISCARDED)
        return REFUSE(scan, STATUS_UNRESOLVED,
                      "section is not in the image: it was in a COMDAT group "
                      "seen before, or is never loaded");
    if (is_import(symbol) && (symbol->local || symbol->visibility))
        return REFUSE(scan, STATUS_UNRESOLVED,
                      "hidden symbol is not defined by any input");
    if (symbol->chunk && symbol->chunk->rearranged && !is_own_record(scan))
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "nothing can point into %s: it is rearranged",
                      symbol->chunk->name);
    if (subjects[scan->type->subject].of_address &&
        symbol_is_thread_local(symbol))
        return REFUSE(scan, STATUS_CORRUPT,
                      "a thread-local variable has no one address");
    return STATUS_OK;
}

/* Machines whose instructions name pages need a slot for S + A. On others A is
 * the distance from the field to the end of its instruction. */
static enum status check_addend(struct scan *scan)
{
    if (subjects[scan->type->subject].is_slot &&
        scan->type->form >= FORM_PAGE_PC && scan->relocation->addend)
        return REFUSE(scan, STATUS_UNSUPPORTED,
                      "there is no slot for the symbol and an addend");
    return STATUS_OK;
}

/* Records of unwind tables are moved one by one: a place must be inside one. */
static enum status check_record(struct scan *scan, uint64_t size)
{
    const struct eh_frame *eh_frame = scan->chunk->eh_frame;
    uint64_t last;

    if (!eh_frame || size == 0)
        return STATUS_OK;
    if (!eh_frame_map_offset(eh_frame, scan->relocation->offset + size - 1,
                             &last) ||
        last - scan->offset != size - 1)
        return REFUSE(scan, STATUS_CORRUPT,
                      "place is across two unwind records");
    return STATUS_OK;
}

static enum status scan_relocation(struct scan *scan)
{
    const struct relocation *relocation = scan->relocation;
    const struct chunk *chunk = scan->chunk;
    enum status status;
    uint64_t size;

    scan->type = scan->link->machine->type(relocation->type);
    scan->symbol = chunk->object->symbols[relocation->symbol];
    if (!scan->type)
        return REFUSE(scan, STATUS_UNSUPPORTED, "not known");
    size = relocation_size(scan->link, chunk, relocation, scan->type);
    if (size == UINT64_MAX)
        return REFUSE(scan, STATUS_CORRUPT,
                      "place is outside the section of 0x%zx bytes",
                      chunk->bytes.size);
    if (scan->type->subject == RELOC_NONE)
        return STATUS_OK;
    scan->offset = relocation->offset;
    if (chunk->eh_frame &&
        !eh_frame_map_offset(chunk->eh_frame, relocation->offset,
                             &scan->offset))
        return STATUS_OK;
    status = check_record(scan, size);
    if (status == STATUS_OK)
        status = check_symbol(scan);
    if (status == STATUS_OK)
        status = check_addend(scan);
    return status ? status : subjects[scan->type->subject].scan(scan);
}

enum status scan_relocations(struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);
    struct scan scan = {.link = link, .err = err};

    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++) {
        scan.chunk = chunks[i];
        for (size_t j = 0; j < scan.chunk->relocations.n_items; j++) {
            enum status status;

            scan.relocation = &scan.chunk->relocations.items[j];
            status = scan_relocation(&scan);
            if (status)
                return status;
        }
    }
    return buffer_failed(&link->dynamic) ? error_no_memory(err) : STATUS_OK;
}
