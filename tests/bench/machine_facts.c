/* The machine, without date or name, so that figures of one kind of machine
 * are described alike. */
#include <gnu/libc-version.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bcc/bcc.h>

#include "report.h"

static void first_line(const char *path, char ret_text[128])
{
    FILE *file = fopen(path, "r");

    if (!file || !fgets(ret_text, 128, file))
        ret_text[0] = '\0';
    ret_text[strcspn(ret_text, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* Model, and whether the processor says that there is a hypervisor. */
static void read_cpu(char ret_model[128], bool *ret_virtual)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[4096];

    snprintf(ret_model, 128, "unknown");
    *ret_virtual = false;
    while (file && fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ':');

        line[strcspn(line, "\n")] = '\0';
        if (value && strncmp(line, "model name", 10) == 0)
            snprintf(ret_model, 128, "%.120s", value + 2);
        if (strncmp(line, "flags", 5) == 0 && strstr(line, " hypervisor"))
            *ret_virtual = true;
    }
    if (file)
        fclose(file);
}

static int usable_cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

const struct machine_fact *machine_facts(size_t *ret_count)
{
    static struct machine_fact facts[] = {
        {"cpu", ""},  {"cores", ""}, {"governor", ""}, {"kernel", ""},
        {"libc", ""}, {"llvm", ""},  {"compiler", ""}, {"libbcc", ""}};
    struct utsname system;
    bool is_virtual;

    *ret_count = sizeof(facts) / sizeof(facts[0]);
    uname(&system);
    read_cpu(facts[0].value, &is_virtual);
    snprintf(facts[1].value, sizeof(facts[1].value), "%d%s", usable_cpus(),
             is_virtual ? ", virtual machine" : "");
    first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
               facts[2].value);
    if (!facts[2].value[0])
        snprintf(facts[2].value, sizeof(facts[2].value), "none");
    snprintf(facts[3].value, sizeof(facts[3].value),
             "%.20s %.60s, %ld KiB pages", system.sysname, system.release,
             sysconf(_SC_PAGESIZE) / 1024);
    snprintf(facts[4].value, sizeof(facts[4].value), "glibc %s",
             gnu_get_libc_version());
    snprintf(facts[5].value, sizeof(facts[5].value), "%s", bccGetLLVMVersion());
    snprintf(facts[6].value, sizeof(facts[6].value), "%s", BCC_BENCH_COMPILER);
    snprintf(facts[7].value, sizeof(facts[7].value), "%s", bccGetVersion());
    return facts;
}
