/* A branch instruction reaches a limited distance: 128 MiB in AArch64 code, 16
 * or 32 MiB in ARM code, where some branches cannot change the instruction set
 * either. A branch that does not reach its destination goes to a veneer in
 * reach, which does.
 *
 *   .text   | code | pool | code | pool | code | pool |
 *                     ^      |      ^
 *                     '------'------'---- branches of this code lead here
 *
 * Veneers stand in pools between the sections of .text, at intervals that any
 * branch can span, and at its end. A veneer serves all branches in reach with
 * its destination. Other outputs with code follow .text and use its last pool.
 *
 * A veneer moves the code behind it, so other branches may come to need one. So
 * layout is repeated and branches are checked again until no veneer is added.
 * This ends, because no veneer is removed. The result depends on the inputs
 * alone: branches are checked in the order of sections, then pools and veneers
 * in the order of addresses. An image without branches out of reach is not
 * changed.
 *
 * The psABIs allow veneers for calls and jumps that leave their section or go
 * to functions (AAELF64 and AAELF32, "Call and Jump relocations"): these leave
 * the scratch registers to veneers. */
#include "passes.h"

#include <elf.h>

struct veneer {
    const struct symbol *symbol;
    uint64_t distance; /* from a pointer to the symbol to the destination */
    unsigned kind;
    const struct chunk *pool;
    uint64_t offset; /* in the pool */
    uint32_t next;   /* next veneer of the symbol; 1 + index in link.veneers, 0:
                        none */
};

/* A relocation that is a branch, at the present addresses. */
struct site {
    struct branch branch;
    struct symbol *symbol;
    uint64_t distance; /* as in struct veneer */
};

/* ---- Branches ---- */

/* From the symbol to the address that the branch has to reach. */
static uint64_t distance_of(const struct reloc_type *type,
                            const struct relocation *relocation)
{
    return (uint64_t)relocation->addend - (uint64_t)(int64_t)type->branch_bias;
}

/* The mode of a symbol that is no function is unknown, so it is the mode in
 * which the branch was written. */
static uint64_t mode_of(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation,
                        const struct symbol *symbol)
{
    if (!link->machine->branch_mode || symbol->stub ||
        symbol->type == STT_FUNC || symbol->type == STT_GNU_IFUNC)
        return 0;
    return link->machine->branch_mode(link->machine->type(relocation->type),
                                      chunk->bytes.data + relocation->offset);
}

static struct site site_of(const struct link *link, const struct chunk *chunk,
                           const struct relocation *relocation, uint64_t place)
{
    const struct reloc_type *type = link->machine->type(relocation->type);
    struct site site = {
        .branch = {type, place, 0},
        .symbol = chunk->object->symbols[relocation->symbol],
        .distance = distance_of(type, relocation),
    };

    site.distance += mode_of(link, chunk, relocation, site.symbol);
    site.branch.destination =
        symbol_pointer(link, site.symbol, 0) + site.distance;
    if (symbol_is_weak_zero(site.symbol) && link->machine->undefined_call_size)
        site.branch.destination = place + link->machine->undefined_call_size +
                                  mode_of(link, chunk, relocation, site.symbol);
    return site;
}

static bool may_use_veneer(const struct chunk *chunk,
                           const struct symbol *symbol)
{
    return symbol->chunk != chunk || symbol->type == STT_FUNC || symbol->stub;
}

/* The kind of veneer that a relocation needs; 0: none. */
static unsigned kind_of(const struct link *link, const struct chunk *chunk,
                        const struct site *site)
{
    return link->machine->veneer && may_use_veneer(chunk, site->symbol)
               ? link->machine->veneer(&site->branch)
               : 0;
}

/* Does a veneer of this kind at address serve the branch? */
static bool is_in_reach(const struct link *link, const struct site *site,
                        unsigned kind, uint64_t address)
{
    struct branch branch = site->branch;

    branch.destination = address + link->machine->veneers[kind].mode;
    return link->machine->veneer(&branch) == 0;
}

static uint64_t veneer_address(const struct veneer *veneer)
{
    return chunk_address(veneer->pool) + veneer->offset;
}

/* NULL: no veneer is in reach. */
static const struct veneer *find_veneer(const struct link *link,
                                        const struct site *site, unsigned kind)
{
    const struct veneer *veneers = LIST_ITEMS(struct veneer, &link->veneers);
    const struct veneer *veneer;

    for (uint32_t i = site->symbol->veneers; i; i = veneer->next) {
        veneer = &veneers[i - 1];
        if (veneer->kind == kind && veneer->distance == site->distance &&
            is_in_reach(link, site, kind, veneer_address(veneer)))
            return veneer;
    }
    return NULL;
}

uint64_t veneers_destination(const struct link *link, const struct chunk *chunk,
                             const struct relocation *relocation,
                             uint64_t place)
{
    const struct site site = site_of(link, chunk, relocation, place);
    const unsigned kind = kind_of(link, chunk, &site);
    const struct veneer *veneer = kind ? find_veneer(link, &site, kind) : NULL;

    const uint64_t destination =
        veneer ? veneer_address(veneer) + link->machine->veneers[kind].mode
               : site.branch.destination;

    return destination -
           distance_of(link->machine->type(relocation->type), relocation);
}

/* ---- Pools ---- */

static struct chunk *add_pool(struct link *link, struct output *output)
{
    struct chunk *pool =
        outputs_new_chunk(link, RANK_TEXT, link->machine->veneer_align);

    if (pool)
        pool->output = output;
    else
        link->pools.failed = true;
    list_append_pointer(&link->pools, pool);
    return pool;
}

