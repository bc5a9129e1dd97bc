/* Only an assembler knows the meaning of assembly, and LLVM's is unavailable
 * before there is code. Linking modules needs less: the names that are no
 * mnemonics, registers or sections, and which of them the text defines. So the
 * text is divided into statements as by GNU as:
 *
 *   label: mnemonic operand, operand ; next statement   # comment
 *   name = value
 *
 * A word that is mistaken for a name (an operand in Intel syntax, a register of
 * ARM) matters only if a library happens to define a function of that name:
 * then that function is linked needlessly. */
#include "assembly.h"

#include <string.h>

#include "llvm_glue.h"
#include "name_map.h"

struct scan {
    const char *at, *end;
    struct arena *arena;
    struct name_map map; /* name -> struct asm_symbol */
    struct asm_symbol *symbol;
    size_t n_symbols;
    bool no_memory;
};

/* ---- Words ---- */

struct word {
    const char *text; /* NULL: the statement has no more words */
    size_t size;
};

static bool is_separator(char c)
{
    return c == '\n' || c == ';';
}

static bool looking_at(const struct scan *scan, const char *text)
{
    size_t size = strlen(text);

    return (size_t)(scan->end - scan->at) >= size &&
           memcmp(scan->at, text, size) == 0;
}

static void skip_to(struct scan *scan, const char *text)
{
    while (scan->at < scan->end && !looking_at(scan, text))
        scan->at++;
}

static void skip_string(struct scan *scan)
{
    scan->at++;
    while (scan->at < scan->end && *scan->at != '"' && *scan->at != '\n')
        scan->at += *scan->at == '\\' && scan->end - scan->at > 1 ? 2 : 1;
    if (scan->at < scan->end && *scan->at == '"')
        scan->at++;
}

static void skip_comment(struct scan *scan)
{
    if (looking_at(scan, "/*")) {
        skip_to(scan, "*/");
        scan->at += looking_at(scan, "*/") ? 2 : 0;
    } else {
        skip_to(scan, "\n");
    }
}

static struct word take_bytes(struct scan *scan)
{
    struct word word = {scan->at, 0};

    while (scan->at < scan->end && asm_is_name_byte(*scan->at))
        scan->at++;
    word.size = (size_t)(scan->at - word.text);
    return word;
}

/* The next word of this statement that is not a register (%rax), a modifier
 * (@PLT) or a number. Skips everything after the last word. */
static struct word next_word(struct scan *scan)
{
    while (scan->at < scan->end && !is_separator(*scan->at)) {
        char c = *scan->at;

        if (c == '"') {
            skip_string(scan);
        } else if (c == '#' || looking_at(scan, "//") ||
                   looking_at(scan, "/*")) {
            skip_comment(scan);
        } else if (asm_is_name_byte(c)) {
            struct word word = take_bytes(scan);
            if (c < '0' || c > '9')
                return word;
        } else {
            scan->at++;
            if (c == '%' || c == '@')
                take_bytes(scan);
        }
    }
    return (struct word){NULL, 0};
}

static bool next_is(struct scan *scan, char c)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
        scan->at++;
    return scan->at < scan->end && *scan->at == c;
}

/* ---- Statements ---- */

static void note(struct scan *scan, struct word word, unsigned uses)
{
    char *name = arena_copy_string(scan->arena, word.text, word.size);
    void **place = name ? name_map_insert(&scan->map, name) : NULL;
    struct asm_symbol *symbol;

    if (!place) {
        scan->no_memory = true;
        return;
    }
    if (!*place) {
        *place = &scan->symbol[scan->n_symbols++];
        ((struct asm_symbol *)*place)->name = name;
    }
    symbol = *place;
    symbol->uses |= uses;
}

/* The use that a directive makes of its operands. Directives that are not
 * listed refer to their operands. */
static const struct directive {
    const char *name;
    unsigned first, rest; /* for operands; 0: no operand is a symbol */
} directives[] = {
    {".globl", ASM_GLOBAL, ASM_GLOBAL},
    {".global", ASM_GLOBAL, ASM_GLOBAL},
    {".weak", ASM_GLOBAL | ASM_WEAK, ASM_GLOBAL | ASM_WEAK},
    {".comm", ASM_DEFINED | ASM_GLOBAL, 0},
    {".lcomm", ASM_DEFINED, 0},
    {".set", ASM_DEFINED, ASM_REFERENCED},
    {".equ", ASM_DEFINED, ASM_REFERENCED},
    {".equiv", ASM_DEFINED, ASM_REFERENCED},
    {".type", 0, 0},
    {".size", 0, 0},
    {".local", 0, 0},
    {".hidden", 0, 0},
    {".internal", 0, 0},
    {".protected", 0, 0},
    {".section", 0, 0},
    {".pushsection", 0, 0},
    {".file", 0, 0},
    {".ident", 0, 0},
    {".arch", 0, 0},
    {".cpu", 0, 0},
    {".fpu", 0, 0},
};

static struct directive find_directive(struct word mnemonic)
{
    static const struct directive plain = {NULL, ASM_REFERENCED,
                                           ASM_REFERENCED};

    for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
        if (strlen(directives[i].name) == mnemonic.size &&
            memcmp(directives[i].name, mnemonic.text, mnemonic.size) == 0)
            return directives[i];
    return plain;
}

