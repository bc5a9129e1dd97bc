/* A C program of several files: counts the words of its standard input and
 * prints statistics. It exists to be compiled to bitcode, both linked into one
 * module and as a script with a library per file, and to behave there as its
 * native build does.
 *
 * Its files reach each other in every way that C has: functions, initialised
 * and zeroed globals, constant tables, tables of function pointers, and
 * pointers to other files' data in static initialisers. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* ---- options.c ---- */

struct options {
    const char *order;       /* key of sort_orders */
    const char *environment; /* variable to print, NULL: none */
    int top;                 /* words to list */
    int status;              /* exit status, -1: from the input */
    bool verbose;
};

extern struct options options;

/* Parse into `options`; false, and a line on stderr, for a wrong argument. */
bool options_parse(int argc, char **argv);

/* ---- words.c ---- */

struct word {
    struct word *next; /* of the same bucket */
    size_t length;
    unsigned count;
    char text[]; /* NUL-terminated */
};

enum { WORD_BUCKETS = 1021 };

extern struct word *word_buckets[WORD_BUCKETS];
extern size_t n_words, n_occurrences, n_lines;

/* Count every word of a stream; false if there is no memory. */
bool words_read(FILE *stream);

/* All words in one array that the caller frees; n_words of them. */
struct word **words_list(void);

void words_free(void);

/* ---- sort.c ---- */

struct sort_order {
    const char *name;
    int (*compare)(const void *a, const void *b);
    const char *title;
};

extern const struct sort_order sort_orders[];
extern const size_t n_sort_orders;

/* NULL if there is no order of that name. */
const struct sort_order *sort_order_find(const char *name);

/* ---- stats.c ---- */

struct statistic {
    const char *name;
    double (*compute)(struct word *const *words, size_t n_words);
    const char *const *unit; /* in report.c */
};

extern const struct statistic statistics[];
extern const size_t n_statistics;

/* ---- report.c ---- */

extern const char *const unit_bytes, *const unit_bits, *const unit_none;

void report_words(struct word *const *words, const struct sort_order *order);
void report_statistics(struct word *const *words);
void report_histogram(struct word *const *words);

#endif
