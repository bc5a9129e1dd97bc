/* The commands. Each gets its parsed options, whose arguments do not include
 * the command's own words, and returns an exit status. */
#ifndef BCC_TOOL_COMMANDS_H
#define BCC_TOOL_COMMANDS_H

#include <limits.h>

#include "options.h"

struct inventory;

int cmd_run(struct options *options);
int cmd_call(struct options *options);
int cmd_compile(struct options *options);
int cmd_precompile(struct options *options);
int cmd_dump(struct options *options);
int cmd_sign(struct options *options);
int cmd_verify(struct options *options);
int cmd_doctor(struct options *options);
int config_show(struct options *options);
int cmd_binfmt_install(struct options *options);
int cmd_binfmt_remove(struct options *options);
int cmd_binfmt_show(struct options *options);

/* "bcc cache ...". dir: the cache directory. */
int cache_stats(const struct options *options, const char *dir);
int cache_ls(const struct options *options, const char *dir);
int cache_verify(const struct options *options, const char *dir);
int cache_gc(const struct options *options, const char *dir);
int cache_clear(const struct options *options, const char *dir);
int cache_explain(const struct options *options, const char *dir);

/* ---- Shared by the commands of bcc cache ---- */

/* Read a directory; false after a complaint. */
bool cache_inventory(const char *dir, struct inventory *ret_inventory);

/* The path of entry i. */
void cache_entry_path(const char *dir, const struct inventory *inventory,
                      size_t i, char ret_path[PATH_MAX]);

#endif
