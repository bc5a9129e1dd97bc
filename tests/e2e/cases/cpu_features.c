/* Features of the CPU: a routine of the compiler's support library fills a
 * table, at the start of the program or on request. The table is compared with
 * the kernel's facts.
 *
 * STATUS: 0
 * OUTPUT:
 * sse2 1
 * features agree
 * vendor agrees
 * chosen
 */
#include <stdio.h>
#include <string.h>

static char text[65536];

static int kernel_says(const char *word)
{
    char padded[64];

    snprintf(padded, sizeof(padded), " %s ", word);
    return strstr(text, padded) != NULL;
}

#define AGREES(feature, word)                                                  \
    (!!__builtin_cpu_supports(feature) == kernel_says(word))

__attribute__((target_clones("avx2", "sse4.2", "default"))) static const char *
chosen(void)
{
    return "chosen";
}

int main(void)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    size_t size = fread(text, 1, sizeof(text) - 1, file);

    fclose(file);
    text[size] = '\0';
    for (char *p = text; *p; p++)
        if (*p == '\n')
            *p = ' ';
    __builtin_cpu_init();
    printf("sse2 %d\n", !!__builtin_cpu_supports("sse2"));
    if (AGREES("avx2", "avx2") && AGREES("ssse3", "ssse3") &&
        AGREES("popcnt", "popcnt") && AGREES("fma", "fma") &&
        AGREES("avx512f", "avx512f") && AGREES("gfni", "gfni"))
        printf("features agree\n");
    if (!!__builtin_cpu_is("intel") == kernel_says("GenuineIntel") &&
        !!__builtin_cpu_is("amd") == kernel_says("AuthenticAMD"))
        printf("vendor agrees\n");
    printf("%s\n", chosen());
    return 0;
}
