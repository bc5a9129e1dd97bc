/* Exceptions in rare places: in constructors, function try blocks and static
 * objects, through libstdc++'s own frames, out of destructors, from virtual
 * bases, and in flight while others are thrown.
 *
 * STATUS: 0
 * OUTPUT:
 * +base
 * +first
 * +second
 * whole
 * +base
 * +first
 * -first
 * -base
 * whole caught making second
 * member: making second
 * +element
 * -element
 * array: making element
 * lazy: int 1
 * lazy: int 2
 * lazy 30 after 3
 * in flight 0
 * destructor: int 99
 * in flight 1
 * flight: first
 * nested 2
 * nested 1
 * nested 0
 * nested bottom
 * pointer: something
 * sort: int 2
 * for_each: from std::function
 * empty: bad_function_call
 * at: map::at
 * substr: basic_string::substr: __pos (which is 2) > this->size() (which is 1)
 * stoi: stoi
 * new: std::bad_alloc
 * weak: bad_weak_ptr
 * virtual base 7
 * -second
 * -first
 * -base
 */
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct member {
    const char *name;
    explicit member(const char *name, bool fails = false) : name(name)
    {
        if (fails)
            throw std::runtime_error(std::string("making ") + name);
        std::printf("+%s\n", name);
    }
    ~member()
    {
        std::printf("-%s\n", name);
    }
};

struct whole : member {
    member first, second;
    explicit whole(bool fails)
    try : member("base"), first("first"), second("second", fails) {
        std::printf("whole\n");
    } catch (const std::exception &e) {
        std::printf("whole caught %s\n", e.what());
    } /* thrown again by itself */
};

struct base {
    virtual ~base() = default;
};
struct left : virtual base {
};
struct right : virtual base {
};
struct bottom : left, right {
    int value = 7;
};

struct throws_at_end {
    ~throws_at_end() noexcept(false)
    {
        std::printf("in flight %d\n", std::uncaught_exceptions());
        if (!std::uncaught_exceptions())
            throw 99;
    }
};

static int attempts;
char *volatile unused;
static int make()
{
    if (++attempts < 3)
        throw attempts;
    return attempts * 10;
}

static int lazy()
{
    static int value = make();
    return value;
}

template <class F> static void expect(const char *what, F f)
{
    try {
        f();
        std::printf("%s: nothing thrown\n", what);
    } catch (const std::exception &e) {
        std::printf("%s: %s\n", what, e.what());
    } catch (int i) {
        std::printf("%s: int %d\n", what, i);
    } catch (...) {
        std::printf("%s: something\n", what);
    }
}

static void nested(int depth)
{
    try {
        if (depth == 0)
            throw std::logic_error("bottom");
        nested(depth - 1);
    } catch (...) {
        std::throw_with_nested(std::runtime_error(std::to_string(depth)));
    }
}

static void print_nested(const std::exception &e)
{
    std::printf("nested %s\n", e.what());
    try {
        std::rethrow_if_nested(e);
    } catch (const std::exception &inner) {
        print_nested(inner);
    }
}

static void library()
{
    std::vector<int> v{5, 3, 1, 4};
    std::function<void(int)> callback = [](int i) {
        if (i == 4)
            throw std::out_of_range("from std::function");
    };

    expect("sort", [&] {
        std::sort(v.begin(), v.end(),
                  [](int a, int b) -> bool { throw a > b ? 1 : 2; });
    });
    expect("for_each", [&] { std::for_each(v.begin(), v.end(), callback); });
    expect("empty", [] { std::function<int()>()(); });
    expect("at", [] { std::map<int, int>().at(1); });
    expect("substr", [] { std::string("x").substr(2); });
    expect("stoi", [] { (void)std::stoi("word"); });
    expect("new", [] {
        volatile std::size_t huge = ~0ul / 2;
        unused = new char[huge];
    });
    expect("weak", [] { std::shared_ptr<int>(std::weak_ptr<int>()); });
}

static void carried()
{
    std::exception_ptr pointer;
    std::thread([&] {
        try {
            throw bottom();
        } catch (...) {
            pointer = std::current_exception();
        }
    }).join();
    try {
        std::rethrow_exception(pointer);
    } catch (const base &b) {
        std::printf("virtual base %d\n", dynamic_cast<const bottom &>(b).value);
    }
}

int main()
{
    whole good(false);
    expect("member", [] { whole bad(true); });
    expect("array", [] {
        int n = 0;
        struct counted {
            member m;
            counted(int *n) : m("element", ++*n == 2)
            {
            }
        } array[3] = {&n, &n, &n};
        (void)array;
    });
    expect("lazy", lazy);
    expect("lazy", lazy);
    std::printf("lazy %d after %d\n", lazy(), attempts);
    expect("destructor", [] { throws_at_end t; });
    expect("flight", [] {
        throws_at_end t;
        throw std::runtime_error("first");
    });
    try {
        nested(2);
    } catch (const std::exception &e) {
        print_nested(e);
    }
    expect("pointer", [] { throw(const char *) "text"; });
    library();
    carried();
    return 0;
}
