/* Sections of inputs are merged by the memory they need, not by name: a loader
 * has three kinds of memory, and names are for people only.
 *
 *   content of a chunk                            section of the image
 *   ---------------------------------------------------------------------
 *   named like a C identifier                     its own, for __start_NAME
 *   thread-local                                  .tdata .tbss
 *   constructors, destructors                     .init_array .fini_array
 *   pieces of such                                .init .fini
 *   code                                          .text
 *   read-only                                     .rodata
 *   read-only, but the loader writes to it once   .data.rel.ro
 *   writable                                      .data .bss
 *
 * With a name like a C identifier a program requests a section of its own: only
 * of such sections can it name the boundaries. The segment of such a section
 * must suit all its chunks, so one writable chunk makes it writable.
 *
 * The large sections of the medium code model, .ldata .lbss .lrodata, come
 * last, in segments of their own, so that the others stay in reach of 32-bit
 * displacements. */
#include "passes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

/* 16 MiB: the most zeros of a section that must be in the file, because the
 * section also has other bytes. More is a mistake or an attack. */
static const uint64_t max_mixed_zeros = UINT64_C(1) << 24;

enum {
    SHF_LARGE = 0x10000000 /* SHF_X86_64_LARGE; no other machine uses the bit */
};

enum {
    READ = SHF_ALLOC,
    CODE = SHF_ALLOC | SHF_EXECINSTR,
    DATA = SHF_ALLOC | SHF_WRITE,
};

struct standard {
    const char *name; /* NULL: outputs named by inputs */
    uint32_t type;
    uint32_t flags;
};

/* ORDER RANK */
static const struct standard standards[N_RANKS] = {
    [RANK_PROPERTIES] = {".note.gnu.property", SHT_NOTE, READ},
    [RANK_DYNSYM] = {".dynsym", SHT_DYNSYM, READ},
    [RANK_DYNSTR] = {".dynstr", SHT_STRTAB, READ},
    [RANK_HASH] = {".hash", SHT_HASH, READ},
    [RANK_RELA] = {".rela.dyn", SHT_RELA, READ},
    [RANK_RELR] = {".relr.dyn", SHT_RELR, READ},
    [RANK_EH_FRAME_HDR] = {".eh_frame_hdr", SHT_PROGBITS, READ},
    [RANK_EH_FRAME] = {".eh_frame", SHT_PROGBITS, READ},
    [RANK_EXIDX] = {".ARM.exidx", SHT_ARM_EXIDX, READ | SHF_LINK_ORDER},
    [RANK_EXCEPT_TABLE] = {".gcc_except_table", SHT_PROGBITS, READ},
    [RANK_RODATA] = {".rodata", SHT_PROGBITS, READ},
    [RANK_NAMED_RODATA] = {NULL, SHT_PROGBITS, READ},
    [RANK_TEXT] = {".text", SHT_PROGBITS, CODE},
    [RANK_NAMED_TEXT] = {NULL, SHT_PROGBITS, CODE},
    [RANK_INIT_CODE] = {".init", SHT_PROGBITS, CODE},
    [RANK_FINI_CODE] = {".fini", SHT_PROGBITS, CODE},
    [RANK_PLT] = {".plt", SHT_PROGBITS, CODE},
    [RANK_TDATA] = {".tdata", SHT_PROGBITS, DATA | SHF_TLS},
    [RANK_TBSS] = {".tbss", SHT_NOBITS, DATA | SHF_TLS},
    [RANK_RELRO] = {".data.rel.ro", SHT_PROGBITS, DATA},
    [RANK_RELRO_EH_FRAME] = {".eh_frame", SHT_PROGBITS, DATA},
    [RANK_NAMED_RELRO] = {NULL, SHT_PROGBITS, DATA},
    [RANK_INIT_ARRAY] = {".init_array", SHT_INIT_ARRAY, DATA},
    [RANK_FINI_ARRAY] = {".fini_array", SHT_FINI_ARRAY, DATA},
    [RANK_DYNAMIC] = {".dynamic", SHT_DYNAMIC, DATA},
    [RANK_GOT] = {".got", SHT_PROGBITS, DATA},
    [RANK_DATA] = {".data", SHT_PROGBITS, DATA},
    [RANK_NAMED_DATA] = {NULL, SHT_PROGBITS, DATA},
    [RANK_BSS] = {".bss", SHT_NOBITS, DATA},
    [RANK_NAMED_BSS] = {NULL, SHT_NOBITS, DATA},
    [RANK_LARGE_DATA] = {".ldata", SHT_PROGBITS, DATA | SHF_LARGE},
    [RANK_LARGE_BSS] = {".lbss", SHT_NOBITS, DATA | SHF_LARGE},
    [RANK_LARGE_RODATA] = {".lrodata", SHT_PROGBITS, READ | SHF_LARGE},
};

