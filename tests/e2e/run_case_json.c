/* run_case_json [KEY...]: succeeds if standard input is one well-formed JSON
 * value and a newline. If keys are given, the value must be an object with
 * exactly these keys, in this order. Strings are not checked for UTF-8. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int next;      /* one character ahead */
static char **wanted; /* keys of the outermost object still to come */

static void advance(void)
{
    next = getchar();
}

static bool take(int c)
{
    if (next != c)
        return false;
    advance();
    return true;
}

/* The text between the quotes, cut to fit. */
static bool string(char *ret_text, size_t size)
{
    size_t n = 0;

    if (!take('"'))
        return false;
    while (next != '"') {
        if (next == EOF || next < ' ')
            return false;
        if (next == '\\') {
            advance();
            if (!strchr("\"\\/bfnrtu", next))
                return false;
        }
        if (n + 1 < size)
            ret_text[n++] = (char)next;
        advance();
    }
    ret_text[n] = '\0';
    return take('"');
}

static bool digits(void)
{
    if (!isdigit(next))
        return false;
    while (isdigit(next))
        advance();
    return true;
}

static bool number(void)
{
    take('-');
    if (!take('0') && !digits())
        return false;
    if (take('.') && !digits())
        return false;
    if (next == 'e' || next == 'E') {
        advance();
        if (next == '+' || next == '-')
            advance();
        return digits();
    }
    return true;
}

static bool word(const char *text)
{
    while (*text) {
        if (!take(*text++))
            return false;
    }
    return true;
}

static bool value(int depth);

static bool member(int depth)
{
    char key[64];

    if (!string(key, sizeof(key)) || !take(':'))
        return false;
    if (depth == 0 && wanted && (!*wanted || strcmp(*wanted++, key) != 0)) {
        fprintf(stderr, "unexpected key '%s'\n", key);
        return false;
    }
    return value(depth + 1);
}

static bool sequence(int depth, int end, bool (*item)(int depth))
{
    if (take(end))
        return true;
    do {
        if (!item(depth))
            return false;
    } while (take(','));
    return take(end);
}

static bool element(int depth)
{
    return value(depth + 1);
}

static bool value(int depth)
{
    char text[8];

    switch (next) {
    case '{':
        advance();
        return sequence(depth, '}', member);
    case '[':
        advance();
        return sequence(depth, ']', element);
    case '"':
        return string(text, sizeof(text));
    case 't':
        return word("true");
    case 'f':
        return word("false");
    case 'n':
        return word("null");
    default:
        return number();
    }
}

int main(int argc, char **argv)
{
    wanted = argc > 1 ? argv + 1 : NULL;
    advance();
    if (!value(0) || !take('\n') || next != EOF) {
        fprintf(stderr, "not well-formed, or not alone\n");
        return 1;
    }
    if (wanted && *wanted) {
        fprintf(stderr, "no key '%s'\n", *wanted);
        return 1;
    }
    return 0;
}