/* Does the chunk end too far from the last pool? That is at `last`, and there
 * is code up to `end`. */
static bool needs_pool(const struct link *link, const struct chunk *chunk,
                       uint64_t last, uint64_t end)
{
    return end > last &&
           chunk->offset + chunk->size - last > link->machine->veneer_interval;
}

/* Put a pool behind the last section that ends less than an interval from the
 * pool before, and one at the end. */
static enum status make_pools(struct link *link, struct error *err)
{
    struct output *output = outputs_standard(link, RANK_TEXT);
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &output->chunks);
    const size_t n_chunks = LIST_COUNT(struct chunk *, &output->chunks);
    struct buffer with_pools;
    uint64_t last = 0, end = 0;

    buffer_init(&with_pools);
    for (size_t i = 0; i < n_chunks; i++) {
        if (needs_pool(link, chunks[i], last, end)) {
            list_append_pointer(&with_pools, add_pool(link, output));
            last = end;
        }
        list_append_pointer(&with_pools, chunks[i]);
        end = chunks[i]->offset + chunks[i]->size;
    }
    list_append_pointer(&with_pools, add_pool(link, output));
    buffer_release(&output->chunks);
    output->chunks = with_pools;
    return buffer_failed(&with_pools) || buffer_failed(&link->chunks) ||
                   buffer_failed(&link->pools)
               ? error_no_memory(err)
               : STATUS_OK;
}

/* Add a veneer to the first pool from which it serves the branch. If there is
 * none, the branch is refused when it is written. */
static void add_veneer(struct link *link, const struct site *site,
                       unsigned kind)
{
    struct chunk **pools = LIST_ITEMS(struct chunk *, &link->pools);

    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->pools); i++) {
        const struct veneer veneer = {
            .symbol = site->symbol,
            .distance = site->distance,
            .kind = kind,
            .pool = pools[i],
            .offset = pools[i]->size,
            .next = site->symbol->veneers,
        };

        if (!is_in_reach(link, site, kind, veneer_address(&veneer)))
            continue;
        buffer_append(&link->veneers, &veneer, sizeof(veneer));
        site->symbol->veneers =
            (uint32_t)LIST_COUNT(struct veneer, &link->veneers);
        pools[i]->size += link->machine->veneers[kind].size;
        return;
    }
}

/* ---- Rounds ---- */

/* Count the branches of one section that need a veneer and have none. If there
 * are pools, add these veneers. */
static size_t look_at_chunk(struct link *link, const struct chunk *chunk)
{
    size_t n_missing = 0;

    for (size_t i = 0; i < chunk->relocations.n_items; i++) {
        const struct relocation *relocation = &chunk->relocations.items[i];
        const struct reloc_type *type = link->machine->type(relocation->type);
        struct site site;
        unsigned kind;

        if (type->subject != RELOC_CALL)
            continue;
        site = site_of(link, chunk, relocation,
                       chunk_address(chunk) + relocation->offset);
        kind = kind_of(link, chunk, &site);
        if (kind == 0 || find_veneer(link, &site, kind))
            continue;
        n_missing++;
        if (link->pools.size)
            add_veneer(link, &site, kind);
        if (buffer_failed(&link->veneers))
            break;
    }
    return n_missing;
}

static size_t look_at_all(struct link *link)
{
    struct chunk **chunks = LIST_ITEMS(struct chunk *, &link->chunks);
    size_t n_missing = 0;

    for (size_t i = 0; i < LIST_COUNT(struct chunk *, &link->chunks); i++)
        if (chunks[i]->flags & SHF_EXECINSTR)
            n_missing += look_at_chunk(link, chunks[i]);
    return n_missing;
}

static enum status add_round(struct link *link, size_t *ret_n_added,
                             struct error *err)
{
    const size_t before = link->veneers.size;
    enum status status;

    look_at_all(link);
    if (buffer_failed(&link->veneers))
        return error_no_memory(err);
    *ret_n_added = (link->veneers.size - before) / sizeof(struct veneer);
    status = outputs_measure(link, err);
    return status ? status : layout_place(link, err);
}

enum status veneers_place(struct link *link, struct error *err)
{
    const struct link_machine *machine = link->machine;
    size_t n_added = 1;
    enum status status;

    if (!machine->veneer ||
        (!machine->interworks &&
         link->segments[SEGMENT_TEXT].memory_size <= machine->veneer_interval))
        return STATUS_OK;
    if (look_at_all(link) == 0)
        return STATUS_OK;
    status = make_pools(link, err);
    if (status == STATUS_OK)
        status = outputs_measure(link, err);
    if (status == STATUS_OK)
        status = layout_place(link, err);
    while (status == STATUS_OK && n_added)
        status = add_round(link, &n_added, err);
    return status;
}

/* ---- Contents ---- */

enum status veneers_write(const struct link *link, struct error *err)
{
    const struct veneer *veneers = LIST_ITEMS(struct veneer, &link->veneers);

    for (size_t i = 0; i < LIST_COUNT(struct veneer, &link->veneers); i++) {
        const struct veneer *veneer = &veneers[i];
        const struct veneer_kind *kind = &link->machine->veneers[veneer->kind];

        if (!kind->write(chunk_bytes(link, veneer->pool) + veneer->offset,
                         veneer_address(veneer),
                         symbol_pointer(link, veneer->symbol, 0) +
                             veneer->distance))
            return error_set(err, STATUS_OUT_OF_RANGE,
                             "%s: the veneer of '%s' is out of its reach",
                             link->params->inputs[0].name,
                             veneer->symbol->name);
    }
    return STATUS_OK;
}