/* RANK_RELA of machines without explicit addends. */
static const struct standard rel_dyn = {".rel.dyn", SHT_REL, READ};

enum segment rank_segment(enum rank rank)
{
    if (rank <= RANK_PLT)
        return SEGMENT_TEXT;
    if (rank <= RANK_GOT)
        return SEGMENT_RELRO;
    if (rank <= RANK_NAMED_BSS)
        return SEGMENT_DATA;
    return rank <= RANK_LARGE_BSS ? SEGMENT_LARGE_DATA : SEGMENT_LARGE_RODATA;
}

/* ---- Making chunks and outputs ---- */

struct chunk *outputs_new_chunk(struct link *link, enum rank rank,
                                uint64_t align)
{
    struct chunk *chunk = link_new_chunk(
        link, standards[rank].name, SHT_PROGBITS, standards[rank].flags, align);

    if (chunk)
        chunk->rank = rank;
    return chunk;
}

static bool is_c_identifier(const char *name)
{
    const char *letter = name;

    for (; *letter; letter++) {
        const bool digit = *letter >= '0' && *letter <= '9';
        const bool other = (*letter >= 'a' && *letter <= 'z') ||
                           (*letter >= 'A' && *letter <= 'Z') || *letter == '_';

        if (!other && !(digit && letter != name))
            return false;
    }
    return letter != name;
}

static bool is_named(const struct chunk *chunk)
{
    return chunk->object && chunk->role == CHUNK_PLAIN &&
           !(chunk->flags & SHF_TLS) && is_c_identifier(chunk->name);
}

static const struct standard *standard_of(const struct link *link,
                                          unsigned rank)
{
    if (rank == RANK_RELA && link_relocation_type(link) == SHT_REL)
        return &rel_dyn;
    return &standards[rank];
}

static struct output *new_output(struct link *link, const char *name,
                                 const struct standard *standard)
{
    struct output *output = arena_alloc(&link->arena, 1, sizeof(*output));

    if (!output)
        return NULL;
    output->name = name;
    output->type = standard->type;
    output->flags = standard->flags;
    output->align = 1;
    list_append_pointer(&link->outputs, output);
    return output;
}

enum status outputs_create(struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);

    link->standard =
        arena_alloc(&link->arena, N_RANKS, sizeof(struct output *));
    if (!link->standard)
        return error_no_memory(err);
    for (unsigned rank = 0; rank < N_RANKS; rank++) {
        const struct standard *standard = standard_of(link, rank);
        struct output *output;

        if (!standard->name)
            continue;
        output = new_output(link, standard->name, standard);
        if (!output)
            return error_no_memory(err);
        output->rank = rank;
        link->standard[rank] = output;
    }
    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++) {
        void **place;

        if (!is_named(chunks[i]))
            continue;
        place = name_map_insert(&link->named, chunks[i]->name);
        if (!place)
            return error_no_memory(err);
        if (!*place) {
            struct output *output = new_output(link, chunks[i]->name,
                                               &standards[RANK_NAMED_RODATA]);

            if (!output)
                return error_no_memory(err);
            output->named = true;
            output->type = SHT_NOBITS; /* until a chunk with bytes is added */
            *place = output;
        }
        chunks[i]->output = *place;
    }
    return buffer_failed(&link->outputs) ? error_no_memory(err) : STATUS_OK;
}

struct output *outputs_standard(const struct link *link, enum rank rank)
{
    return rank < N_RANKS ? link->standard[rank] : NULL;
}

/* ---- Chunks to outputs ---- */

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static enum rank data_rank(const struct chunk *chunk)
{
    /* Large constants with pointers to relocate stay writable: RELRO must be
     * near the text. */
    if (chunk->flags & SHF_LARGE)
        return chunk->type == SHT_NOBITS ? RANK_LARGE_BSS : RANK_LARGE_DATA;
    if (chunk->type == SHT_NOBITS)
        return RANK_BSS;
    return has_prefix(chunk->name, ".data.rel.ro") ? RANK_RELRO : RANK_DATA;
}

