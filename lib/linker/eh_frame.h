/* Unwind tables: .eh_frame. */
#ifndef BCC_LINKER_EH_FRAME_H
#define BCC_LINKER_EH_FRAME_H

#include "link_state.h"

struct eh_record {
    uint64_t offset; /* in the input */
    uint64_t size;
    uint64_t new_offset; /* in the chunk, if kept */
    uint64_t new_size;
    const struct relocation *function; /* FDE: of its first field */
    struct eh_record *cie;             /* of an FDE; NULL: is a CIE */
    bool kept;
    bool in_table;
};

struct eh_frame {
    struct eh_record *records; /* ascending offsets */
    size_t n_records;
};

/* Splits every chunk of unwind tables into records and drops those that
 * describe code which is not in the image. Sets sizes, also those of the
 * search table and the end mark. Symbols are resolved. CORRUPT, UNSUPPORTED.
 */
enum status eh_frame_read(struct link *link, struct error *err) MUST_CHECK;

/* Where the byte at offset of the input is in the chunk as it is written;
 * false if it was dropped. */
bool eh_frame_map_offset(const struct eh_frame *eh_frame, uint64_t offset,
                         uint64_t *ret_offset);

/* Writes the records of a chunk; relocations are applied afterwards. */
void eh_frame_write(const struct chunk *chunk, uint8_t *bytes);

#endif
