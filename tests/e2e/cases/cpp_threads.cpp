/* std::thread, mutexes, atomics, futures and thread_local objects.
 *
 * FLAGS: -pthread
 * STATUS: 0
 * OUTPUT:
 * sum 4000
 * atomic 4000
 * future 55
 * thread_local objects: 3 made, 3 destroyed
 */
#include <atomic>
#include <cstdio>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

static std::atomic<int> made, destroyed;

struct Counted {
    int uses = 0;
    Counted()
    {
        made++;
    }
    ~Counted()
    {
        destroyed++;
    }
};
static thread_local Counted counted;

static int fibonacci(int n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main()
{
    std::vector<std::thread> threads;
    std::atomic<int> atomic{0};
    std::mutex mutex;
    int sum = 0;

    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            for (int k = 0; k < 1000; k++) {
                std::lock_guard<std::mutex> guard(mutex);
                sum++;
                atomic++;
            }
        });
    for (auto &thread : threads)
        thread.join();
    std::printf("sum %d\natomic %d\n", sum, atomic.load());
    std::printf("future %d\n",
                std::async(std::launch::async, fibonacci, 10).get());
    for (int i = 0; i < 3; i++)
        std::thread([] { counted.uses++; }).join();
    std::printf("thread_local objects: %d made, %d destroyed\n", made.load(),
                destroyed.load());
}
