/* Coroutines: frames on the heap, resumed by hand.
 *
 * STATUS: 0
 * OUTPUT:
 * 0 1 1 2 3 5 8 13
 */
#include <coroutine>
#include <cstdio>
#include <exception>

struct Generator {
    struct promise_type {
        int value = 0;
        Generator get_return_object()
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend()
        {
            return {};
        }
        std::suspend_always final_suspend() noexcept
        {
            return {};
        }
        std::suspend_always yield_value(int v)
        {
            value = v;
            return {};
        }
        void return_void()
        {
        }
        void unhandled_exception()
        {
            std::terminate();
        }
    };
    std::coroutine_handle<promise_type> handle;
};

static Generator fibonacci()
{
    int a = 0, b = 1;

    for (;;) {
        co_yield a;
        int next = a + b;
        a = b;
        b = next;
    }
}

int main()
{
    Generator numbers = fibonacci();

    for (int i = 0; i < 8; i++) {
        numbers.handle.resume();
        std::printf(i ? " %d" : "%d", numbers.handle.promise().value);
    }
    std::puts("");
    numbers.handle.destroy();
}
