/* Static locals are made once, whichever of many threads is first; one that
 * needs itself does not wait for ever. Inline variables and statics of
 * templates are one object each. Constructors run by priority.
 *
 * STATUS: 0
 * OUTPUT:
 * +200
 * 250
 * +300
 * +ordinary
 * made 1, sum 8
 * 1 5 101 100
 * 5 6 49
 * -ordinary
 * -300
 * -200
 */
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

static std::atomic<int> made;

struct slow {
    int value;
    slow() : value(++made)
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
};

static slow &instance()
{
    static slow s;
    return s;
}

template <class T> struct counter {
    static inline int n = 0;
    static int &local()
    {
        static int n = 100;
        return n;
    }
};

inline int shared_inline = [] { return 5; }();
constinit int constant = 6;
template <int N> constexpr int square = N *N;
const int *const address = &square<7>;

struct announced {
    const char *name;
    announced(const char *name) : name(name)
    {
        std::printf("+%s\n", name);
    }
    ~announced()
    {
        std::printf("-%s\n", name);
    }
};
announced ordinary("ordinary");
__attribute__((init_priority(300))) announced later("300");
__attribute__((init_priority(200))) announced sooner("200");
__attribute__((constructor(250))) static void between()
{
    std::printf("250\n");
}

int main()
{
    std::vector<std::thread> threads;
    std::atomic<int> sum = 0;

    for (int i = 0; i < 8; i++)
        threads.emplace_back([&] { sum += instance().value; });
    for (auto &t : threads)
        t.join();
    std::printf("made %d, sum %d\n", made.load(), sum.load());
    counter<int>::n++;
    counter<long>::n += 5;
    counter<int>::local()++;
    std::printf("%d %d %d %d\n", counter<int>::n, counter<long>::n,
                counter<int>::local(), counter<long>::local());
    std::printf("%d %d %d\n", shared_inline, constant, *address);
    return 0;
}
