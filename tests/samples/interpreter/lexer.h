/* Tokens. The scanner takes no memory: a token is a place in the source. */
#ifndef TARN_LEXER_H
#define TARN_LEXER_H

#include "tarn.h"

/* ORDER TOKENS: keywords first, in the order of the table in lexer.c. */
enum token_type {
    TOKEN_AND,
    TOKEN_BREAK,
    TOKEN_CONTINUE,
    TOKEN_ELSE,
    TOKEN_FALSE,
    TOKEN_FN,
    TOKEN_FOR,
    TOKEN_IF,
    TOKEN_IN,
    TOKEN_LET,
    TOKEN_NIL,
    TOKEN_NOT,
    TOKEN_OR,
    TOKEN_RETURN,
    TOKEN_TRUE,
    TOKEN_WHILE,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_OPERATOR, /* one or two characters: see token.op */
    TOKEN_END
};

struct token {
    enum token_type type;
    unsigned op; /* first character, and second << 8 */
    const char *start;
    size_t length;
    double number;
    uint32_t line;
    bool first_on_line;
};

struct lexer {
    struct vm *vm;
    const char *name; /* of the source, for messages */
    const char *position;
    uint32_t line;
};

#define OPERATOR2(a, b) ((unsigned)(a) | (unsigned)(b) << 8)

void lexer_next(struct lexer *lexer, struct token *ret_token);

/* The string that a TOKEN_STRING stands for. */
struct string *lexer_string(struct lexer *lexer, const struct token *token);

_Noreturn void lexer_error(const struct lexer *lexer, const struct token *token,
                           const char *text);

#endif
