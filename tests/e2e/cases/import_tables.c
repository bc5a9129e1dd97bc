/* Tables of functions and variables of libraries: in structures, in each other,
 * twice in one, with offsets; and code that uses the same.
 *
 * FLAGS: -lm
 * STATUS: 0
 * OUTPUT:
 * 3 2 3 2
 * same 1 1 1 1 1
 * offset 1
 * weak 0 0
 * late 5
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;
extern int absent(const char *) __attribute__((weak));
extern int absent_variable __attribute__((weak));

struct entry {
    const char *name;
    size_t (*measure)(const char *);
    struct {
        char ***variable;
        double (*round)(double);
    } inner[2];
};

struct entry table[] = {
    {"abc", strlen, {{&environ, floor}, {&environ, ceil}}},
    {"ab", strlen, {{NULL, ceil}, {&environ, floor}}},
};
size_t (*const constants[])(const char *) = {strlen, strlen};
int (*absents[])(const char *) = {absent, absent, puts};
int *absent_variables[] = {&absent_variable};
char *behind[] = {(char *)&environ + 4, (char *)&environ + 8};
void *self[] = {self, table, (void *)constants, (void *)strlen};
static int (*late[2])(const char *) = {atoi, NULL};

int main(void)
{
    size_t (*volatile measure)(const char *) = strlen;

    printf("%zu %zu %g %g\n", table[0].measure(table[0].name),
           constants[1](table[1].name), table[0].inner[1].round(2.5),
           table[1].inner[1].round(2.5));
    printf("same %d %d %d %d %d\n", table[0].measure == measure,
           *table[0].inner[0].variable == environ, self[0] == self,
           self[3] == (void *)measure, table[0].inner[0].round == floor);
    printf("offset %d\n", behind[0] + 4 == behind[1]);
    printf("weak %d %d\n", absents[0] != NULL, absent_variables[0] != NULL);
    late[1] = late[0];
    printf("late %d\n", late[1]("5"));
    return 0;
}
