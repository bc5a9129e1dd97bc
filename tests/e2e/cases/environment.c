/* getenv(), setenv(), the third parameter of main() and environ agree.
 *
 * ENV: CASE_GREETING='hello there' CASE_EMPTY=
 * STATUS: 0
 * OUTPUT:
 * hello there
 * empty is set
 * nothing unset
 * same environment: 1
 * changed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const char *find(char **environment, const char *name)
{
    size_t length = strlen(name);

    for (; *environment; environment++) {
        if (strncmp(*environment, name, length) == 0 &&
            (*environment)[length] == '=')
            return *environment + length + 1;
    }
    return NULL;
}

int main(int argc, char **argv, char **envp)
{
    const char *empty = getenv("CASE_EMPTY");

    (void)argc;
    (void)argv;
    puts(find(envp, "CASE_GREETING"));
    puts(empty && !*empty ? "empty is set" : "empty is lost");
    puts(getenv("CASE_NOTHING") ? "nothing set" : "nothing unset");
    printf("same environment: %d\n",
           find(environ, "CASE_GREETING") == getenv("CASE_GREETING"));
    setenv("CASE_GREETING", "changed", 1);
    puts(find(environ, "CASE_GREETING"));
    return 0;
}
