/* bcc cache gc: what the library lets another process do after a miss, now and
 * with an account of it. */
#include <inttypes.h>
#include <stdio.h>

#include "cache_actions.h"
#include "print.h"
#include "prune.h"
#include "settings.h"

struct account {
    bool json;
    bool dry_run;
    bool is_first;
};

static const char names[] = "{\"names\":[";

static void print_name(void *context, const char *name,
                       const struct inventory_entry *entry)
{
    struct account *account = context;

    if (account->json) {
        fputs(account->is_first ? names : ",", stdout);
        json_print_string(stdout, name);
    } else if (account->dry_run) {
        printf("%10" PRIu64 "  ", entry->disk_size);
        print_visible(stdout, name);
        putchar('\n');
    }
    account->is_first = false;
}

static void print_json(const struct prune_result *result,
                       const struct cache_limit *limit, bool dry_run)
{
    printf(",\"dry_run\":%s,\"removed\":%zu,\"failed\":%zu,\"freed\":%" PRIu64
           ",\"entries\":%zu,\"disk_bytes\":%" PRIu64
           ",\"in_use\":%zu,\"limit\":",
           dry_run ? "true" : "false", result->n_removed, result->n_failed,
           result->freed, result->n_left, result->left, result->n_in_use);
    settings_print_limit(limit, true);
    fputs(",\"limit_origin\":", stdout);
    json_print_string(stdout, limit->origin);
    puts("}");
}

static void print_text(const struct prune_result *result,
                       const struct cache_limit *limit, bool dry_run)
{
    printf("%zu entries %s, %" PRIu64 " bytes; %zu left, %" PRIu64
           " bytes, limit ",
           result->n_removed, dry_run ? "would be removed" : "removed",
           result->freed, result->n_left, result->left);
    settings_print_limit(limit, false);
    settings_print_origin(limit);
    if (result->n_in_use)
        printf("%zu entries were used in the last hour and stay\n",
               result->n_in_use);
}

int cache_gc(const struct options *options, const char *dir)
{
    struct account account = {options->json, options->dry_run, true};
    struct prune_result result;
    struct cache_limit limit;
    struct error err;

    settings_cache_limit(options, &limit);
    if (prune_directory(dir, limit.bytes, options->dry_run, print_name,
                        &account, &result, &err)) {
        complain("%s", err.message);
        return EXIT_FAILED;
    }
    if (options->json) {
        printf("%s]", account.is_first ? names : "");
        print_json(&result, &limit, options->dry_run);
    } else {
        print_text(&result, &limit, options->dry_run);
    }
    return result.n_failed ? EXIT_FAILED : EXIT_OK;
}