static enum rank input_rank(const struct chunk *chunk, bool relro_eh_frame)
{
    switch (chunk->role) {
    case CHUNK_INIT:
        return RANK_INIT_ARRAY;
    case CHUNK_FINI:
        return RANK_FINI_ARRAY;
    case CHUNK_INIT_CODE:
        return RANK_INIT_CODE;
    case CHUNK_FINI_CODE:
        return RANK_FINI_CODE;
    case CHUNK_EH_FRAME:
        return relro_eh_frame ? RANK_RELRO_EH_FRAME : RANK_EH_FRAME;
    case CHUNK_EXIDX:
        return RANK_EXIDX;
    case CHUNK_PLAIN:
        break;
    }
    if (chunk->flags & SHF_TLS)
        return chunk->type == SHT_NOBITS ? RANK_TBSS : RANK_TDATA;
    if (chunk->flags & SHF_EXECINSTR)
        return RANK_TEXT;
    if (chunk->flags & SHF_WRITE)
        return data_rank(chunk);
    if (chunk->patched_at_load)
        return RANK_RELRO;
    if (chunk->flags & SHF_LARGE)
        return RANK_LARGE_RODATA;
    return has_prefix(chunk->name, ".gcc_except_table") ? RANK_EXCEPT_TABLE
                                                        : RANK_RODATA;
}

static void add_to_named(struct output *output, struct chunk *chunk)
{
    output->flags |= chunk->flags & (SHF_WRITE | SHF_EXECINSTR);
    if (chunk->type != SHT_NOBITS)
        output->type = SHT_PROGBITS;
    if (chunk->patched_at_load && !(output->flags & SHF_WRITE))
        output->rank = RANK_NAMED_RELRO;
}

static enum status rank_named(const struct link *link, struct output *output,
                              struct error *err)
{
    const bool relro = output->rank == RANK_NAMED_RELRO;

    if (output->flags & SHF_EXECINSTR) {
        if ((output->flags & SHF_WRITE) || relro)
            return error_set(err, STATUS_UNSUPPORTED,
                             "%s: sections named %s are writable and "
                             "executable",
                             link->params->inputs[0].name, output->name);
        output->rank = RANK_NAMED_TEXT;
    } else if (output->flags & SHF_WRITE) {
        output->rank =
            output->type == SHT_NOBITS ? RANK_NAMED_BSS : RANK_NAMED_DATA;
    } else if (relro) {
        output->flags |= SHF_WRITE;
    } else {
        output->rank = RANK_NAMED_RODATA;
    }
    /* Only writable segments have memory without bytes in the file. */
    if (rank_segment(output->rank) != SEGMENT_DATA)
        output->type = SHT_PROGBITS;
    return STATUS_OK;
}

static int compare_outputs(const void *a, const void *b)
{
    const struct output *first = *(struct output *const *)a;
    const struct output *second = *(struct output *const *)b;

    if (first->rank != second->rank)
        return first->rank < second->rank ? -1 : 1;
    if (!first->named || !second->named)
        return first->named - second->named;
    return strcmp(first->name, second->name);
}

static enum status add_chunks(struct link *link, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);
    const size_t n_chunks = LIST_COUNT(struct chunk *, &link->chunks);
    bool relro_eh_frame = false;

    for (size_t i = 0; i < n_chunks; i++)
        if (chunks[i]->role == CHUNK_EH_FRAME &&
            (chunks[i]->patched_at_load || (chunks[i]->flags & SHF_WRITE)))
            relro_eh_frame = true;
    for (size_t i = 0; i < n_chunks; i++) {
        struct chunk *chunk = chunks[i];

        if (chunk->output)
            add_to_named(chunk->output, chunk);
        else if (chunk->object || chunk->role == CHUNK_EH_FRAME)
            chunk->output =
                outputs_standard(link, input_rank(chunk, relro_eh_frame));
        else
            chunk->output = outputs_standard(link, chunk->rank);
        list_append_pointer(&chunk->output->chunks, chunk);
        if (buffer_failed(&chunk->output->chunks))
            return error_no_memory(err);
    }
    return STATUS_OK;
}

/* ---- Order inside an output ---- */

/* Order of equal priority: by object, then by section. Within an object the
 * order is reversed for reversed sections. These follow the lists that the
 * program put into .init_array itself, as natively, where LLVM writes its own
 * part last. */
static int compare_constructors(const struct chunk *first,
                                const struct chunk *second, int by_index)
{
    if (first->object != second->object)
        return by_index;
    if (first->rearranged != second->rearranged)
        return first->rearranged ? 1 : -1;
    return first->rearranged ? -by_index : by_index;
}

