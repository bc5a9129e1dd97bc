/* Functions of a root (lazy_cut.h) are compiled when they are called:
 *
 *   stub -> lazy_enter -> lazy_resolve()   piece by compile(), by the linker,
 * by the loader; its functions' addresses into their slots
 *
 * Any number of threads may call functions that are not compiled yet. One piece
 * at a time is made; a thread whose function was made meanwhile goes on. No
 * signal handler runs in a thread that asks or waits: it might call such a
 * function, too. fork() waits until the piece is made, so that the child can
 * make others.
 *
 * A piece has no variables and no constructors. What it refers to is looked up
 * in the root: a stub, a variable, or an import of the root. Pieces stay until
 * the script is disposed of.
 *
 * A function that cannot be compiled cannot tell its caller, which is compiled
 * code. The host's log callback is told, and may end the process in its way;
 * else a trap does. */
#include "lazy.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile_thread.h"
#include "lazy_enter.h"
#include "load.h"
#include "support_routines.h"
#include "open_wall.h"

/* Of code that is compiled in pieces: a piece costs as much as three functions
 * of 100 lines in a small module, and as much as 100 in one of 12,000. The more
 * of the module runs, the larger the pieces. */
enum { FUNCTIONS_PER_EXTRA = 128, PIECES_PER_EXTRA = 4 };

struct piece {
    struct piece *next;
    struct image image;
};

struct lazy {
    struct arena arena;
    const struct lazy_code *host; /* the host's, which has the log */
    void *unwinder;               /* libgcc_s, or NULL: handle of dlopen() */
    void *libm;                   /* likewise, once it was needed */
    struct lazy_cut root;
    struct request request;
    struct span bitcode;
    struct link_symbol *whole, *objects; /* of the root, sorted by name */
    size_t n_whole, n_objects;
    /* From here on `turn` protects it. */
    const struct lazy_head *head; /* NULL: nothing was called yet */
    struct piece *pieces;
    size_t n_pieces;
    struct error err; /* of a call that ends the process: stacks are small */
};

/* ---- One at a time ---- */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* This thread is in fork(), and has the turn: others' handlers of fork() may
 * call functions, too. */
static _Thread_local bool is_forking;

static void take_turn(void)
{
    if (!is_forking)
        pthread_mutex_lock(&turn);
}

static void leave_turn(void)
{
    if (!is_forking)
        pthread_mutex_unlock(&turn);
}

static void before_fork(void)
{
    take_turn();
    is_forking = true;
}

static void after_fork(void)
{
    is_forking = false;
    leave_turn();
}

