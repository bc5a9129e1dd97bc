/* The global offset table, and the stubs that jump through it. */
#ifndef BCC_LINKER_GOT_H
#define BCC_LINKER_GOT_H

#include "link_state.h"

/* While relocations are scanned. Each may be asked for any number of times;
 * all return NO_MEMORY or OK. */
enum status got_need_import(struct link *link, struct symbol *symbol,
                            struct error *err) MUST_CHECK;
enum status got_need_slot(struct link *link, struct symbol *symbol,
                          struct error *err) MUST_CHECK;
enum status got_need_stub(struct link *link, struct symbol *symbol,
                          struct error *err) MUST_CHECK;
enum status got_need_tls_pair(struct link *link, struct symbol *symbol,
                              struct error *err) MUST_CHECK;
enum status got_need_tls_module(struct link *link,
                                struct error *err) MUST_CHECK;
enum status got_need_tls_tpoff(struct link *link, struct symbol *symbol,
                               struct error *err) MUST_CHECK;

/* What the instruction around a relocation does with a slot: only code has
 * instructions. */
enum got_use got_use_of(const struct link *link, const struct chunk *chunk,
                        const struct relocation *relocation,
                        const struct reloc_type *type);

/* Whether an instruction that uses the symbol's slot is rewritten to do
 * without. The same answer while scanning and while relocating. */
bool got_is_relaxed(const struct link *link, const struct reloc_type *type,
                    const struct symbol *symbol, enum got_use use);

/* Before scanning: decides about relaxation; stubs for all indirect functions.
 */
enum status got_begin(struct link *link, struct error *err) MUST_CHECK;

/* After scanning: orders imports, sets the sizes of .got and .plt, records
 * the dynamic relocations of slots. */
enum status got_finish(struct link *link, struct error *err) MUST_CHECK;

/* Image addresses, once layout is done. */
uint64_t got_slot_address(const struct link *link, const struct symbol *symbol);

/* Of symbol.tls_pair, symbol.tls_got, symbol.indirect, link.tls_module. */
uint64_t got_made_slot_address(const struct link *link, uint32_t slot);

/* Contents of .got and .plt. OUT_OF_RANGE. */
enum status got_write(const struct link *link, struct error *err) MUST_CHECK;

#endif
