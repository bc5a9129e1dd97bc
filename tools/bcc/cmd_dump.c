/* bcc dump: every section of a cache file, for people or for programs.
 *
 * One walk over the file, two printers: each section is a named list of rows,
 * each row a list of named values, and the printer decides how that looks. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "buffer.h"
#include "cache_file.h"
#include "commands.h"
#include "cpu_features.h"
#include "dependency.h"
#include "file.h"
#include "entry_files.h"
#include "machine.h"
#include "print.h"
#include "options.h"
#include "resource.h"

/* ---- Two ways to print ---- */

struct printer {
    bool json;
    bool first_section, first_row, first_value;
};

static void begin_section(struct printer *printer, const char *name,
                          const char *title)
{
    if (printer->json)
        printf("%s\"%s\":[", printer->first_section ? "" : ",", name);
    else
        printf("%s%s\n", printer->first_section ? "" : "\n", title);
    printer->first_section = false;
    printer->first_row = true;
}

static void end_section(struct printer *printer)
{
    if (printer->json)
        putchar(']');
    else if (printer->first_row)
        puts("  none");
}

static void begin_row(struct printer *printer)
{
    if (printer->json)
        fputs(printer->first_row ? "{" : ",{", stdout);
    else
        putchar(' ');
    printer->first_row = false;
    printer->first_value = true;
}

static void end_row(const struct printer *printer)
{
    putchar(printer->json ? '}' : '\n');
}

static void begin_value(struct printer *printer, const char *name)
{
    if (printer->json)
        printf("%s\"%s\":", printer->first_value ? "" : ",", name);
    else
        printf(" %s ", name);
    printer->first_value = false;
}

static void print_text(struct printer *printer, const char *name,
                       const char *text)
{
    begin_value(printer, name);
    if (printer->json)
        json_print_string(stdout, text);
    else
        print_visible(stdout, text);
}

static void print_number(struct printer *printer, const char *name,
                         uint64_t value)
{
    begin_value(printer, name);
    printf("%" PRIu64, value);
}

/* Numbers that people read in hexadecimal; JSON has no such notation. */
static void print_address(struct printer *printer, const char *name,
                          uint64_t value)
{
    begin_value(printer, name);
    if (value == OBCC_NO_ADDRESS)
        fputs(printer->json ? "null" : "-", stdout);
    else
        printf(printer->json ? "%" PRIu64 : "0x%" PRIx64, value);
}

/* ---- Sections ---- */

static const char *const section_names[OBCC_N_SECTION_KINDS] = {
    [OBCC_STRING_POOL] = "string_pool",
    [OBCC_DEPENDENCY_TABLE] = "dependency_table",
    [OBCC_RELOCATION_TABLE] = "relocation_table",
    [OBCC_EXPORT_VAR_LIST] = "export_var_list",
    [OBCC_EXPORT_FUNC_LIST] = "export_func_list",
    [OBCC_EXPORT_FOREACH_LIST] = "export_foreach_list",
    [OBCC_PRAGMA_LIST] = "pragma_list",
    [OBCC_FUNC_TABLE] = "func_table",
    [OBCC_VAR_TABLE] = "var_table",
    [OBCC_OBJECT_SLOT_LIST] = "object_slot_list",
    [OBCC_IDENTITY] = "identity",
    [OBCC_CONTEXT] = "context",
    [OBCC_DEBUG] = "debug",
    [OBCC_NEEDED_LIST] = "needed_list",
    [OBCC_FUNC_INDEX] = "func_index",
};

static const char *machine_name(unsigned elf_machine)
{
    const struct machine *machine = machine_find(elf_machine);

    return machine ? machine->name : "unknown";
}

static const char *tier_name(uint32_t tier)
{
    if (tier == OBCC_TIER_BASELINE)
        return "baseline, the best to come";
    return tier == OBCC_TIER_LASTING ? "baseline, as the best failed" : "best";
}

