/* Reads lines, and answers each with the plug-in's name. When the file of the
 * plug-in has changed, the new one is prepared before the old one goes, so that
 * a broken plug-in does not end the host. */
#include <stdio.h>
#include <sys/stat.h>

#include <bcc/bcc.h>

static const char path[] = "plugin.bc";

static BCCScriptRef load(void)
{
    BCCScriptRef script = bccCreateScript();

    if (bccReadFile(script, path, 0) ||
        bccPrepareExecutable(script, "cache", "plugin", 0) ||
        !bccGetFuncAddr(script, "name")) {
        printf("kept the old one: %s\n", bccGetErrorMessage(script));
        bccDisposeScript(script);
        return NULL;
    }
    return script;
}

static int has_changed(struct stat *last)
{
    struct stat now;

    if (stat(path, &now) || (now.st_mtim.tv_sec == last->st_mtim.tv_sec &&
                             now.st_mtim.tv_nsec == last->st_mtim.tv_nsec &&
                             now.st_ino == last->st_ino))
        return 0;
    *last = now;
    return 1;
}

int main(void)
{
    BCCScriptRef script = NULL, fresh;
    struct stat last = {0};
    char line[80];

    while (fgets(line, sizeof(line), stdin)) {
        const char *(*name)(void);

        if (has_changed(&last) && (fresh = load())) {
            bccDisposeScript(script);
            script = fresh;
        }
        if (!script)
            return 1;
        *(void **)&name = bccGetFuncAddr(script, "name");
        printf("%s\n", name());
        fflush(stdout);
    }
    bccDisposeScript(script);
    return 0;
}
