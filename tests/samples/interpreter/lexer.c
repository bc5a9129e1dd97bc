/* Source to tokens. */
#include "lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ORDER TOKENS */
static const char *const keywords[] = {
    "and", "break", "continue", "else", "false", "fn",     "for",  "if",
    "in",  "let",   "nil",      "not",  "or",    "return", "true", "while"};

static const char operators[][3] = {"==", "!=", "<=", ">=", "..",
                                    "//", "+=", "-=", "*=", "/="};

void lexer_error(const struct lexer *lexer, const struct token *token,
                 const char *text)
{
    if (token->type == TOKEN_END)
        vm_error(lexer->vm, "%s:%u: %s at the end", lexer->name, token->line,
                 text);
    vm_error(lexer->vm, "%s:%u: %s at '%.*s'", lexer->name, token->line, text,
             (int)(token->length < 20 ? token->length : 20), token->start);
}

static bool skip_blanks(struct lexer *lexer)
{
    bool new_line = false;

    for (;;) {
        const char *p = lexer->position;

        if (*p == '#') {
            lexer->position += strcspn(p, "\n");
        } else if (*p == '\n') {
            new_line = true;
            lexer->line++;
            lexer->position++;
        } else if (*p == ' ' || *p == '\t' || *p == '\r') {
            lexer->position++;
        } else {
            return new_line;
        }
    }
}

static void scan_name(struct token *token)
{
    while (isalnum((unsigned char)token->start[token->length]) ||
           token->start[token->length] == '_')
        token->length++;
    token->type = TOKEN_NAME;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strlen(keywords[i]) == token->length &&
            memcmp(keywords[i], token->start, token->length) == 0)
            token->type = (enum token_type)i;
    }
}

static void scan_number(struct lexer *lexer, struct token *token)
{
    char *end;

    token->type = TOKEN_NUMBER;
    if (token->start[0] == '0' && (token->start[1] | 32) == 'x')
        token->number = (double)strtoll(token->start, &end, 16);
    else
        token->number = strtod(token->start, &end);
    token->length = (size_t)(end - token->start);
    /* 1..2 is two numbers around an operator */
    if (end[-1] == '.' && *end == '.') {
        token->length--;
        end--;
    }
    if (isalnum((unsigned char)*end))
        lexer_error(lexer, token, "malformed number");
}

static void scan_string(struct lexer *lexer, struct token *token)
{
    const char *p = token->start + 1;

    token->type = TOKEN_STRING;
    while (*p && *p != '"' && *p != '\n')
        p += *p == '\\' && p[1] ? 2 : 1;
    token->length = (size_t)(p - token->start);
    if (*p != '"')
        lexer_error(lexer, token, "unfinished string");
    token->length++;
}

static void scan_operator(struct lexer *lexer, struct token *token)
{
    token->type = TOKEN_OPERATOR;
    token->op = (unsigned char)token->start[0];
    token->length = 1;
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strncmp(operators[i], token->start, 2) == 0) {
            token->op = OPERATOR2(operators[i][0], operators[i][1]);
            token->length = 2;
            return;
        }
    }
    if (!strchr("+-*/%^<>=()[]{},;:.", token->start[0]))
        lexer_error(lexer, token, "unexpected character");
}

void lexer_next(struct lexer *lexer, struct token *ret_token)
{
    struct token token = {.type = TOKEN_END};
    char c;

    token.first_on_line = skip_blanks(lexer);
    token.start = lexer->position;
    token.line = lexer->line;
    c = *token.start;
    if (isalpha((unsigned char)c) || c == '_')
        scan_name(&token);
    else if (isdigit((unsigned char)c))
        scan_number(lexer, &token);
    else if (c == '"')
        scan_string(lexer, &token);
    else if (c)
        scan_operator(lexer, &token);
    lexer->position += token.length;
    *ret_token = token;
}

static char unescape(struct lexer *lexer, const struct token *token, char c)
{
    static const char from[] = "nrt0\\\"e", to[] = "\n\r\t\0\\\"\033";
    const char *found = c ? strchr(from, c) : NULL;

    if (!found)
        lexer_error(lexer, token, "unknown escape");
    return to[found - from];
}

struct string *lexer_string(struct lexer *lexer, const struct token *token)
{
    struct string *string;
    size_t length = 0;

    /* Length first: after the string is reserved nothing may be thrown. */
    for (size_t i = 1; i + 1 < token->length; i++, length++) {
        if (token->start[i] == '\\')
            unescape(lexer, token, token->start[++i]);
    }
    string = string_reserve(lexer->vm, length);
    length = 0;
    for (size_t i = 1; i + 1 < token->length; i++) {
        char c = token->start[i];

        string->text[length++] =
            c == '\\' ? unescape(lexer, token, token->start[++i]) : c;
    }
    return string_intern(lexer->vm, string);
}