static void dump_header(struct printer *printer, const struct cache_file *file)
{
    const struct cache_layout *layout = &file->layout;
    char features[2048] = "";
    size_t used = 0;

    for (unsigned bit = 0; bit < CPU_FEATURE_WORDS * 64; bit++) {
        const char *name = cpu_feature_name(layout->machine, bit);
        if (layout->cpu_features.word[bit / 64] >> (bit % 64) & 1)
            used +=
                (size_t)snprintf(features + used, sizeof(features) - used,
                                 "%s%s", used ? "," : "", name ? name : "?");
    }
    begin_section(printer, "header", "Header");
    begin_row(printer);
    print_text(printer, "version", OBCC_VERSION);
    print_text(printer, "machine", machine_name(layout->machine));
    print_number(printer, "pointer_bytes", layout->sizeof_ptr_t);
    print_number(printer, "file_size", layout->file_size);
    print_address(printer, "image_span", layout->image_span);
    print_address(printer, "image_align", layout->image_align);
    print_address(printer, "text_span", layout->text_span);
    print_text(printer, "tier", tier_name(layout->tier));
    print_address(printer, "context_align", layout->context_align);
    print_text(printer, "cpu_features", features);
    end_row(printer);
    end_section(printer);

    begin_section(printer, "sections", "Sections");
    for (unsigned kind = 0; kind < OBCC_N_SECTION_KINDS; kind++) {
        if (!layout->section[kind].size)
            continue;
        begin_row(printer);
        print_address(printer, "offset", layout->section[kind].offset);
        print_number(printer, "size", layout->section[kind].size);
        print_address(printer, "checksum", layout->section[kind].checksum);
        print_text(printer, "name", section_names[kind]);
        end_row(printer);
    }
    end_section(printer);
}

static void dump_identity(struct printer *printer,
                          const struct cache_view *view)
{
    struct span text = cache_identity(view);
    char line[4096];

    begin_section(printer, "identity", "Identity");
    while (text.size) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;

        snprintf(line, sizeof(line), "%.*s", (int)size,
                 (const char *)text.data);
        begin_row(printer);
        char *value = strchr(line, '=');
        if (value)
            *value++ = '\0';
        print_text(printer, printer->json ? "name" : "", line);
        print_text(printer, printer->json ? "value" : "=", value ? value : "");
        end_row(printer);
        size += end != NULL;
        text.data += size;
        text.size -= size;
    }
    end_section(printer);
}

static void dump_dependencies(struct printer *printer,
                              const struct cache_view *view)
{
    begin_section(printer, "dependencies", "Dependencies");
    for (uint32_t i = 0; i < cache_count(view, OBCC_DEPENDENCY_TABLE); i++) {
        const struct obcc_dependency *row = cache_dependency_at(view, i);
        uint32_t flags = obcc_get32(row->flags);
        char sha1[2 * sizeof(row->sha1) + 1];

        for (size_t j = 0; j < sizeof(row->sha1); j++)
            snprintf(sha1 + 2 * j, 3, "%02x", row->sha1[j]);
        begin_row(printer);
        print_text(printer, "role", dependency_role_name(flags));
        print_text(printer, "type",
                   dependency_type_name(obcc_get32(row->type), flags));
        print_text(printer, "sha1",
                   flags & OBCC_DEPENDENCY_SKIP_SHA1 ? "skipped" : sha1);
        print_text(printer, "name", cache_string(view, obcc_get32(row->name)));
        if (flags & OBCC_DEPENDENCY_STAMPED) {
            print_number(printer, "size", obcc_get64(row->size));
            print_number(printer, "mtime_ns", obcc_get64(row->mtime_ns));
        }
        end_row(printer);
    }
    end_section(printer);
}

static const char *library_of(const struct cache_view *view,
                              const struct obcc_import *row)
{
    uint32_t library = obcc_get32(row->library);

    if (library == OBCC_NO_LIBRARY)
        return "";
    return library == OBCC_ANY_LIBRARY ? "any"
                                       : cache_needed_at(view, library - 1);
}

static void dump_imports(struct printer *printer, const struct cache_view *view)
{
    begin_section(printer, "imports", "Relocation table: imports to bind");
    for (uint32_t i = 0; i < cache_count(view, OBCC_RELOCATION_TABLE); i++) {
        const struct obcc_import *row = cache_import_at(view, i);
        uint32_t flags = obcc_get32(row->flags);

        begin_row(printer);
        print_text(printer, "kind",
                   flags & OBCC_IMPORT_FUNCTION ? "function" : "data");
        print_text(printer, "binding",
                   flags & OBCC_IMPORT_WEAK ? "weak" : "strong");
        print_text(printer, "name", cache_string(view, obcc_get32(row->name)));
        print_text(printer, "user", cache_string(view, obcc_get32(row->user)));
        print_text(printer, "library", library_of(view, row));
        end_row(printer);
    }
    end_section(printer);
}

