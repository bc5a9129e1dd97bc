/* The grammar of the command line: one row for each command, one row for each
 * option. options.c parses by these rows. help.c prints them: usage, shell
 * completion, and the frame of the man page. */
#ifndef BCC_TOOL_GRAMMAR_H
#define BCC_TOOL_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Commands ---- */

/* ORDER COMMANDS */
enum command {
    COMMAND_RUN,
    COMMAND_CALL,
    COMMAND_COMPILE,
    COMMAND_PRECOMPILE,
    COMMAND_DUMP,
    COMMAND_CACHE_STATS,
    COMMAND_CACHE_LS,
    COMMAND_CACHE_VERIFY,
    COMMAND_CACHE_GC,
    COMMAND_CACHE_CLEAR,
    COMMAND_CACHE_EXPLAIN,
    COMMAND_SIGN,
    COMMAND_VERIFY,
    COMMAND_CONFIG_SHOW,
    COMMAND_DOCTOR,
    COMMAND_BINFMT_INSTALL,
    COMMAND_BINFMT_REMOVE,
    COMMAND_BINFMT_SHOW,
    COMMAND_COMPLETION,
    COMMAND_VERSION,
    COMMAND_HELP,
    N_COMMANDS
};

/* Sets of commands are sums of bits. */
#define COMMAND_BIT(command) (1u << (command))

struct command_row {
    const char *name;     /* "run", "cache ls" */
    const char *operands; /* "FILE [ARGS...]", "" */
    const char *help;     /* sentences; lines of at most 75 columns */
    const char *examples; /* lines of at most 75 columns */
};

extern const struct command_row command_rows[N_COMMANDS];

/* ---- Options ---- */

/* How an option uses its value and its field of struct options. */
enum option_kind {
    OPTION_SWITCH,    /* bool: true. No value */
    OPTION_FORM,      /* int: 1, or 2 and which of the choices; =VALUE alone is
                         a value, not the next word */
    OPTION_TEXT,      /* const char *: the value */
    OPTION_DIRECTORY, /* likewise, must not be empty */
    OPTION_LIST,      /* struct words: the value is appended */
    OPTION_CHOICE,    /* int: which of the row's choices */
    OPTION_NUMBER,    /* int: from low to high */
    OPTION_SIZE,      /* struct size_option: 512M, 2G, none */
};

/* ORDER GROUPS */
enum option_group {
    GROUP_INPUT,
    GROUP_CODE,
    GROUP_CACHE,
    GROUP_OUTPUT,
    N_GROUPS
};

/* Without pointers, which each launch would have to relocate: "" is none. */
struct option_row {
    char name[16];  /* "cache-dir" without the dashes */
    char value[12]; /* its name in usage; "": takes no value */
    char help[64];  /* one line of at most 55 columns; no quotes, brackets */
    char shown_default[60];
    char choices[28];    /* "process|in-process|lazy" */
    uint32_t commands;   /* commands that take it */
    uint32_t low, high;  /* bounds of a number */
    uint16_t field;      /* offset in struct options */
    uint8_t group, kind; /* enum option_group, enum option_kind */
    char letter;         /* 'o'; 0: no letter */
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

extern const char *const option_group_names[N_GROUPS];

/* ---- The rows as text ---- */

/* The bits of the commands that one or two words stand for: "cache" stands for
 * all commands that begin with it, "cache ls" for one. second may be NULL. 0:
 * none. */
uint32_t commands_named(const char *first, const char *second);

/* The first word of a command that is closest to the given word. False: none is
 * close. */
enum { MAX_WORD = 16 };
bool command_nearest(const char *word, char ret_word[MAX_WORD]);

/* Print every command with its purpose. */
void help_overview(FILE *out);

/* Print how to use these commands: operands, and their own options by group. */
void help_commands(uint32_t commands, FILE *out);

/* Print a completion script for bash, zsh or fish to standard output. "man"
 * prints SYNOPSIS and the headings of OPTIONS, with which a test compares the
 * man page. False: there is no such format. */
bool help_completion(const char *format);

#endif
