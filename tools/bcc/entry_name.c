#include "entry_name.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checksum.h"
#include "clock.h"
#include "dependency.h"
#include "known_file.h"
#include "machine.h"
#include "print.h"
#include "resource.h"
#include "script_setup.h"

/* ---- One spelling ---- */

/* Is it this machine's triple? Vendors do not matter: x86_64-linux-gnu is
 * x86_64-pc-linux-gnu. */
static bool is_this_machine(const char *triple)
{
    const char *host = machine_host()->triple;
    const size_t size = (size_t)(strchrnul(host, '-') - host);
    const char *system = strstr(host, "-linux");
    const char *rest = strstr(triple, "-linux");

    return system && rest && strncmp(triple, host, size + 1) == 0 &&
           strcmp(rest, system) == 0 &&
           !memchr(triple + size + 1, '-',
                   rest > triple + size ? (size_t)(rest - triple) - size - 1
                                        : 0);
}

static int compare_words(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sort "+b,+a". A list that also takes features away is not sorted: its order
 * matters. text is changed. */
static char *sort_features(char *text)
{
    char *word[64], *at = text, *sorted, *end;
    const size_t size = strlen(text) + 1;
    size_t n = 0;

    if (strchr(text, '-') && strstr(text, ",-"))
        return NULL;
    while (at && n < sizeof(word) / sizeof(word[0])) {
        word[n] = at;
        if (*at != '+')
            return NULL;
        n++;
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    sorted = at ? NULL : malloc(size);
    if (!sorted)
        return NULL;
    for (size_t i = 1; i < n; i++)
        word[i][-1] = '\0';
    qsort(word, n, sizeof(*word), compare_words);
    end = sorted;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && strcmp(word[i], word[i - 1]) == 0)
            continue;
        if (end > sorted)
            *end++ = ',';
        end = stpcpy(end, word[i]);
    }
    return sorted;
}

static bool make_features_canonical(struct options *options)
{
    char *copy = strdup(options->features);

    if (!copy) {
        complain("out of memory");
        return false;
    }
    options->sorted_features = sort_features(copy);
    if (options->sorted_features)
        options->features = options->sorted_features;
    free(copy);
    return true;
}

bool options_make_canonical(struct options *options)
{
    if (options->cpu && strcmp(options->cpu, "native") == 0)
        options->cpu = NULL;
    if (options->features && !*options->features)
        options->features = NULL;
    if (options->target && is_this_machine(options->target))
        options->target = NULL;
    return !options->features || make_features_canonical(options);
}

/* ---- Content ---- */

/* Names are made without printf(): its code and tables would be three more
 * pages to load at each launch. */
struct naming {
    BCCScriptRef script;
    const char *dir;
    size_t n_inputs;
    size_t key_size;
    uint8_t key[1024]; /* here, as the heap of a small program would be a page
                          larger */
};

/* A file whose content may be known. */
struct content {
    const char *path; /* of the file or the archive */
    struct known_file file;
    bool has_stamp;
};

