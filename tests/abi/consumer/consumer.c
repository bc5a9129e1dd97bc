/* A program that knows only the installed libbcc. Its arguments are a bitcode
 * file that defines `int answer(void)`, and an empty directory. */
#include <stdio.h>

#include <bcc/bcc.h>
#include <bcc/bcc_cache.h>

static int prepare(const char *bitcode, const char *dir, int wanted_cache)
{
    BCCScriptRef script = bccCreateScript();
    BCCReport report = {0};
    int (*answer)(void);
    int failed = 1;

    report.size = sizeof(report);
    if (bccReadFile(script, bitcode, 0) ||
        bccPrepareExecutable(script, dir, "consumer", 0) ||
        bccGetReport(script, &report)) {
        fprintf(stderr, "consumer: %s\n", bccGetErrorMessage(script));
        goto out;
    }
    *(void **)&answer = bccGetFuncAddr(script, "answer");
    if (!answer || answer() != 42) {
        fprintf(stderr, "consumer: wrong answer\n");
        goto out;
    }
    if (report.cache != wanted_cache) {
        fprintf(stderr, "consumer: cache %d: %s\n", report.cache,
                report.reason);
        goto out;
    }
    failed = 0;
out:
    bccDisposeScript(script);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 3 || OBCC_HEADER_SIZE != sizeof(struct obcc_header))
        return 2;
    if (prepare(argv[1], argv[2], BCC_CACHE_MISS) ||
        prepare(argv[1], argv[2], BCC_CACHE_HIT))
        return 1;
    printf("libbcc %s: miss, then hit\n", bccGetVersion());
    return 0;
}