/* Alignment of more than a page comes first: in the middle it would cost up to
 * a page of gaps. Constructors are ordered by priority. by_index, -1 or 1,
 * decides between equals: it makes the sort stable. */
static int compare_chunks(const struct chunk *first, const struct chunk *second,
                          int by_index)
{
    enum { PAGE = 4096 };
    const uint64_t first_align = first->align > PAGE ? first->align : 0;
    const uint64_t second_align = second->align > PAGE ? second->align : 0;

    if (first->init_order != second->init_order)
        return first->init_order < second->init_order ? -1 : 1;
    if (first->role == CHUNK_INIT || first->role == CHUNK_FINI)
        return compare_constructors(first, second, by_index);
    if (first_align != second_align)
        return first_align > second_align ? -1 : 1;
    return by_index;
}

struct sort_row {
    struct chunk *chunk;
    size_t index;
};

static int compare_rows(const void *a, const void *b)
{
    const struct sort_row *first = a;
    const struct sort_row *second = b;

    return compare_chunks(first->chunk, second->chunk,
                          first->index < second->index ? -1 : 1);
}

static enum status sort_chunks(struct output *output, struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &output->chunks);
    const size_t n_chunks = LIST_COUNT(struct chunk *, &output->chunks);
    struct sort_row *rows;
    bool sorted = true;

    for (size_t i = 1; i < n_chunks && sorted; i++)
        sorted = compare_chunks(chunks[i - 1], chunks[i], -1) < 0;
    if (sorted)
        return STATUS_OK;
    rows = calloc(n_chunks, sizeof(*rows));
    if (!rows)
        return error_no_memory(err);
    for (size_t i = 0; i < n_chunks; i++)
        rows[i] = (struct sort_row){chunks[i], i};
    qsort(rows, n_chunks, sizeof(*rows), compare_rows);
    for (size_t i = 0; i < n_chunks; i++)
        chunks[i] = rows[i].chunk;
    free(rows);
    return STATUS_OK;
}

enum status outputs_assign(struct link *link, struct error *err)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);
    const size_t n_outputs = LIST_COUNT(struct output *, &link->outputs);
    enum status status;

    status = add_chunks(link, err);
    if (status)
        return status;
    for (size_t i = 0; i < n_outputs; i++) {
        status = STATUS_OK;
        if (outputs[i]->named)
            status = rank_named(link, outputs[i], err);
        else
            status = sort_chunks(outputs[i], err);
        if (status)
            return status;
    }
    qsort(outputs, n_outputs, sizeof(struct output *), compare_outputs);
    for (size_t i = 0; i < n_outputs; i++)
        outputs[i]->order = (unsigned)i;
    return STATUS_OK;
}

/* ---- Sizes ---- */

static enum status measure(const struct link *link, struct output *output,
                           struct error *err)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &output->chunks);
    const size_t n_chunks = LIST_COUNT(struct chunk *, &output->chunks);
    const uint64_t max_span = link->machine->max_span;
    uint64_t zeros = 0;

    output->size = 0;
    for (size_t i = 0; i < n_chunks; i++) {
        struct chunk *chunk = chunks[i];

        chunk->offset = align_up(output->size, chunk->align);
        if (chunk->offset > max_span || chunk->size > max_span - chunk->offset)
            return error_set(err, STATUS_OUT_OF_RANGE,
                             "%s: %s of the image exceeds 0x%llx bytes",
                             link->params->inputs[0].name, output->name,
                             (unsigned long long)max_span);
        if (output->type != SHT_NOBITS && chunk->type == SHT_NOBITS)
            zeros += chunk->size;
        output->size = chunk->offset + chunk->size;
        if (chunk->align > output->align)
            output->align = chunk->align;
    }
    if (zeros > max_mixed_zeros)
        return error_set(err, STATUS_UNSUPPORTED,
                         "%s: %s: 0x%llx zeros of one input would be written "
                         "for the bytes of another",
                         link->params->inputs[0].name, output->name,
                         (unsigned long long)zeros);
    return STATUS_OK;
}

enum status outputs_measure(struct link *link, struct error *err)
{
    struct output **outputs = LIST_ITEMS(struct output *, &link->outputs);

    for (size_t i = 0; i < LIST_COUNT(struct output *, &link->outputs); i++) {
        const enum status status = measure(link, outputs[i], err);

        if (status)
            return status;
    }
    return STATUS_OK;
}