static void scan_operands(struct scan *scan, unsigned first, unsigned rest)
{
    unsigned uses = first;

    for (;;) {
        struct word word = next_word(scan);

        if (!word.text)
            return;
        /* A word with a leading dot is a section's name, or "." itself, the
         * current position. */
        if (uses && word.text[0] != '.')
            note(scan, word, uses);
        uses = rest;
    }
}

static void scan_statement(struct scan *scan)
{
    struct word word = next_word(scan);

    while (word.text && next_is(scan, ':')) {
        note(scan, word, ASM_DEFINED);
        word = next_word(scan);
    }
    if (word.text && next_is(scan, '=')) {
        note(scan, word, ASM_DEFINED);
        scan_operands(scan, ASM_REFERENCED, ASM_REFERENCED);
    } else if (word.text) {
        struct directive directive = find_directive(word);
        scan_operands(scan, directive.first, directive.rest);
    }
    if (scan->at < scan->end)
        scan->at++; /* the separator */
}

/* At least one byte is between two words. */
static size_t most_words(size_t size)
{
    return size / 2 + 1;
}

enum status asm_symbols_read_text(struct span text, struct arena *arena,
                                  struct asm_symbols *ret_symbols,
                                  struct error *err)
{
    struct scan scan = {.arena = arena};

    name_map_init(&scan.map);
    scan.at = (const char *)text.data;
    scan.end = scan.at + text.size;
    scan.symbol =
        arena_alloc(arena, most_words(text.size), sizeof(*scan.symbol));
    scan.no_memory = !scan.symbol;
    while (!scan.no_memory && scan.at < scan.end)
        scan_statement(&scan);
    name_map_release(&scan.map);
    if (scan.no_memory)
        return error_no_memory(err);
    *ret_symbols = (struct asm_symbols){scan.symbol, scan.n_symbols};
    return STATUS_OK;
}

enum status asm_symbols_read(LLVMModuleRef module, struct arena *arena,
                             struct asm_symbols *ret_symbols, struct error *err)
{
    struct buffer text;
    enum status status;

    buffer_init(&text);
    asm_text_append(module, &text);
    if (buffer_failed(&text))
        status = error_no_memory(err);
    else
        status =
            asm_symbols_read_text(buffer_span(&text), arena, ret_symbols, err);
    buffer_release(&text);
    return status;
}

/* ---- Renaming ---- */

/* The text before its next word, and that word. Words in an operand (${0:q}) do
 * not count. */
static struct word next_name(struct scan *scan)
{
    while (scan->at < scan->end) {
        if (*scan->at == '"')
            skip_string(scan);
        else if (looking_at(scan, "${"))
            skip_to(scan, "}");
        else if (asm_is_name_byte(*scan->at))
            return take_bytes(scan);
        else
            scan->at++;
    }
    return (struct word){NULL, 0};
}

void asm_text_rename(struct span text, asm_suffix_fn suffix_of, void *context,
                     struct buffer *out)
{
    const char *start = (const char *)text.data;
    struct scan scan = {.at = start, .end = start + text.size};
    struct buffer name;

    buffer_init(&name);
    for (;;) {
        struct word word = next_name(&scan);
        const char *suffix;

        buffer_append(out, start, (size_t)(scan.at - start));
        start = scan.at;
        if (!word.text)
            break;
        name.size = 0;
        buffer_append(&name, word.text, word.size);
        buffer_append(&name, "", 1);
        suffix = buffer_failed(&name)
                     ? NULL
                     : suffix_of(context, (const char *)name.data);
        if (suffix)
            buffer_append_string(out, suffix);
    }
    out->failed |= buffer_failed(&name);
    buffer_release(&name);
}

static void rename_declaration(LLVMModuleRef module, const char *name,
                               const char *suffix)
{
    LLVMValueRef global = glue_find_global(module, name);
    struct buffer longer;

    if (!global || !LLVMIsDeclaration(global))
        return;
    buffer_init(&longer);
    buffer_printf(&longer, "%s%s", name, suffix);
    if (!buffer_failed(&longer))
        LLVMSetValueName2(global, (const char *)longer.data, longer.size);
    buffer_release(&longer);
}

struct renaming {
    const char *name, *suffix;
};

static const char *suffix_of_one(void *context, const char *name)
{
    const struct renaming *renaming = context;

    return strcmp(name, renaming->name) == 0 ? renaming->suffix : NULL;
}

enum status asm_symbols_rename(LLVMModuleRef module, const char *name,
                               const char *suffix, struct error *err)
{
    struct renaming renaming = {name, suffix};
    struct buffer renamed;
    bool failed;
    size_t size;
    const char *text = LLVMGetModuleInlineAsm(module, &size);

    buffer_init(&renamed);
    asm_text_rename((struct span){(const uint8_t *)text, size}, suffix_of_one,
                    &renaming, &renamed);
    failed = buffer_failed(&renamed);
    if (!failed) {
        rename_declaration(module, name, suffix);
        LLVMSetModuleInlineAsm2(module, (const char *)renamed.data,
                                renamed.size);
    }
    buffer_release(&renamed);
    return failed ? error_no_memory(err) : STATUS_OK;
}
