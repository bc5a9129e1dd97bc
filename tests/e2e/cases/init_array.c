/* Entries that a file puts into .init_array and .fini_array itself, next to
 * constructors and destructors of the same and of other priorities; errno and
 * the name of the thread in constructors.
 *
 * STATUS: 0
 * OUTPUT:
 * constructor 200
 * init_array
 * constructor: errno 0, named as the file: 1
 * main
 * destructor
 * fini_array
 * destructor 200
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static void in_init_array(void)
{
    puts("init_array");
}

static void in_fini_array(void)
{
    puts("fini_array");
}

__attribute__((constructor)) static void construct(int argc, char **argv)
{
    const int found = errno;
    char name[17] = "", *slash = strrchr(argv[0], '/');

    (void)argc;
    prctl(PR_GET_NAME, name);
    printf("constructor: errno %d, named as the file: %d\n", found,
           strncmp(slash ? slash + 1 : argv[0], name, 15) == 0);
}

__attribute__((constructor(200))) static void construct_early(void)
{
    puts("constructor 200");
}

__attribute__((destructor)) static void destroy(void)
{
    puts("destructor");
}

__attribute__((destructor(200))) static void destroy_late(void)
{
    puts("destructor 200");
}

__attribute__((section(".init_array"),
               used)) static void (*const first)(void) = in_init_array;
__attribute__((section(".fini_array"),
               used)) static void (*const last)(void) = in_fini_array;

int main(void)
{
    puts("main");
    return 0;
}
