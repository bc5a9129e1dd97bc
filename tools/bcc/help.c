#include "grammar.h"

#include <ctype.h>
#include <string.h>

#include "text.h"
#include "options.h"

/* ---- Names ---- */

/* "ls" for "cache ls", NULL for "run". */
static const char *second_word(const struct command_row *row)
{
    const char *space = strchr(row->name, ' ');

    return space ? space + 1 : NULL;
}

/* Every launch calls this, so it calls no libc function: the first call of one
 * costs a symbol lookup. */
static bool is_named(const struct command_row *row, const char *first,
                     const char *second)
{
    const char *name = row->name;

    while (*name && *name != ' ' && *name == *first) {
        name++;
        first++;
    }
    if (*first || (*name && *name != ' '))
        return false;
    return !second || (*name && strcmp(second, name + 1) == 0);
}

uint32_t commands_named(const char *first, const char *second)
{
    uint32_t commands = 0;

    for (unsigned i = 0; i < N_COMMANDS; i++)
        if (is_named(&command_rows[i], first, second))
            commands |= COMMAND_BIT(i);
    return commands;
}

/* The next of the first words of commands, each once. *row begins at 0. False:
 * there are no more. */
static bool next_first_word(unsigned *row, char ret_word[MAX_WORD])
{
    const char *name;

    if (*row == N_COMMANDS)
        return false;
    name = command_rows[*row].name;
    snprintf(ret_word, MAX_WORD, "%.*s", (int)(strchrnul(name, ' ') - name),
             name);
    while (*row < N_COMMANDS && is_named(&command_rows[*row], ret_word, NULL))
        (*row)++;
    return true;
}

bool command_nearest(const char *word, char ret_word[MAX_WORD])
{
    const size_t size = strlen(word);
    /* Half of the letters may be wrong: commands are few and short. */
    const unsigned limit = (unsigned)size / 2 + 2;
    unsigned row = 0, least = limit;
    char name[MAX_WORD];

    while (next_first_word(&row, name)) {
        const unsigned away =
            near_name_distance(word, size, name, strlen(name));

        if (away < least) {
            least = away;
            memcpy(ret_word, name, MAX_WORD);
        }
    }
    return least < limit;
}

/* ---- Usage ---- */

/* Print options and operands to the end of the line, then the help,
 * indented. */
static void print_command(const struct command_row *row, bool takes_options,
                          FILE *out)
{
    fprintf(out, "bcc %s%s%s%s\n", row->name, takes_options ? " [options]" : "",
            *row->operands ? " " : "", row->operands);
    for (const char *line = row->help; *line; line = strchr(line, '\n') + 1)
        fprintf(out, "    %.*s", (int)(strchr(line, '\n') + 1 - line), line);
}

/* Does the command have options besides --help, which all commands have? */
static bool takes_options(enum command command)
{
    for (size_t i = 0; i + 1 < n_option_rows; i++)
        if (option_rows[i].commands & COMMAND_BIT(command))
            return true;
    return false;
}

void help_overview(FILE *out)
{
    fputs("usage: bcc COMMAND, one of these; more of each: bcc help COMMAND\n",
          out);
    for (unsigned i = 0; i < N_COMMANDS; i++)
        print_command(&command_rows[i], takes_options(i), out);
}

/* A short list of choices is shown in place of the value's name. */
static const char *shown_value(const struct option_row *row)
{
    return *row->choices ? row->choices : row->value;
}

static void print_option(const struct option_row *row, FILE *out)
{
    enum { COLUMN = 18 };
    char head[64] = "";
    size_t size = 0;

    if (row->letter)
        size += (size_t)snprintf(head, sizeof(head), "-%c%s", row->letter,
                                 *row->name ? ", " : "");
    if (*row->name)
        size += (size_t)snprintf(head + size, sizeof(head) - size, "--%s",
                                 row->name);
    if (*row->value)
        snprintf(head + size, sizeof(head) - size,
                 row->kind == OPTION_FORM ? "[=%s]"
                 : *row->name             ? " %s"
                                          : "%s",
                 shown_value(row));
    fprintf(out, "    %-*s", COLUMN, head);
    if (strlen(head) >= COLUMN)
        fprintf(out, "\n    %*s", COLUMN, "");
    fprintf(out, "%s\n", row->help);
    if (*row->shown_default)
        fprintf(out, "    %*sdefault: %s\n", COLUMN, "", row->shown_default);
}

/* Lines of the examples of one command. */
static void print_examples(uint32_t commands, FILE *out)
{
    const char *line = command_rows[__builtin_ctz(commands)].examples;

    if (commands & (commands - 1))
        return;
    fputs("Examples:\n", out);
    for (; *line; line = strchr(line, '\n') + 1)
        fprintf(out, "    %.*s", (int)(strchr(line, '\n') + 1 - line), line);
}

