/* The oBCC cache file, for tools that read cache files.
 *
 * This header defines the format: every struct on disk, every constant, and
 * assertions that freeze their layout. docs/cache-format.html describes the
 * same bytes in words and pictures. A test compares the two.
 *
 *     +--------------------+ 0
 *     | OBCC header        |  OBCC_HEADER_SIZE bytes
 *     | section table      |  n_sections x 32 bytes, offsets ascending
 *     +--------------------+ header_size
 *     | sections           |  each at a multiple of 8, gaps are zero
 *     |  ...               |
 *     +--------------------+ a multiple of context_align
 *     | context            |  an ELF shared object, mapped from the file
 *     +--------------------+
 *     | debug (optional)   |  for debuggers; no launch reads it
 *     +--------------------+
 *     | signature          |  (optional)
 *     +--------------------+ file_size
 *
 * All integers are little-endian and may be unaligned; read them with
 * obcc_get16/32/64. Addresses are image addresses: bytes from the start of the
 * mapped context. A string index is the number of a row of the string pool. */
#ifndef BCC_BCC_CACHE_H
#define BCC_BCC_CACHE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OBCC_MAGIC   "\0bcc"
#define OBCC_VERSION "100\0" /* 4 bytes, compared as bytes */

/* Integers on disk: structs, so that C code cannot use the raw bytes as a
 * number by mistake. */
struct obcc_le16 {
    uint8_t byte[2];
};
struct obcc_le32 {
    uint8_t byte[4];
};
struct obcc_le64 {
    uint8_t byte[8];
};

static inline uint16_t obcc_get16(struct obcc_le16 v)
{
    return (uint16_t)(v.byte[0] | v.byte[1] << 8);
}

static inline uint32_t obcc_get32(struct obcc_le32 v)
{
    return (uint32_t)v.byte[0] | (uint32_t)v.byte[1] << 8 |
           (uint32_t)v.byte[2] << 16 | (uint32_t)v.byte[3] << 24;
}

static inline uint64_t obcc_get64(struct obcc_le64 v)
{
    return (uint64_t)v.byte[0] | (uint64_t)v.byte[1] << 8 |
           (uint64_t)v.byte[2] << 16 | (uint64_t)v.byte[3] << 24 |
           (uint64_t)v.byte[4] << 32 | (uint64_t)v.byte[5] << 40 |
           (uint64_t)v.byte[6] << 48 | (uint64_t)v.byte[7] << 56;
}

static inline struct obcc_le16 obcc_le16(uint16_t v)
{
    struct obcc_le16 le = {{(uint8_t)v, (uint8_t)(v >> 8)}};
    return le;
}

