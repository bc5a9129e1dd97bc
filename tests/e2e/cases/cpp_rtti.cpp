/* Virtual inheritance, dynamic_cast and typeid, also against types of
 * libstdc++.
 *
 * STATUS: 0
 * OUTPUT:
 * left right bottom
 * cross cast ok
 * no such base
 * bad_cast
 * runtime_error is an exception
 */
#include <cstdio>
#include <stdexcept>
#include <typeinfo>

struct Top {
    virtual ~Top() = default;
    int top = 1;
};
struct Left : virtual Top {
    virtual const char *left()
    {
        return "left";
    }
};
struct Right : virtual Top {
    virtual const char *right()
    {
        return "right";
    }
};
struct Bottom : Left, Right {
    const char *right() override
    {
        return "right bottom";
    }
};
struct Stranger {
    virtual ~Stranger() = default;
};

[[gnu::noinline]] static void look(Top *top)
{
    Left *left = dynamic_cast<Left *>(top);
    Right *right = dynamic_cast<Right *>(top);

    std::printf("%s %s\n", left->left(), right->right());
    std::puts(dynamic_cast<Right *>(left) == right ? "cross cast ok" : "wrong");
    std::puts(dynamic_cast<Stranger *>(top) ? "wrong" : "no such base");
    try {
        (void)dynamic_cast<Stranger &>(*top);
    } catch (const std::bad_cast &) {
        std::puts("bad_cast");
    }
}

int main()
{
    Bottom bottom;
    std::runtime_error error("x");
    std::exception *base = &error;

    look(&bottom);
    if (typeid(*base) == typeid(std::runtime_error))
        std::puts("runtime_error is an exception");
}
