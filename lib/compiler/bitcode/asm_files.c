/* .incbin and .include read a file of the machine on which the compile happens
 * to run. The entry would contain the file's content, readable for everybody
 * who may read the entry, and would not depend on the file. So both are
 * refused, by a process that cannot open files. A search of the text for them
 * would not suffice, because a macro can compose the directive.
 *
 * LLVM complains when all inputs are one module. To find the input with the
 * directive, the inputs are read again, one by one: the first that has the
 * file's name in its assembly, else the first that has a directive of that
 * kind, else the script. */
#include "assembly.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "archive.h"
#include "read.h"

struct refusal {
    char directive[8]; /* "incbin", "include" */
    char file[ERROR_MESSAGE_SIZE];
    char input[ERROR_MESSAGE_SIZE]; /* "": not found yet */
};

/* ---- LLVM's words ---- */

static bool parse(const char *message, struct refusal *refusal)
{
    static const char start[] = "Could not find ";
    static const char *const directives[] = {"incbin", "include"};
    const char *at = strstr(message, start);
    const char *name, *end;

    for (size_t i = 0; at && i < 2; i++) {
        const char *directive = directives[i];
        const size_t size = strlen(directive);

        name = at + strlen(start);
        if (strncmp(name, directive, size) != 0 ||
            strncmp(name + size, " file '", 7) != 0)
            continue;
        name += size + 7;
        end = strchr(name, '\'');
        snprintf(refusal->directive, sizeof(refusal->directive), "%s",
                 directive);
        snprintf(refusal->file, sizeof(refusal->file), "%.*s",
                 end ? (int)(end - name) : (int)strlen(name), name);
        return true;
    }
    return false;
}

/* ---- Whose it is ---- */

/* Get the assembly of the module and of its functions. False: it cannot be
 * read. */
static bool read_assembly(struct span bytes, const char *name,
                          struct buffer *text)
{
    LLVMModuleRef whole, module;
    struct glue glue;
    bool linked = false;

    glue_init(&glue);
    whole = LLVMModuleCreateWithNameInContext("", glue.context);
    /* Linking reads the bodies of functions. */
    if (module_read(&glue, bytes, name, &module, NULL) == STATUS_OK) {
        LLVMSetTarget(whole, LLVMGetTarget(module));
        LLVMSetDataLayout(whole, LLVMGetDataLayoutStr(module));
        linked = glue_link(&glue, whole, module, name, NULL) == STATUS_OK;
    }
    if (linked)
        asm_text_append(whole, text);
    LLVMDisposeModule(whole);
    glue_release(&glue);
    return linked;
}

/* True: this is the input with the directive. */
static bool look_at(struct span bytes, const char *name,
                    struct refusal *refusal)
{
    bool has_file = false, has_directive = false;
    struct buffer text;

    buffer_init(&text);
    if (read_assembly(bytes, name, &text))
        buffer_append(&text, "", 1);
    if (text.size && !buffer_failed(&text)) {
        const char *assembly = (const char *)text.data;

        has_file = strstr(assembly, refusal->file) != NULL;
        has_directive = strcasestr(assembly, refusal->directive) != NULL;
    }
    buffer_release(&text);
    if (has_file || (has_directive && !refusal->input[0]))
        snprintf(refusal->input, sizeof(refusal->input), "%s", name);
    return has_file;
}

static bool look_at_members(struct span bytes, const char *name,
                            struct refusal *refusal)
{
    struct archive_member member;
    struct archive_view view;
    bool found = false;
    uint64_t at = 0;

    if (archive_open(bytes, name, &view, NULL))
        return false;
    while (!found && archive_next(&view, &at, &member, NULL) == STATUS_OK) {
        char member_name[ERROR_MESSAGE_SIZE];

        snprintf(member_name, sizeof(member_name), "%s(%.*s)", name,
                 (int)member.name_size, member.name);
        found = module_kind(member.bytes) == MODULE_BITCODE &&
                look_at(member.bytes, member_name, refusal);
    }
    return found;
}

void asm_files_explain(const struct request *request, const struct span *inputs,
                       struct error *err)
{
    struct refusal refusal = {"", "", ""};
    bool found = false;

    if (!err || !parse(err->message, &refusal))
        return;
    for (size_t i = 0; !found && i < request->n_inputs; i++) {
        const char *name = request->inputs[i].name;

        found = archive_is(inputs[i])
                    ? look_at_members(inputs[i], name, &refusal)
                    : look_at(inputs[i], name, &refusal);
    }
    error_set(err, err->status, "%s: .%s \"%s\": assembly may not read files",
              refusal.input[0] ? refusal.input : request->inputs[0].name,
              refusal.directive, refusal.file);
}
