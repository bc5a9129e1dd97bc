/* The words seen so far, in a hash table of chains. */
#include "program.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct word *word_buckets[WORD_BUCKETS];
size_t n_words, n_occurrences, n_lines;

static uint32_t hash(const char *text, size_t length)
{
    uint32_t value = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)text[i]) * 16777619u;
    return value;
}

static bool count_word(const char *text, size_t length)
{
    struct word **bucket = &word_buckets[hash(text, length) % WORD_BUCKETS];
    struct word *word;

    n_occurrences++;
    for (word = *bucket; word; word = word->next) {
        if (word->length == length && memcmp(word->text, text, length) == 0) {
            word->count++;
            return true;
        }
    }
    word = malloc(sizeof(*word) + length + 1);
    if (!word)
        return false;
    word->next = *bucket;
    word->length = length;
    word->count = 1;
    memcpy(word->text, text, length);
    word->text[length] = '\0';
    *bucket = word;
    n_words++;
    return true;
}

static bool count_line(char *line)
{
    char *p = line;

    while (*p) {
        char *start;

        while (*p && !isalnum((unsigned char)*p))
            p++;
        start = p;
        for (; isalnum((unsigned char)*p) || *p == '\''; p++)
            *p = (char)tolower((unsigned char)*p);
        if (p > start && !count_word(start, (size_t)(p - start)))
            return false;
    }
    return true;
}

bool words_read(FILE *stream)
{
    char *line = NULL;
    size_t capacity = 0;
    bool good = true;

    while (good && getline(&line, &capacity, stream) > 0) {
        n_lines++;
        good = count_line(line);
    }
    free(line);
    return good;
}

struct word **words_list(void)
{
    struct word **list = malloc((n_words + 1) * sizeof(struct word *));
    size_t n = 0;

    if (!list)
        return NULL;
    for (size_t i = 0; i < WORD_BUCKETS; i++) {
        for (struct word *word = word_buckets[i]; word; word = word->next)
            list[n++] = word;
    }
    list[n] = NULL;
    return list;
}

void words_free(void)
{
    for (size_t i = 0; i < WORD_BUCKETS; i++) {
        while (word_buckets[i]) {
            struct word *word = word_buckets[i];

            word_buckets[i] = word->next;
            free(word);
        }
    }
}