static inline struct obcc_le32 obcc_le32(uint32_t v)
{
    struct obcc_le32 le = {{(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                            (uint8_t)(v >> 24)}};
    return le;
}

static inline struct obcc_le64 obcc_le64(uint64_t v)
{
    struct obcc_le64 le = {{(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                            (uint8_t)(v >> 24), (uint8_t)(v >> 32),
                            (uint8_t)(v >> 40), (uint8_t)(v >> 48),
                            (uint8_t)(v >> 56)}};
    return le;
}

/* ---- Header ---- */

/* Section kinds. Values are never reused. */
enum obcc_section_kind {
    OBCC_STRING_POOL = 1,
    OBCC_DEPENDENCY_TABLE = 2,
    OBCC_RELOCATION_TABLE = 3, /* imports to bind at load */
    OBCC_EXPORT_VAR_LIST = 4,
    OBCC_EXPORT_FUNC_LIST = 5,
    OBCC_EXPORT_FOREACH_LIST = 6,
    OBCC_PRAGMA_LIST = 7,
    OBCC_FUNC_TABLE = 8,
    OBCC_VAR_TABLE = 9,
    OBCC_OBJECT_SLOT_LIST = 10,
    OBCC_IDENTITY = 11,
    OBCC_CONTEXT = 12,
    OBCC_DEBUG = 13,       /* optional: an ELF file that describes the context
                              to debuggers */
    OBCC_NEEDED_LIST = 14, /* optional: shared libraries to open at load */
    OBCC_FUNC_INDEX = 15,  /* optional: hash index of the function table */
    OBCC_N_SECTION_KINDS = 16
};

/* The type of a section of the debug section: le32 file offsets of the words in
 * it, as wide as an address, that hold an image address. A reader adds the
 * image's base there. */
#define OBCC_SHT_PLACES 0x80000bccu

/* Loaders ignore kinds >= 64. */
#define OBCC_SIGNATURE 64u /* struct obcc_signature; the last section */
#define OBCC_FUNCTIONS                                                         \
    65u /* list of struct obcc_function; before the context */

/* Section flag: a reader that does not know the section's kind must refuse the
 * file. */
#define OBCC_SECTION_REQUIRED 1u

struct obcc_section {
    struct obcc_le32 kind;
    struct obcc_le32 flags;
    struct obcc_le64 offset;   /* from the start of the file */
    struct obcc_le64 size;     /* bytes */
    struct obcc_le64 checksum; /* XXH3-64 of the bytes */
};

struct obcc_header {
    uint8_t magic[4];               /* OBCC_MAGIC */
    uint8_t version[4];             /* OBCC_VERSION */
    uint8_t endianness;             /* of the target: 'e' little, 'E' big */
    uint8_t sizeof_off_t;           /* of the target, bytes */
    uint8_t sizeof_size_t;          /* of the target, bytes */
    uint8_t sizeof_ptr_t;           /* of the target, bytes */
    struct obcc_le16 machine;       /* ELF e_machine */
    struct obcc_le16 n_sections;    /* rows of the section table */
    struct obcc_le32 header_size;   /* bytes of header and section table */
    struct obcc_le32 context_align; /* largest page size of the target */
    struct obcc_le64 required;      /* format feature bits; unknown: refuse */
    struct obcc_le64 file_size;     /* bytes */
    struct obcc_le64 image_span;    /* bytes of address space of the context */
    struct obcc_le64 image_align;   /* of the load address, >= context_align */
    struct obcc_le64 cpu_features[2]; /* that the code may use */
    struct obcc_le64 text_span;       /* bytes at the start of image_span that
                                         are code */
    struct obcc_le32 tier;            /* OBCC_TIER_... */
    struct obcc_le32 reserved;        /* 0 */
    struct obcc_le64 checksum; /* XXH3-64 of header and section table, this
                                  field taken as 0 */
};

/* Tiers of the code. Other values count as OBCC_TIER_BEST. */
enum obcc_tier {
    OBCC_TIER_BEST = 0,
    OBCC_TIER_BASELINE = 1, /* made fast, to be replaced by the best code */
    OBCC_TIER_LASTING = 2   /* baseline code that stays: it was asked for, or
                               the compiler failed to make the best code */
};

#define OBCC_HEADER_SIZE  96u
#define OBCC_SECTION_SIZE 32u
#define OBCC_MAX_SECTIONS 32u

/* Bounds of header fields. A file with a field outside them is malformed. */
#define OBCC_SECTION_ALIGN     8u
#define OBCC_MIN_CONTEXT_ALIGN 4096u
#define OBCC_MAX_CONTEXT_ALIGN (1u << 20)
#define OBCC_MAX_IMAGE_SPAN    (UINT64_C(1) << 46)
#define OBCC_MAX_IMAGE_ALIGN   (UINT64_C(1) << 30)

/* ---- Sections that are lists ---- */

/* Head of lists and tables. `count` entries follow immediately. */
struct obcc_list {
    struct obcc_le32 count;
    struct obcc_le32 reserved; /* 0 */
};

/* String pool: obcc_list, count rows, then the bytes. */
struct obcc_string {
    struct obcc_le32 length; /* bytes without the NUL that follows them */
    struct obcc_le32 offset; /* from the start of the section */
};

enum obcc_resource {
    OBCC_APK_RESOURCE = 0, /* memory or an archive entry, named by the client */
    OBCC_FILE_RESOURCE = 1 /* a file, named by its path */
};

/* Dependency flags. */
#define OBCC_DEPENDENCY_LIBRARY   1u /* linked library; see below */
#define OBCC_DEPENDENCY_SKIP_SHA1 2u /* content is not compared */
#define OBCC_DEPENDENCY_STAMPED   4u /* has a stamp to be trusted */
#define OBCC_DEPENDENCY_OBJECT    8u /* linked whole, as part of the script */
#define OBCC_DEPENDENCY_ARCHIVE                                                \
    16u /* the name is ARCHIVE!ENTRY; the                                      \
           stamp is that of the archive */
/* An input that is neither library nor object is the script itself. */

struct obcc_dependency {
    struct obcc_le32 name; /* string index */
    struct obcc_le32 type; /* OBCC_APK_RESOURCE ... */
    struct obcc_le32 flags;
    uint8_t sha1[20];
    /* Stamp of the file: stat(); zero unless OBCC_DEPENDENCY_STAMPED. */
    struct obcc_le64 device;
    struct obcc_le64 inode;
    struct obcc_le64 size;
    struct obcc_le64 mtime_ns;
    struct obcc_le64 ctime_ns;
};

/* Import flags. */
#define OBCC_IMPORT_WEAK     1u /* address 0 if no definition is found */
#define OBCC_IMPORT_FUNCTION 2u /* the code calls it */

#define OBCC_NO_STRING UINT32_MAX /* in place of a string index */

/* Which library defines an import. */
#define OBCC_NO_LIBRARY  0u         /* none of the needed list */
#define OBCC_ANY_LIBRARY UINT32_MAX /* the first that defines it */

struct obcc_import {
    struct obcc_le32 name; /* string index */
    struct obcc_le32 flags;
    struct obcc_le32 user;    /* string index: a function or variable that
                                 uses the import; or OBCC_NO_STRING */
    struct obcc_le32 library; /* 1 + index into the needed list, or
                                 OBCC_NO_LIBRARY, or OBCC_ANY_LIBRARY */
};

#define OBCC_NO_ADDRESS UINT64_MAX /* exported, but not in the image */

/* Exported variables, functions, foreach kernels (in metadata order); the
 * function table and the variable table (sorted by name, strcmp order).
 *
 * The address of a function or kernel is the one that is called. On 32-bit ARM
 * bit 0 of it tells Thumb code (1) from A32 code (0), as in ELF; the code
 * itself begins at the address with bit 0 cleared, and size counts from there.
 * On other machines, and in addresses of variables, bit 0 has no such meaning.
 */
struct obcc_symbol {
    struct obcc_le64 address;          /* image address or OBCC_NO_ADDRESS */
    struct obcc_le64 size;             /* bytes; 0 if unknown */
    struct obcc_le32 name;             /* string index */
    struct obcc_le32 kernel_signature; /* of a foreach kernel; else 0 */
};

/* Function index: a hash table with linear probing. obcc_list, then count
 * slots. count is a power of two; at least a third of the slots are empty. A
 * search starts at slot hash % count, goes upwards, and continues at slot 0
 * after the last slot. It ends at the slot with the hash and the name, or
 * without result at an empty slot. */
struct obcc_slot {
    struct obcc_le32 hash; /* the low half of XXH3-64 of the name */
    struct obcc_le32 row;  /* 1 + index into the function table (the first row
                              if several have the name); 0: the slot is empty */
    struct obcc_le32 name; /* offset of the name from the start of the string
                              pool section: a search reads no row of the pool
                              and only one row of the table */
};

struct obcc_pragma {
    struct obcc_le32 key;   /* string index */
    struct obcc_le32 value; /* string index */
};

/* A function for callers and tools: exported functions, kernels and marked
 * functions, sorted by name (strcmp order). */
struct obcc_function {
    struct obcc_le32 name;       /* string index, as all of these */
    struct obcc_le32 signature;  /* "i32 f64 ptr -> i32" */
    struct obcc_le32 parameters; /* names with ' ' between; OBCC_NO_STRING:
                                    unknown */
    struct obcc_le32 kernel;     /* of a kernel: what it takes for an element;
                                    else OBCC_NO_STRING */
};

#define OBCC_SIGNATURE_ED25519 1u

/* Signature of the SHA-512 of all bytes before this section;
 * docs/cache-format.html has the exact rule. */
struct obcc_signature {
    struct obcc_le32 algorithm; /* OBCC_SIGNATURE_ED25519 */
    struct obcc_le32 reserved;  /* 0 */
    uint8_t key[32];            /* the public key */
    uint8_t signature[64];
};

/* Object slot list: obcc_list, then count struct obcc_le32: indexes into the
 * list of exported variables.
 *
 * Needed list: obcc_list, then count struct obcc_le32: string indexes of
 * shared libraries, by soname or path. The section is absent if it would be
 * empty.
 *
 * Identity: text, one "name=value" per line; see docs/cache-format.html. */

/* ---- Frozen ---- */

#if defined(__cplusplus)
#define OBCC_ASSERT(condition) static_assert(condition, "the format is frozen")
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define OBCC_ASSERT(condition) _Static_assert(condition, "the format is frozen")
#else
#define OBCC_ASSERT(condition)                                                 \
    extern char obcc_frozen[(condition) ? 1 : -1] __attribute__((unused))
#endif

OBCC_ASSERT(sizeof(struct obcc_header) == OBCC_HEADER_SIZE);
OBCC_ASSERT(offsetof(struct obcc_header, version) == 4);
OBCC_ASSERT(offsetof(struct obcc_header, endianness) == 8);
OBCC_ASSERT(offsetof(struct obcc_header, machine) == 12);
OBCC_ASSERT(offsetof(struct obcc_header, n_sections) == 14);
OBCC_ASSERT(offsetof(struct obcc_header, header_size) == 16);
OBCC_ASSERT(offsetof(struct obcc_header, context_align) == 20);
OBCC_ASSERT(offsetof(struct obcc_header, required) == 24);
OBCC_ASSERT(offsetof(struct obcc_header, file_size) == 32);
OBCC_ASSERT(offsetof(struct obcc_header, image_span) == 40);
OBCC_ASSERT(offsetof(struct obcc_header, image_align) == 48);
OBCC_ASSERT(offsetof(struct obcc_header, cpu_features) == 56);
OBCC_ASSERT(offsetof(struct obcc_header, text_span) == 72);
OBCC_ASSERT(offsetof(struct obcc_header, tier) == 80);
OBCC_ASSERT(offsetof(struct obcc_header, reserved) == 84);
OBCC_ASSERT(offsetof(struct obcc_header, checksum) == 88);
OBCC_ASSERT(sizeof(struct obcc_section) == OBCC_SECTION_SIZE);
OBCC_ASSERT(offsetof(struct obcc_section, offset) == 8);
OBCC_ASSERT(offsetof(struct obcc_section, size) == 16);
OBCC_ASSERT(offsetof(struct obcc_section, checksum) == 24);
OBCC_ASSERT(sizeof(struct obcc_list) == 8);
OBCC_ASSERT(sizeof(struct obcc_string) == 8);
OBCC_ASSERT(sizeof(struct obcc_dependency) == 72);
OBCC_ASSERT(offsetof(struct obcc_dependency, sha1) == 12);
OBCC_ASSERT(offsetof(struct obcc_dependency, device) == 32);
OBCC_ASSERT(sizeof(struct obcc_import) == 16);
OBCC_ASSERT(offsetof(struct obcc_import, user) == 8);
OBCC_ASSERT(sizeof(struct obcc_symbol) == 24);
OBCC_ASSERT(offsetof(struct obcc_symbol, name) == 16);
OBCC_ASSERT(sizeof(struct obcc_slot) == 12);
OBCC_ASSERT(offsetof(struct obcc_slot, row) == 4);
OBCC_ASSERT(offsetof(struct obcc_slot, name) == 8);
OBCC_ASSERT(sizeof(struct obcc_pragma) == 8);
OBCC_ASSERT(sizeof(struct obcc_function) == 16);
OBCC_ASSERT(offsetof(struct obcc_function, signature) == 4);
OBCC_ASSERT(offsetof(struct obcc_function, parameters) == 8);
OBCC_ASSERT(offsetof(struct obcc_function, kernel) == 12);
OBCC_ASSERT(sizeof(struct obcc_signature) == 104);
OBCC_ASSERT(offsetof(struct obcc_signature, key) == 8);
OBCC_ASSERT(offsetof(struct obcc_signature, signature) == 40);

#ifdef __cplusplus
}
#endif

#endif