void help_commands(uint32_t commands, FILE *out)
{
    const char *head = "usage: ";
    int group = -1;

    for (unsigned i = 0; i < N_COMMANDS; i++) {
        if (!(commands & COMMAND_BIT(i)))
            continue;
        fputs(head, out);
        print_command(&command_rows[i], takes_options(i), out);
        head = "";
    }
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];

        if (!(row->commands & commands))
            continue;
        if (row->group != group)
            fprintf(out, "%s:\n", option_group_names[row->group]);
        group = row->group;
        print_option(row, out);
    }
    print_examples(commands, out);
}

/* ---- Completion ---- */

static void print_first_words(const char *before, const char *after)
{
    char word[MAX_WORD];

    for (unsigned row = 0; next_first_word(&row, word);)
        printf("%s%s%s", before, word, after);
}

/* Print the second words of commands of two words. The pattern that a shell has
 * for one command: before, first word, between, second words, after. */
static void print_second_words(const char *before, const char *between,
                               const char *after)
{
    char word[MAX_WORD];

    for (unsigned row = 0, first = 0; next_first_word(&row, word);
         first = row) {
        if (!second_word(&command_rows[first]))
            continue;
        printf("%s%s%s", before, word, between);
        for (unsigned i = first; i < row; i++)
            printf(" %s", command_rows[i].name + strlen(word) + 1);
        fputs(after, stdout);
    }
}

/* "cache|binfmt": the first words of commands of two words. */
static void print_pairs_pattern(void)
{
    const char *separator = "";
    char word[MAX_WORD];

    for (unsigned row = 0, first = 0; next_first_word(&row, word);
         first = row) {
        if (!second_word(&command_rows[first]))
            continue;
        printf("%s%s", separator, word);
        separator = "|";
    }
}

static void print_option_words(uint32_t commands)
{
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];

        if (!(row->commands & commands))
            continue;
        if (row->letter)
            printf(" -%c", row->letter);
        if (*row->name)
            printf(" --%s", row->name);
        if (row->kind == OPTION_FORM)
            printf(" --%s=%s", row->name, row->choices);
    }
}

/* The choices with spaces between them. */
static void print_choices(const struct option_row *row)
{
    for (const char *at = row->choices; *at; at++)
        putchar(*at == '|' ? ' ' : *at);
}

/* Words after an option whose value is one of a few. */
static void complete_bash_choices(void)
{
    puts("    local before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    [ \"$before\" = = ] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
         "    [ \"$word\" = = ] && word= && "
         "before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    case $before in");
    for (size_t i = 0; i < n_option_rows; i++) {
        if (!*option_rows[i].choices)
            continue;
        printf("    --%s) words='", option_rows[i].name);
        print_choices(&option_rows[i]);
        puts("' ;;");
    }
    puts("    esac");
}

static void complete_bash(void)
{
    puts("# bash completion for bcc: source <(bcc completion bash)\n"
         "_bcc()\n"
         "{\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
         "    local name=${COMP_WORDS[1]}");
    fputs("    case $name in ", stdout);
    print_pairs_pattern();
    fputs(") name=\"$name ${COMP_WORDS[2]}\" ;; esac\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='",
          stdout);
    print_first_words(" ", "");
    puts("'\n"
         "    elif [[ $word == -* ]]; then\n"
         "        case $name in");
    for (unsigned i = 0; i < N_COMMANDS; i++) {
        printf("        '%s') words='", command_rows[i].name);
        print_option_words(COMMAND_BIT(i));
        puts("' ;;");
    }
    fputs("        esac\n"
          "    elif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
          "        case ${COMP_WORDS[1]} in\n",
          stdout);
    print_second_words("        ", ") words='", "' ;;\n");
    fputs("        completion) words='bash zsh fish' ;;\n"
          "        help) words='",
          stdout);
    print_first_words(" ", "");
    puts("' ;;\n"
         "        esac\n"
         "    fi");
    complete_bash_choices();
    puts("    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _bcc bcc");
}

/* Print an option in the syntax of _arguments: the value is the next word or in
 * the same word; list options may be repeated. */
static void print_zsh_option(const struct option_row *row, const char *name)
{
    printf(" \\\n        '%s%s", row->kind == OPTION_LIST ? "*" : "", name);
    if (*row->value)
        fputs(name[1] == '-' ? "=" : "+", stdout);
    if (row->kind == OPTION_FORM)
        putchar('-'); /* the value is a part of the same word */
    printf("[%s]", row->help);
    if (*row->choices) {
        printf("%s:%s:(", row->kind == OPTION_FORM ? ":" : "", row->value);
        print_choices(row);
        putchar(')');
    } else if (*row->value)
        printf(":%s:%s", row->value,
               row->kind == OPTION_DIRECTORY ? "_files -/" : "_files");
    putchar('\'');
}

