/* Coroutines that wait for one another by symmetric transfer, end by
 * exceptions, and are destroyed half-way.
 *
 * STATUS: 0
 * OUTPUT:
 * sum 999
 * destroyed 1
 * caught in a coroutine
 * destroyed 2
 * result 5
 * waiting 1
 * destroyed 3
 */
#include <coroutine>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

struct noisy {
    int id;
    ~noisy()
    {
        std::printf("destroyed %d\n", id);
    }
};

template <class T> struct task {
    struct promise_type {
        T value{};
        std::exception_ptr problem;
        std::coroutine_handle<> waiting = std::noop_coroutine();

        task get_return_object()
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept
        {
            return {};
        }
        auto final_suspend() noexcept
        {
            struct awaiter {
                bool await_ready() noexcept
                {
                    return false;
                }
                std::coroutine_handle<>
                await_suspend(std::coroutine_handle<promise_type> h) noexcept
                {
                    return h.promise().waiting;
                }
                void await_resume() noexcept
                {
                }
            };
            return awaiter{};
        }
        void return_value(T v)
        {
            value = v;
        }
        void unhandled_exception()
        {
            problem = std::current_exception();
        }
    };

    std::coroutine_handle<promise_type> handle;

    task(std::coroutine_handle<promise_type> h) : handle(h)
    {
    }
    task(task &&other) : handle(std::exchange(other.handle, {}))
    {
    }
    ~task()
    {
        if (handle)
            handle.destroy();
    }
    bool await_ready()
    {
        return false;
    }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> h)
    {
        handle.promise().waiting = h;
        return handle;
    }
    T await_resume()
    {
        if (handle.promise().problem)
            std::rethrow_exception(handle.promise().problem);
        return handle.promise().value;
    }
    T run()
    {
        handle.resume();
        return await_resume();
    }
};

static task<int> one(int i)
{
    co_return i % 3;
}

static task<long> sum(int n)
{
    long total = 0;
    for (int i = 0; i < n; i++)
        total += co_await one(i);
    co_return total;
}

static task<int> fails()
{
    noisy local{1};
    throw std::runtime_error("in a coroutine");
    co_return 0;
}

static task<int> catches()
{
    noisy local{2};
    try {
        co_await fails();
    } catch (const std::exception &e) {
        std::printf("caught %s\n", e.what());
    }
    co_return 5;
}

static task<int> left_half_way()
{
    noisy local{3};
    co_await std::suspend_always();
    std::printf("never\n");
    co_return 0;
}

int main()
{
    /* Without optimisation a transfer is a call: not too many. */
    std::printf("sum %ld\n", sum(1000).run());
    std::printf("result %d\n", catches().run());
    {
        auto t = left_half_way();
        t.handle.resume();
        std::printf("waiting %d\n", !t.handle.done());
    }
    return 0;
}
