/* An exception that leaves a noexcept function ends the program, with
 * libstdc++'s message, through the terminate handler that is set.
 *
 * FLAGS: -Wno-exceptions
 * STATUS: signal 6
 * OUTPUT:
 * status 0, signal 6
 * status 0, signal 6
 * status 3, signal 0
 * status 0, signal 6
 */
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

struct problem : std::runtime_error {
    using std::runtime_error::runtime_error;
};

static void breaks_its_word() noexcept
{
    throw problem("out of a noexcept function");
}

template <class F> static void in_child(F f)
{
    int status = 0;

    std::fflush(stdout);
    if (pid_t child = fork()) {
        waitpid(child, &status, 0);
        std::printf("status %d, signal %d\n", WEXITSTATUS(status),
                    WTERMSIG(status));
    } else {
        f();
        _exit(0);
    }
}

int main()
{
    in_child([] { throw 5; });
    in_child([] { throw problem("of a type of the program"); });
    in_child([] {
        std::set_terminate([] {
            try {
                throw;
            } catch (const std::exception &e) {
                std::fprintf(stderr, "handler: %s\n", e.what());
                _exit(3);
            }
        });
        breaks_its_word();
    });
    in_child([] { std::terminate(); });
    in_child([] {
        struct pure {
            pure()
            {
                call();
            }
            void call()
            {
                f();
            }
            virtual void f() = 0;
        };
        struct derived : pure {
            void f() override
            {
            }
        } d;
    });
    breaks_its_word();
}
