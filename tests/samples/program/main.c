/* The order of events; the exit status is 2 for a wrong command line, what
 * --exit says, or else the number of words modulo 64. */
#include "program.h"

#include <stdlib.h>

extern char **environ;

static void print_environment(const char *name)
{
    const char *value = getenv(name);
    size_t n = 0;

    while (environ[n])
        n++;
    printf("%s=%s (%s)\n", name, value ? value : "",
           n ? "one of several" : "none");
}

static void say_goodbye(void)
{
    if (options.verbose)
        fprintf(stderr, "program: %zu lines read\n", n_lines);
}

int main(int argc, char **argv)
{
    const struct sort_order *order;
    struct word **words;

    if (!options_parse(argc, argv))
        return 2;
    atexit(say_goodbye);
    if (!words_read(stdin) || !(words = words_list())) {
        fprintf(stderr, "program: out of memory\n");
        return 1;
    }
    order = sort_order_find(options.order);
    qsort(words, n_words, sizeof(struct word *), order->compare);
    report_words(words, order);
    report_statistics(words);
    report_histogram(words);
    if (options.environment)
        print_environment(options.environment);
    words_free();
    free(words);
    exit(options.status >= 0 ? options.status : (int)(n_words % 64));
}
