/* Global objects, static locals and atexit handlers: made in order, destroyed
 * in the reverse order, all of them.
 *
 * STATUS: 5
 * OUTPUT:
 * +first
 * +second
 * main
 * +local
 * again
 * handler
 * -local
 * -second
 * -first
 */
#include <cstdio>
#include <cstdlib>

struct Noisy {
    const char *name;
    explicit Noisy(const char *n) : name(n)
    {
        std::printf("+%s\n", name);
    }
    ~Noisy()
    {
        std::printf("-%s\n", name);
    }
};

static Noisy first("first");
static Noisy second("second");

static void once(const char *text)
{
    std::puts(text);
    static Noisy local("local");
}

int main()
{
    once("main");
    once("again");
    std::atexit([] { std::puts("handler"); });
    return 5;
}
