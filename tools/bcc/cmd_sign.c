/* bcc sign, bcc verify: signatures of cache files that leave this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache_file.h"
#include "commands.h"
#include "file.h"
#include "print.h"
#include "key_file.h"
#include "store.h"

/* ---- sign ---- */

static enum status replace(const char *path, struct span bytes,
                           struct error *err)
{
    struct store_writer writer;
    enum status status = store_begin_file(path, &writer, err);

    if (status)
        return status;
    status = file_write_all(writer.fd, bytes, path, err);
    if (status == STATUS_OK)
        status = store_publish(&writer, err);
    store_end(&writer);
    return status;
}

static bool sign_file(const char *path, const struct signature_key *key)
{
    struct cache_file file;
    struct buffer out;
    struct error err;
    enum status status;

    status = cache_file_open(path, CACHE_CHECK_ALL, &file, &err);
    if (status == STATUS_OK) {
        buffer_init(&out);
        status = signature_attach(file.bytes, key->byte, path, &out, &err);
        if (status == STATUS_OK)
            status = replace(path, buffer_span(&out), &err);
        buffer_release(&out);
        cache_file_close(&file);
    }
    if (status)
        complain("%s", err.message);
    return status == STATUS_OK;
}

/* Exactly one key and at least one file; false after a complaint. */
static bool has_operands(const struct options *options, const char *command)
{
    if (options->keys.n == 1 && options->n_arguments > 0)
        return true;
    complain("%s: needs --key KEY.pem, once, and files (bcc help %s)", command,
             command);
    return false;
}

int cmd_sign(struct options *options)
{
    struct signature_key key;
    int status = EXIT_OK;

    if (!has_operands(options, "sign"))
        return EXIT_USAGE;
    if (!key_file_read_private(options->keys.word[0], &key))
        status = EXIT_FAILED;
    for (int i = 0; status == EXIT_OK && i < options->n_arguments; i++)
        if (!sign_file(options->arguments[i], &key))
            status = EXIT_FAILED;
    explicit_bzero(&key, sizeof(key));
    return status;
}

/* ---- verify ---- */

static void print_fact(const char *path, const char *fact)
{
    print_visible(stdout, path);
    printf(": %s\n", fact);
}

static bool verify_file(const char *path, const struct signature_key *key)
{
    struct cache_file file;
    struct error err;
    enum status status;

    status = cache_file_open(path, CACHE_CHECK_ALL, &file, &err);
    if (status == STATUS_OK) {
        status = signature_check(file.bytes, key, 1, path, &err);
        cache_file_close(&file);
    }
    if (status)
        complain("%s", err.message);
    else
        print_fact(path, "signed by this key");
    return status == STATUS_OK;
}

int cmd_verify(struct options *options)
{
    struct signature_key key;
    int status = EXIT_OK;

    if (!has_operands(options, "verify"))
        return EXIT_USAGE;
    if (!key_file_read_public(options->keys.word[0], &key))
        status = EXIT_FAILED;
    else
        for (int i = 0; i < options->n_arguments; i++)
            if (!verify_file(options->arguments[i], &key))
                status = EXIT_FAILED;
    return status;
}
