#include <iostream>

#include <bcc/bcc.hpp>

static int run()
{
    bcc::script script;

    script.read("filter.bc").link("vendor.bc").prepare("cache", "filter");
    auto blend = script.function<int(int, int)>("blend");
    std::cout << "blend(6, 7) = " << blend(6, 7) << ": "
              << (script.is_hit() ? "hit" : "miss") << "\n";
    script.function<void()>("blur"); // there is none
    return 0;
}

int main()
{
    try {
        return run();
    } catch (const bcc::error &error) {
        std::cout << "error: " << error.what() << "\n";
        return 1;
    }
}
