/* References to an old version of a library's function, next to the default
 * one: realpath() accepted no NULL before glibc 2.3. The version names are
 * x86_64's.
 *
 * STATUS: 0
 * OUTPUT:
 * today: 1
 * before 2.3: 0, EINVAL: 1
 * through a pointer: 0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

char *old_realpath(const char *path, char *resolved);
__asm__(".symver old_realpath, realpath@GLIBC_2.2.5");

int main(void)
{
    char *(*volatile pointer)(const char *, char *) = old_realpath;

    printf("today: %d\n", realpath(".", NULL) != NULL);
    errno = 0;
    printf("before 2.3: %d, ", old_realpath(".", NULL) != NULL);
    printf("EINVAL: %d\n", errno == EINVAL);
    printf("through a pointer: %d\n", pointer(".", NULL) != NULL);
    return 0;
}