static void dump_needed(struct printer *printer, const struct cache_view *view)
{
    begin_section(printer, "needed", "Needed shared libraries");
    for (uint32_t i = 0; i < cache_count(view, OBCC_NEEDED_LIST); i++) {
        begin_row(printer);
        print_text(printer, "name", cache_needed_at(view, i));
        end_row(printer);
    }
    end_section(printer);
}

static void dump_symbols(struct printer *printer, const struct cache_view *view,
                         unsigned kind, const char *name, const char *title)
{
    begin_section(printer, name, title);
    for (uint32_t i = 0; i < cache_count(view, kind); i++) {
        const struct obcc_symbol *row = cache_symbol_at(view, kind, i);

        begin_row(printer);
        print_address(printer, "address", obcc_get64(row->address));
        print_number(printer, "size", obcc_get64(row->size));
        if (kind == OBCC_EXPORT_FOREACH_LIST)
            print_number(printer, "signature",
                         obcc_get32(row->kernel_signature));
        print_text(printer, "name", cache_string(view, obcc_get32(row->name)));
        end_row(printer);
    }
    end_section(printer);
}

static void dump_functions(struct printer *printer,
                           const struct cache_file *file)
{
    const struct cache_view *view = &file->view;
    const struct span list = cache_extra_section(file->bytes, OBCC_FUNCTIONS);
    const struct obcc_function *rows;
    size_t n = 0;

    if (list.size > sizeof(struct obcc_list))
        n = (list.size - sizeof(struct obcc_list)) / sizeof(*rows);
    rows = (const void *)(list.data + (n ? sizeof(struct obcc_list) : 0));
    begin_section(printer, "signatures", "Function signatures");
    for (size_t i = 0; i < n; i++) {
        const char *text = cache_string(view, obcc_get32(rows[i].signature));
        char call[2048];

        snprintf(call, sizeof(call), ".call %s", text);
        begin_row(printer);
        print_text(printer, "callable",
                   cache_find_symbol(view, OBCC_FUNC_TABLE, call) ? "yes"
                                                                  : "no");
        print_text(printer, "name",
                   cache_string(view, obcc_get32(rows[i].name)));
        print_text(printer, "signature", text);
        print_text(printer, "parameters",
                   cache_string(view, obcc_get32(rows[i].parameters)));
        print_text(printer, "kernel",
                   cache_string(view, obcc_get32(rows[i].kernel)));
        end_row(printer);
    }
    end_section(printer);
}

static void dump_pragmas(struct printer *printer, const struct cache_view *view)
{
    begin_section(printer, "pragmas", "Pragmas");
    for (uint32_t i = 0; i < cache_count(view, OBCC_PRAGMA_LIST); i++) {
        const struct obcc_pragma *row = cache_pragma_at(view, i);

        begin_row(printer);
        print_text(printer, "key", cache_string(view, obcc_get32(row->key)));
        print_text(printer, "value",
                   cache_string(view, obcc_get32(row->value)));
        end_row(printer);
    }
    end_section(printer);
}

static void dump_object_slots(struct printer *printer,
                              const struct cache_view *view)
{
    begin_section(printer, "object_slots", "Object slots");
    for (uint32_t i = 0; i < cache_count(view, OBCC_OBJECT_SLOT_LIST); i++) {
        begin_row(printer);
        print_number(printer, "variable", cache_object_slot_at(view, i));
        end_row(printer);
    }
    end_section(printer);
}

static void dump_strings(struct printer *printer, const struct cache_view *view)
{
    begin_section(printer, "strings", "String pool");
    for (uint32_t i = 0; i < cache_count(view, OBCC_STRING_POOL); i++) {
        begin_row(printer);
        print_number(printer, "index", i);
        print_text(printer, "text", cache_string(view, i));
        end_row(printer);
    }
    end_section(printer);
}

static void dump(const struct cache_file *file, bool json)
{
    const struct cache_view *view = &file->view;
    struct printer printer = {.json = json, .first_section = true};

    if (json)
        putchar('{');
    dump_header(&printer, file);
    dump_identity(&printer, view);
    dump_dependencies(&printer, view);
    dump_imports(&printer, view);
    dump_needed(&printer, view);
    dump_symbols(&printer, view, OBCC_EXPORT_VAR_LIST, "export_vars",
                 "Exported variables");
    dump_symbols(&printer, view, OBCC_EXPORT_FUNC_LIST, "export_funcs",
                 "Exported functions");
    dump_symbols(&printer, view, OBCC_EXPORT_FOREACH_LIST, "export_foreachs",
                 "Exported foreach kernels");
    dump_functions(&printer, file);
    dump_pragmas(&printer, view);
    dump_object_slots(&printer, view);
    dump_symbols(&printer, view, OBCC_FUNC_TABLE, "functions",
                 "Function table");
    dump_symbols(&printer, view, OBCC_VAR_TABLE, "variables", "Variable table");
    dump_strings(&printer, view);
    if (json)
        puts("}");
}

