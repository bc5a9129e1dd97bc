/* The function of obcc-debug.so. Images that are shown to debuggers form the
 * list of the interface's descriptor; a lock protects it, as several threads
 * may prepare scripts at once. */
#include "show_code.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "perf_map.h"
#include "symbol_file.h"
#include "version.h"

/* An image in the list. */
struct shown {
    struct shown_code code; /* first */
    struct jit_entry entry;
    struct buffer file;
    struct jit_descriptor *descriptor;
    void (*register_code)(void);
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

/* The debugger stops the process at register_code() and reads. */
static void tell(const struct shown *shown, uint32_t action)
{
    shown->descriptor->action = action;
    shown->register_code();
    shown->descriptor->action = JIT_NOTHING;
    shown->descriptor->relevant = NULL;
}

static void hide(struct shown_code *code)
{
    struct shown *shown = (struct shown *)code;
    struct jit_descriptor *descriptor = shown->descriptor;
    struct jit_entry *entry = &shown->entry;

    pthread_mutex_lock(&list_lock);
    if (entry->previous)
        entry->previous->next = entry->next;
    else
        descriptor->first = entry->next;
    if (entry->next)
        entry->next->previous = entry->previous;
    descriptor->relevant = entry;
    tell(shown, JIT_UNREGISTER);
    pthread_mutex_unlock(&list_lock);
    buffer_release(&shown->file);
    free(shown);
}

/* Consumes file. */
static struct shown_code *list(const struct code_to_show *code,
                               struct buffer *file)
{
    struct shown *shown = calloc(1, sizeof(*shown));
    struct jit_descriptor *descriptor = code->descriptor;

    if (!shown) {
        buffer_release(file);
        return NULL;
    }
    *shown = (struct shown){
        .code.hide = hide,
        .file = *file,
        .entry = {.file = file->data, .file_size = file->size},
        .descriptor = descriptor,
        .register_code = code->register_code,
    };
    pthread_mutex_lock(&list_lock);
    shown->entry.next = descriptor->first;
    if (descriptor->first)
        descriptor->first->previous = &shown->entry;
    descriptor->first = &shown->entry;
    descriptor->relevant = &shown->entry;
    tell(shown, JIT_REGISTER);
    pthread_mutex_unlock(&list_lock);
    return &shown->code;
}

show_code_fn obcc_show_code;

__attribute__((visibility("default"))) struct shown_code *
obcc_show_code(const struct code_to_show *code)
{
    struct buffer file;

    if (strcmp(code->version, BCC_VERSION_STRING) != 0)
        return NULL;
    if (symbol_file_make(code, &file)) {
        if (code->how & SHOW_PERF_MAP)
            perf_map_add(code, &file);
        if (code->how & SHOW_JITDUMP)
            perf_jitdump_add(code, &file);
        if (code->how & SHOW_DEBUGGER)
            return list(code, &file);
    }
    buffer_release(&file);
    return NULL;
}