static void complete_zsh(void)
{
    puts("#compdef bcc\n"
         "# zsh completion for bcc: bcc completion zsh >DIR_OF_FPATH/_bcc\n"
         "local name=$words[2]");
    fputs("case $name in ", stdout);
    print_pairs_pattern();
    fputs(") name=\"$name $words[3]\" ;; esac\n"
          "if (( CURRENT == 2 )); then\n    compadd --",
          stdout);
    print_first_words(" ", "");
    fputs("\nelif (( CURRENT == 3 )) && [[ $words[2] == (", stdout);
    print_pairs_pattern();
    puts(") ]]; then\n    case $words[2] in");
    print_second_words("    ", ") compadd --", " ;;\n");
    puts("    esac\nelse\n    case $name in");
    for (unsigned i = 0; i < N_COMMANDS; i++) {
        printf("    '%s') _arguments", command_rows[i].name);
        for (size_t j = 0; j < n_option_rows; j++) {
            const struct option_row *row = &option_rows[j];
            char name[64] = {'-', row->letter};

            if (!(row->commands & COMMAND_BIT(i)))
                continue;
            if (row->letter)
                print_zsh_option(row, name);
            snprintf(name, sizeof(name), "--%s", row->name);
            if (*row->name)
                print_zsh_option(row, name);
        }
        puts(" \\\n        '*:file:_files' ;;");
    }
    puts("    esac\nfi");
}

/* Print a condition for fish: is one of these commands typed? */
static void print_fish_condition(uint32_t commands)
{
    fputs("complete -c bcc -n '__fish_seen_subcommand_from", stdout);
    for (unsigned i = 0; i < N_COMMANDS; i++) {
        const struct command_row *row = &command_rows[i];

        if (commands & COMMAND_BIT(i))
            printf(" %s", second_word(row) ? second_word(row) : row->name);
    }
    putchar('\'');
}

static void complete_fish(void)
{
    puts("# fish completion for bcc: bcc completion fish | source");
    print_first_words("complete -c bcc -n __fish_use_subcommand -f -a ", "\n");
    print_second_words("complete -c bcc -n '__fish_seen_subcommand_from ",
                       "' -f -a '", "'\n");
    puts("complete -c bcc -n '__fish_seen_subcommand_from completion' -f "
         "-a 'bash zsh fish'");
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];

        print_fish_condition(row->commands);
        if (row->letter)
            printf(" -s %c", row->letter);
        if (*row->name)
            printf(" -l %s", row->name);
        if (*row->value && row->kind != OPTION_FORM)
            fputs(*row->choices ? " -x" : " -r", stdout);
        if (*row->choices) {
            fputs(" -a '", stdout);
            print_choices(row);
            putchar('\'');
        }
        printf(" -d '%s'\n", row->help);
    }
}

/* ---- The frame of the man page ---- */

static void print_roff(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf(text[i] == '-' ? "\\-" : "%c", text[i]);
}

/* Words that the user replaces are in italics. */
static void print_roff_operands(const char *text)
{
    static const char brackets[] = "[]|", ends[] = "[]| ";

    while (*text) {
        const size_t size = strcspn(text, ends);
        const bool is_name = isupper((unsigned char)*text);
        size_t n = size;

        while (n > 0 && text[n - 1] == '.') /* "...", no part of the name */
            n--;
        if (n)
            fputs(is_name ? "\\fI" : "\\fB", stdout);
        print_roff(text, n);
        if (n)
            fputs("\\fR", stdout);
        print_roff(text + n, size - n);
        text += size;
        if (*text && (*text == ' ' || strchr(brackets, *text)))
            putchar(*text++);
    }
    putchar('\n');
}

static void print_roff_option(const struct option_row *row)
{
    const char *separator = "";

    fputs(".TP\n", stdout);
    for (int is_long = 0; is_long < 2; is_long++) {
        if (is_long ? !*row->name : !row->letter)
            continue;
        printf("%s\\fB\\-", separator);
        if (is_long) {
            fputs("\\-", stdout);
            print_roff(row->name, strlen(row->name));
        } else {
            putchar(row->letter);
        }
        if (row->kind == OPTION_FORM)
            printf("\\fR[\\fB=%s\\fR]", row->choices);
        else if (*row->value)
            printf("\\fR%s\\fI%s\\fR", *row->name ? "\\~" : "", row->value);
        else
            fputs("\\fR", stdout);
        separator = ", ";
    }
    putchar('\n');
}

static void print_man_frame(void)
{
    int group = -1;

    puts(".SH SYNOPSIS");
    for (unsigned i = 0; i < N_COMMANDS; i++) {
        printf(".SY \"bcc %s\"\n", command_rows[i].name);
        if (takes_options(i))
            puts(".RI [ options ]");
        if (*command_rows[i].operands)
            print_roff_operands(command_rows[i].operands);
        puts(".YS");
    }
    puts(".SH OPTIONS");
    for (size_t i = 0; i < n_option_rows; i++) {
        if (option_rows[i].group != group) {
            group = option_rows[i].group;
            printf(".SS %s\n", option_group_names[group]);
        }
        print_roff_option(&option_rows[i]);
    }
}

bool help_completion(const char *format)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } formats[] = {
        {"bash", complete_bash},
        {"zsh", complete_zsh},
        {"fish", complete_fish},
        {"man", print_man_frame},
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (strcmp(format, formats[i].name) == 0) {
            formats[i].print();
            return true;
        }
    return false;
}