/* ---- Disassembly: bccc has LLVM's ---- */

static int disassemble(const char *path)
{
    BCCScriptRef script = bccCreateScript();
    const char *compiler = bccGetCompilerPath(script);

    fflush(stdout);
    if (compiler) {
        execl(compiler, compiler, "disassemble", path, (char *)NULL);
        complain("%s: cannot be started", compiler);
    } else {
        complain("%s", script ? bccGetErrorMessage(script) : "out of memory");
    }
    bccDisposeScript(script);
    return EXIT_FAILED;
}

/* ---- Parts as files ---- */

/* Write the debug section; without one, a file with the names of functions. */
static enum status write_debug(const struct cache_file *file,
                               const struct options *options, struct error *err)
{
    struct buffer made;
    enum status status;

    if (file->view.section[OBCC_DEBUG].size)
        return part_write(file->view.section[OBCC_DEBUG], options->debug, err);
    status = function_names_make(file, options->arguments[0], &made, err);
    if (status == STATUS_OK)
        status = part_write(buffer_span(&made), options->debug, err);
    buffer_release(&made);
    return status;
}

/* Is the path that of the input, or of the other output? */
static bool is_in_use(const struct options *options, const char *path,
                      const char *other)
{
    if (!path || (!resource_is_same_file(path, options->arguments[0]) &&
                  (!other || !resource_is_same_file(path, other))))
        return false;
    complain("%s: would be overwritten", path);
    return true;
}

static int write_parts(const struct cache_file *file,
                       const struct options *options)
{
    enum status status = STATUS_OK;
    struct error err = {0};

    if (is_in_use(options, options->image, options->debug) ||
        is_in_use(options, options->debug, NULL))
        return EXIT_FAILED;
    if (options->image)
        status =
            part_write(file->view.section[OBCC_CONTEXT], options->image, &err);
    if (options->debug && status == STATUS_OK)
        status = write_debug(file, options, &err);
    if (status)
        complain("%s", err.message);
    return status ? EXIT_FAILED : EXIT_OK;
}

static int show(const struct cache_file *file, const struct options *options)
{
    dump(file, options->json);
    return options->disassemble ? disassemble(options->arguments[0]) : EXIT_OK;
}

static void complain_of_file(const char *path, const struct error *err)
{
    if (resource_is_bitcode(path))
        complain("%s: bitcode, not an oBCC file: bcc compile makes one", path);
    else if (err->status == STATUS_CORRUPT && !resource_is_compiled(path))
        complain("%s: not an oBCC file", path);
    else
        complain("%s", err->message);
}

static int dump_file(const struct options *options)
{
    struct cache_file file;
    struct error err = {0};
    int result;

    if (cache_file_open(options->arguments[0], CACHE_CHECK_ALL, &file, &err)) {
        complain_of_file(options->arguments[0], &err);
        return EXIT_FAILED;
    }
    result = options->image || options->debug ? write_parts(&file, options)
                                              : show(&file, options);
    cache_file_close(&file);
    return result;
}

/* Keep a stream in memory, as a file with a name, because bccc opens it,
 * too. */
static bool keep_stream(struct options *options, char ret_path[32])
{
    struct error err = {0};
    struct buffer bytes;
    enum status status;
    int fd = -1;

    buffer_init(&bytes);
    status = resource_read_stream(options->arguments[0], &bytes, &err);
    if (status == STATUS_OK)
        status = file_create_memory("bcc-dump", buffer_span(&bytes), &fd, &err);
    buffer_release(&bytes);
    if (status) {
        complain("%s", err.message);
        return false;
    }
    fcntl(fd, F_SETFD, 0);
    snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
    options->arguments[0] = ret_path;
    return true;
}

int cmd_dump(struct options *options)
{
    char path[32];

    if (options->n_arguments == 1 &&
        options->json + options->disassemble +
                (options->image || options->debug) <=
            1)
        return resource_is_stream(options->arguments[0]) &&
                       !keep_stream(options, path)
                   ? EXIT_FAILED
                   : dump_file(options);
    complain("dump: one file is needed, and one of --json, --disassemble, and "
             "parts to write (bcc help dump)");
    return EXIT_USAGE;
}
