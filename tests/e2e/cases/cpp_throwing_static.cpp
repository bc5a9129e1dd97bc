/* A global object whose constructor throws ends the program before main().
 *
 * STATUS: 0
 * OUTPUT:
 * signal 6
 */
#include <cstdio>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

static int status;

struct throws {
    throws()
    {
        if (pid_t child = fork())
            waitpid(child, &status, 0);
        else
            throw std::runtime_error("no such global");
    }
} global;

int main()
{
    std::printf("signal %d\n", WTERMSIG(status));
    return 0;
}