static bool take_stamp(struct content *content)
{
    struct stat st;

    if (stat(content->path, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    content->file.stamp = file_stamp_of(&st);
    return true;
}

/* Take the stamp that the library has just read, so that a launch makes one
 * stat() for the file. */
static bool take_stamp_of_input(BCCScriptRef script, size_t i,
                                struct content *content)
{
    BCCInput input = {.size = sizeof(input), .withoutSha1 = 1};

    if (bccGetInput(script, i, &input) || !input.path)
        return false;
    content->file.stamp = (struct file_stamp){
        input.stamp.device, input.stamp.inode, input.stamp.size,
        input.stamp.mtimeNs, input.stamp.ctimeNs};
    return true;
}

/* Read the next input, and remember its SHA-1 if its stamp may stand for it. */
static bool read_content(const struct naming *naming,
                         const struct content *content,
                         uint8_t ret_sha1[SHA1_SIZE])
{
    const uint64_t now_ns = clock_realtime_ns();
    struct content later = *content;
    BCCInput input = {.size = sizeof(input)};

    if (bccGetInput(naming->script, naming->n_inputs, &input))
        return false;
    memcpy(ret_sha1, input.sha1, SHA1_SIZE);
    if (naming->dir && content->has_stamp &&
        dependency_stamp_is_sound(&content->file.stamp, now_ns) &&
        take_stamp(&later) &&
        file_stamp_equal(&later.file.stamp, &content->file.stamp))
        known_file_note(naming->dir, &content->file, ret_sha1);
    return true;
}

int entry_name_known_sha1(void *context, const char *path, const char *entry,
                          uint8_t sha1[20])
{
    struct content content = {.path = path, .file.entry = entry};
    const char *reason;
    char *dir = setup_find_cache_dir(context, &reason);
    const bool found = dir && take_stamp(&content) &&
                       known_file_find(dir, &content.file, sha1);

    free(dir);
    return found;
}

/* ---- The digest ---- */

static uint64_t digest_of_key(const struct naming *naming)
{
    return checksum_xxh3((struct span){naming->key, naming->key_size});
}

/* A key that is full is replaced by its digest. */
static void add_to_key(struct naming *naming, const void *data, size_t size)
{
    const char *at = data;

    for (;;) {
        const size_t room = sizeof(naming->key) - naming->key_size;
        const size_t n = size < room ? size : room;
        uint64_t digest;

        memcpy(naming->key + naming->key_size, at, n);
        naming->key_size += n;
        if (n < room)
            return;
        digest = digest_of_key(naming);
        memcpy(naming->key, &digest, sizeof(digest));
        naming->key_size = sizeof(digest);
        at += n;
        size -= n;
    }
}

static void add_word(struct naming *naming, const char *word)
{
    add_to_key(naming, word, strlen(word));
}

/* name: as on the command line. Bytes without a file of their own are an input
 * of another type. */
static bool add_input(struct naming *naming, const char *role, const char *name)
{
    struct content content = {.path = name};
    char *archive = resource_split(name, &content.file.entry);
    uint8_t sha1[SHA1_SIZE];
    bool ok;

    if (archive)
        content.path = archive;
    content.has_stamp =
        take_stamp_of_input(naming->script, naming->n_inputs, &content);
    ok = (naming->dir && content.has_stamp &&
          known_file_hint(naming->dir, &content.file, sha1)) ||
         read_content(naming, &content, sha1);
    free(archive);
    naming->n_inputs++;
    if (archive || !content.has_stamp)
        add_word(naming, "resource ");
    add_word(naming, role);
    if (ok)
        add_to_key(naming, sha1, sizeof(sha1));
    return ok;
}

static bool add_inputs(struct naming *naming, const char *role,
                       const struct words *names)
{
    for (size_t i = 0; i < names->n; i++)
        if (!add_input(naming, role, names->word[i]))
            return false;
    return true;
}

/* Append the lines of the identity except for versions, so that a new version
 * of the library replaces old entries, and for the CPU. */
static void add_identity(struct naming *naming, const char *identity)
{
    static const char left_out[][12] = {
        "format=", "libbcc=", "llvm=", "cpu=", "features="};
    const size_t n = sizeof(left_out) / sizeof(left_out[0]);

    while (*identity) {
        const size_t size = (size_t)(strchrnul(identity, '\n') - identity) + 1;
        size_t i = 0;

        while (i < n &&
               (*identity != *left_out[i] ||
                strncmp(identity, left_out[i], strlen(left_out[i])) != 0))
            i++;
        if (i == n)
            add_to_key(naming, identity, size);
        identity += size;
    }
}

static void add_digits(char *ret_text, uint64_t digest)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *ret_text++ = "0123456789abcdef"[digest >> shift & 15];
    *ret_text = '\0';
}

static bool name_program(struct naming *naming, const struct options *options,
                         const char *path, char ret_name[NAME_MAX])
{
    const char *identity =
        bccGetIdentity(naming->script, setup_flags(options, true));

    if (!identity)
        return false;
    add_identity(naming, identity);
    /* In the order of setup_script(). */
    if (!add_input(naming, "script", path) ||
        !add_inputs(naming, "object", &options->more_files) ||
        !add_inputs(naming, "object", &options->objects) ||
        !add_inputs(naming, "object", &options->archives) ||
        !add_inputs(naming, "library", &options->libraries))
        return false;
    add_digits(ret_name, digest_of_key(naming));
    entry_name_add_cpu(ret_name, options->cpu, options->features);
    return true;
}

bool entry_name(BCCScriptRef script, const struct options *options,
                const char *path, const char *dir, char ret_name[NAME_MAX])
{
    struct naming naming;

    /* A compiled file has no entry. */
    if (options->exports || resource_is_compiled(path)) {
        entry_name_of_file(path, ret_name);
        return true;
    }
    naming.script = script;
    naming.dir = dir;
    naming.n_inputs = naming.key_size = 0;
    return name_program(&naming, options, path, ret_name);
}

/* ---- Other parts of a name ---- */

/* The last component, also of a name in an archive. */
static const char *file_name(const char *path)
{
    const char *entry;
    char *archive = resource_split(path, &entry);
    const char *name = archive ? entry : path;
    const char *slash = strrchr(name, '/');

    free(archive);
    return slash ? slash + 1 : name;
}

void entry_name_of_file(const char *path, char ret_name[NAME_MAX])
{
    const char *base = file_name(path);
    const char *dot = strrchr(base, '.');
    size_t size = dot && dot != base ? (size_t)(dot - base) : strlen(base);

    while (*base == '.') {
        base++;
        size--;
    }
    if (size > 200)
        size = 200;
    memcpy(ret_name, base, size);
    ret_name[size] = '\0';
}

/* This byte occurs in no part of a path or of a name. */
static void add_part(char name[NAME_MAX], const char *part)
{
    size_t size = strlen(name);

    name[size++] = '@';
    for (; *part && size < NAME_MAX - 32; part++)
        name[size++] = (char)(*part == '/' || *part == '@' ? '_' : *part);
    name[size] = '\0';
}

void entry_name_add_cpu(char name[NAME_MAX], const char *cpu,
                        const char *features)
{
    if (cpu || features)
        add_part(name, cpu ? cpu : "native");
    if (features)
        add_part(name, features);
}
