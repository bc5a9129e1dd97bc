/* Locale, character classes (tables inside libc) and wide characters.
 *
 * ENV: LC_ALL=C.UTF-8
 * STATUS: 0
 * OUTPUT:
 * upper GRÜßE.
 * 6 characters in 8 bytes
 * classes 5 3 1
 */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

int main(void)
{
    const char *text = "grüße.", *p;
    wchar_t wide[16];
    char narrow[32];
    int letters = 0, digits = 0, spaces = 0;
    size_t n;

    if (!setlocale(LC_ALL, ""))
        return 1;
    n = mbstowcs(wide, text, 16);
    for (size_t i = 0; i < n; i++)
        wide[i] = (wchar_t)towupper((wint_t)wide[i]);
    wcstombs(narrow, wide, sizeof(narrow));
    printf("upper %s\n", narrow);
    printf("%zu characters in %zu bytes\n", n, strlen(text));
    for (p = "ab c12d3e"; *p; p++) {
        letters += isalpha((unsigned char)*p) != 0;
        digits += isdigit((unsigned char)*p) != 0;
        spaces += isspace((unsigned char)*p) != 0;
    }
    printf("classes %d %d %d\n", letters, digits, spaces);
    return 0;
}
