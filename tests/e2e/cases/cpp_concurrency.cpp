/* Threading in C++20; call_once() reads thread-local variables of libstdc++.
 *
 * STATUS: 0
 * OUTPUT:
 * once 1 after 1
 * queue 5050
 * phases 5, 1
 * future 42, negative
 * Broken promise
 * waited for 1, 5
 * destroyed 1
 * destroyed 2
 * destroyed 3
 * destroyed 4
 */
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <queue>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static void once()
{
    static std::once_flag flag;
    static std::atomic<int> calls;
    std::vector<std::jthread> threads;
    int attempt = 0;

    try {
        std::call_once(flag, [&] {
            attempt++;
            throw 1;
        });
    } catch (int) {
    }
    for (int i = 0; i < 4; i++)
        threads.emplace_back([] { std::call_once(flag, [] { calls++; }); });
    threads.clear();
    std::printf("once %d after %d\n", calls.load(), attempt);
}

static void queue()
{
    std::queue<int> items;
    std::mutex mutex;
    std::condition_variable_any ready;
    long sum = 0;
    std::jthread consumer([&](std::stop_token stop) {
        std::unique_lock lock(mutex);
        while (ready.wait(lock, stop, [&] { return !items.empty(); })) {
            sum += items.front();
            items.pop();
        }
    });

    for (int i = 1; i <= 100; i++) {
        std::lock_guard lock(mutex);
        items.push(i);
        ready.notify_one();
    }
    for (bool empty = false; !empty;) {
        std::this_thread::yield();
        std::lock_guard lock(mutex);
        empty = items.empty();
    }
    consumer.request_stop();
    consumer.join();
    std::printf("queue %ld\n", sum);
}

static void meet()
{
    std::latch latch(3);
    std::atomic<int> phases = 0;
    std::barrier barrier(3, [&]() noexcept { phases++; });
    std::counting_semaphore<8> semaphore(0);
    std::shared_mutex shared;
    std::vector<std::jthread> threads;

    for (int i = 0; i < 3; i++)
        threads.emplace_back([&] {
            latch.count_down();
            for (int phase = 0; phase < 5; phase++)
                barrier.arrive_and_wait();
            std::shared_lock lock(shared);
            semaphore.release();
        });
    latch.wait();
    for (int i = 0; i < 3; i++)
        semaphore.acquire();
    std::printf("phases %d, %d\n", phases.load(), latch.try_wait());
}

static void futures()
{
    auto async = std::async(std::launch::async, [] { return 6 * 7; });
    std::packaged_task<int(int)> task([](int i) -> int {
        if (i < 0)
            throw std::invalid_argument("negative");
        return i;
    });
    auto result = task.get_future();
    std::promise<void> broken;
    auto lost = broken.get_future();

    std::thread(std::move(task), -1).join();
    try {
        result.get();
    } catch (const std::invalid_argument &e) {
        std::printf("future %d, %s\n", async.get(), e.what());
    }
    {
        auto gone = std::move(broken);
    }
    try {
        lost.get();
    } catch (const std::future_error &e) {
        std::printf("%s\n", e.code().message().c_str());
    }
}

static void waiting()
{
    std::atomic<int> value = 0;
    std::atomic<std::shared_ptr<int>> pointer;
    std::jthread waker([&] {
        pointer.store(std::make_shared<int>(5));
        value = 1;
        value.notify_all();
    });

    value.wait(0);
    std::printf("waited for %d, %d\n", value.load(), *pointer.load());
}

static thread_local struct made {
    int n;
    made() : n(0)
    {
    }
    ~made()
    {
        if (n)
            std::printf("destroyed %d\n", n);
    }
} own;

int main()
{
    once();
    queue();
    meet();
    futures();
    waiting();
    std::jthread([] { own.n = 1; }).join();
    std::jthread([] {
        static thread_local made other;
        own.n = 2;
        other.n = 3;
    }).join();
    own.n = 4;
    return 0;
}
