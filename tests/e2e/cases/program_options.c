/* The program's own options: getopt() must not be changed by bcc's.
 *
 * ARGS: first -a second -b x --long=1 -q
 * STATUS: 0
 * OUTPUT:
 * 1 1 63
 * a
 * b x
 * long 1
 * ? q
 * 6 first
 * + 1
 */
#include <getopt.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"long", 1, NULL, 'l'},
                                          {NULL, 0, NULL, 0}};
    char *in_order[] = {argv[0], argv[1], "-a", NULL};
    int letter;

    printf("%d %d %d\n", optind, opterr, optopt);
    opterr = 0; /* its messages hold the name of this file */
    while ((letter = getopt_long(argc, argv, "ab:", longs, NULL)) != -1)
        switch (letter) {
        case 'b':
            printf("b %s\n", optarg);
            break;
        case 'l':
            printf("long %s\n", optarg);
            break;
        case '?':
            printf("? %c\n", optopt);
            break;
        default:
            printf("%c\n", letter);
        }
    printf("%d %s\n", optind, argv[optind]);
    optind = 0;
    letter = getopt(3, in_order, "+a");
    printf("+ %d\n", optind);
    return letter != -1;
}