static void set_up(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

/* ---- Life ---- */

enum status lazy_create(const struct compile_call *call, struct lazy **ret_lazy,
                        struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct lazy *lazy = calloc(1, sizeof(*lazy));
    size_t ignored;
    enum status status;
    char *message;

    if (!lazy)
        return error_no_memory(err);
    pthread_once(&once, set_up);
    arena_init(&lazy->arena);
    lazy->host = call->lazy;
    lazy->root = (struct lazy_cut){
        .kind = LAZY_ROOT,
        .arena = &lazy->arena,
        .enter = LAZY_HAS_ENTER ? (uintptr_t)lazy_enter : 0,
        .context = (uintptr_t)lazy,
    };
    message = arena_copy_string(&lazy->arena, (const char *)call->message.data,
                                call->message.size);
    status = message
                 ? request_parse((struct span){(const uint8_t *)message,
                                               call->message.size},
                                 &lazy->arena, &lazy->request, &ignored, err)
                 : error_no_memory(err);
    if (status) {
        lazy_free(lazy);
        return status;
    }
    *ret_lazy = lazy;
    return STATUS_OK;
}

struct lazy_cut *lazy_root(struct lazy *lazy)
{
    return &lazy->root;
}

void lazy_free(struct lazy *lazy)
{
    struct piece *piece, *next;

    if (!lazy)
        return;
    for (piece = lazy->pieces; piece; piece = next) {
        next = piece->next;
        load_stop(&piece->image);
        load_release(&piece->image);
        free(piece);
    }
    if (lazy->unwinder)
        dlclose(lazy->unwinder);
    if (lazy->libm)
        dlclose(lazy->libm);
    arena_release(&lazy->arena);
    free(lazy);
}

static struct link_symbol *
copy_symbols(struct arena *arena, const struct link_symbol *symbols, size_t n)
{
    struct link_symbol *rows = arena_alloc(arena, n + 1, sizeof(*rows));

    for (size_t i = 0; rows && i < n; i++) {
        const char *name = symbols[i].name;

        rows[i] = symbols[i];
        rows[i].name = arena_copy_string(arena, name, strlen(name));
        if (!rows[i].name)
            return NULL;
    }
    return rows;
}

static bool keep_whole(struct lazy *lazy, const struct link_result *link)
{
    const struct lazy_cut *root = &lazy->root;

    lazy->whole =
        arena_alloc(&lazy->arena, root->n_whole + 1, sizeof(*lazy->whole));
    for (size_t i = 0; lazy->whole && i < root->n_whole; i++) {
        const struct link_symbol *symbol = link_find_symbol(
            link->functions, link->n_functions, root->whole[i]);

        if (!symbol)
            continue;
        lazy->whole[lazy->n_whole] = *symbol;
        lazy->whole[lazy->n_whole++].name = root->whole[i];
    }
    return lazy->whole != NULL;
}

enum status lazy_keep(struct lazy *lazy, struct span bitcode,
                      const struct compile_result *root, struct error *err)
{
    const struct link_result *link = &root->link;
    char *copy = arena_copy_string(&lazy->arena, (const char *)bitcode.data,
                                   bitcode.size);

    lazy->objects = copy_symbols(&lazy->arena, link->objects, link->n_objects);
    lazy->n_objects = link->n_objects;
    if (!copy || !lazy->objects || !keep_whole(lazy, link))
        return error_no_memory(err);
    lazy->bitcode = (struct span){(const uint8_t *)copy, bitcode.size};
    /* Where others may find it only later: backtrace() brings it. */
    lazy->unwinder = dlopen("libgcc_s.so.1", RTLD_LAZY);
    return STATUS_OK;
}

/* ---- What pieces refer to ---- */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool find_name(const char *const *names, size_t n, const char *name,
                      size_t *ret_index)
{
    const char *const *found =
        n ? bsearch(&name, names, n, sizeof(*names), compare_names) : NULL;

    if (found)
        *ret_index = (size_t)(found - names);
    return found != NULL;
}

static int compare_alias(const void *name, const void *row)
{
    return strcmp(name, ((const struct lazy_alias *)row)->name);
}

/* The function of that name, by any of its names. */
static bool find_function(const struct lazy *lazy, const char *name,
                          size_t *ret_index)
{
    const struct lazy_cut *root = &lazy->root;
    const struct lazy_alias *alias =
        root->n_aliases ? bsearch(name, root->aliases, root->n_aliases,
                                  sizeof(*alias), compare_alias)
                        : NULL;

    return find_name(root->functions, root->n_functions,
                     alias ? alias->function : name, ret_index);
}

static void *find_in_root(const struct lazy *lazy, const char *name)
{
    const struct lazy_head *head = lazy->head;
    const uint64_t *imports = (const void *)(uintptr_t)head->imports;
    const struct link_symbol *symbol;
    uint64_t address = 0;
    size_t index;

    if (strcmp(name, LAZY_BASE_NAME) == 0)
        return (void *)(uintptr_t)head->base;
    if (find_function(lazy, name, &index))
        return (void *)(uintptr_t)(head->stubs + index * LAZY_STUB_SIZE);
    symbol = link_find_symbol(lazy->whole, lazy->n_whole, name);
    if (!symbol)
        symbol = link_find_symbol(lazy->objects, lazy->n_objects, name);
    if (symbol)
        address = head->base + symbol->address;
    else if (find_name(lazy->root.imports, lazy->root.n_imports, name, &index))
        address = imports[index];
    return (void *)(uintptr_t)address;
}

static void *find_unwinder(const void *context, const char *name)
{
    const struct lazy *lazy = context;

    return lazy->unwinder ? dlsym(lazy->unwinder, name) : NULL;
}

/* What no declaration of the module names, so that the root made no library
 * needed: arithmetic that became a call, and imports of support routines. */
static void *find_in_defaults(struct lazy *lazy, const char *name)
{
    void *address = NULL;

    if (!(lazy->request.flags & REQUEST_DEFAULT_LIBRARIES))
        return NULL;
    if (!lazy->libm)
        lazy->libm = dlopen("libm.so.6", RTLD_LAZY); /* which needs libc */
    if (lazy->libm)
        address = dlsym(lazy->libm, name);
    return address ? address : find_unwinder(lazy, name);
}

/* A load_resolve_fn. */
static void *resolve(void *context, const char *name, uint32_t hash,
                     uint32_t import)
{
    struct lazy *lazy = context;
    void *address = find_in_root(lazy, name);

    (void)import;
    if (!address)
        address = support_routine_find(name, hash);
    return address ? address : find_in_defaults(lazy, name);
}

/* ---- A piece ---- */

static struct lazy_slot *slot_at(const struct lazy *lazy, size_t index)
{
    return (struct lazy_slot *)(uintptr_t)(lazy->head + 1) + index;
}

static bool is_compiled(const struct lazy *lazy, size_t index)
{
    return slot_at(lazy, index)->code != lazy->root.enter;
}

/* Of struct lazy_cut. */
static bool is_wanted(const void *context, const char *name)
{
    const struct lazy *lazy = context;
    size_t index;

    return find_name(lazy->root.functions, lazy->root.n_functions, name,
                     &index) &&
           !is_compiled(lazy, index);
}

/* A choose_baseline_fn. */
static bool choose_baseline(void *context, const struct module_facts *facts)
{
    (void)context;
    (void)facts;
    return true;
}

static enum status load(struct lazy *lazy, const struct link_result *link,
                        struct piece *piece, struct error *err)
{
    const struct load_source source = {
        .fd = -1,
        .bytes = link->image.data,
        .name = lazy->request.inputs[0].name,
        .file_size = link->image.size,
        .image_size = link->image.size,
        .image_span = link->span,
        .image_align = link->align,
        .text_span = link->text_span,
    };
    const struct load_binding binding = {.resolve = resolve, .context = lazy};
    enum status status = load_map(&source, &piece->image, err);

    if (status)
        return status;
    status = load_link(&source, &piece->image, &binding, err);
    if (status) {
        load_release(&piece->image);
        return status;
    }
    piece->image.find_unwinder = find_unwinder;
    piece->image.find_context = lazy;
    load_start(&piece->image);
    return STATUS_OK;
}

/* From here on other threads call the functions. */
static void fill_slots(struct lazy *lazy, const struct lazy_cut *cut,
                       const struct link_result *link,
                       const struct piece *piece)
{
    for (size_t i = 0; i < cut->n_bodies; i++) {
        const struct link_symbol *code = link_find_symbol(
            link->functions, link->n_functions, cut->bodies[i].name);
        size_t index;

        if (code && find_function(lazy, cut->bodies[i].function, &index))
            __atomic_store_n(&slot_at(lazy, index)->code,
                             (uintptr_t)piece->image.base + code->address,
                             __ATOMIC_RELEASE);
    }
}

static enum status add_piece(struct lazy *lazy, const struct lazy_cut *cut,
                             const struct link_result *link, struct error *err)
{
    struct piece *piece = calloc(1, sizeof(*piece));
    enum status status;

    if (!piece)
        return error_no_memory(err);
    status = load(lazy, link, piece, err);
    if (status) {
        free(piece);
        return status;
    }
    piece->next = lazy->pieces;
    lazy->pieces = piece;
    lazy->n_pieces++;
    fill_slots(lazy, cut, link, piece);
    return STATUS_OK;
}

struct wish {
    struct lazy *lazy;
    const struct lazy_head *head;
    size_t index;
};

static enum status compile_piece(const struct wish *wish, struct lazy_cut *cut,
                                 struct error *err)
{
    struct lazy *lazy = wish->lazy;
    struct request request = lazy->request;
    struct library_index index = {0};
    const struct compile_job job = {
        .request = &request,
        .inputs = &lazy->bitcode,
        .indexes = &index,
        .limits = &compile_usual_limits,
        .ways = {.choose_baseline = choose_baseline, .cut = cut},
    };
    struct compile_result result;
    enum status status;

    /* A piece exports nothing. */
    request.flags |= REQUEST_MARKED_ONLY;
    request.n_marks = request.n_uses = 0;
    open_wall_close_here(true);
    status = compile(&job, &result, err);
    open_wall_close_here(false);
    if (status)
        return status;
    status = add_piece(lazy, cut, &result.link, err);
    compile_result_release(&result);
    return status;
}

/* A compile_work_fn. */
static enum status make_piece(void *context, struct error *err)
{
    const struct wish *wish = context;
    const struct lazy *lazy = wish->lazy;
    const size_t n = lazy->root.n_functions;
    struct arena arena;
    struct lazy_cut cut = {
        .kind = LAZY_PIECE,
        .arena = &arena,
        .first = lazy->root.functions[wish->index],
        .budget =
            1 + n / FUNCTIONS_PER_EXTRA + lazy->n_pieces / PIECES_PER_EXTRA,
        .is_wanted = is_wanted,
        .is_wanted_context = lazy,
    };
    enum status status;

    arena_init(&arena);
    status = compile_piece(wish, &cut, err);
    arena_release(&arena);
    if (status == STATUS_OK && !is_compiled(lazy, wish->index))
        status = error_set(err, STATUS_COMPILE, "the code is missing");
    return status;
}

/* ---- A call ---- */

static enum status provide(const struct wish *wish, struct error *err)
{
    sigset_t all, before;
    enum status status = STATUS_OK;
    int cancel_state;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    take_turn();
    wish->lazy->head = wish->head;
    if (!is_compiled(wish->lazy, wish->index))
        status = compile_thread_run(make_piece, NULL, (void *)wish, err);
    leave_turn();
    pthread_setcancelstate(cancel_state, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

/* Not inlined: its text is not to be on the stack of each call. */
__attribute__((noinline)) static void end(const struct wish *wish,
                                          const struct error *err)
{
    const struct lazy *lazy = wish->lazy;
    const struct lazy_code *host = lazy->host;
    char text[2 * ERROR_MESSAGE_SIZE];

    snprintf(text, sizeof(text), "%s: cannot be compiled when it is called: %s",
             lazy->root.functions[wish->index], err->message);
    if (host->log)
        host->log(host->log_context, COMPILE_LOG_FATAL, "compile", text);
    __builtin_trap();
}

void *lazy_resolve(struct lazy_slot *slot)
{
    const struct lazy_head *head =
        (const struct lazy_head *)(const void *)(slot - slot->index) - 1;
    struct wish wish;
    int saved_errno = errno;

    wish = (struct wish){(void *)(uintptr_t)head->context, head, slot->index};
    if (provide(&wish, &wish.lazy->err))
        end(&wish, &wish.lazy->err);
    errno = saved_errno;
    return (void *)(uintptr_t)__atomic_load_n(&slot->code, __ATOMIC_ACQUIRE);
}
