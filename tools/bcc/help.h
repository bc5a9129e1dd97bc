/* The rows of grammar.h as text. */
#ifndef BCC_TOOL_HELP_H
#define BCC_TOOL_HELP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The commands that one word, or two, stand for, as bits: "cache" stands for
 * all that begin with it, "cache ls" for one. second may be NULL. 0: none. */
uint32_t commands_named(const char *first, const char *second);

/* Of all first words of commands, the one that is closest to the given one;
 * false if none is close. */
enum { MAX_WORD = 16 };
bool command_nearest(const char *word, char ret_word[MAX_WORD]);

/* Every command, with what it is for. */
void help_overview(FILE *out);

/* Print how to use these commands: operands, and their own options by group. */
void help_commands(uint32_t commands, FILE *out);

/* Print a completion script for bash, zsh or fish to standard output. "man" is
 * the frame of the man page, with which a test compares it: SYNOPSIS, and the
 * headings of OPTIONS. False: there is no such format. */
bool help_completion(const char *format);

#endif
