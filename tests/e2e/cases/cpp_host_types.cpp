/* Types of libstdc++ and of the program work together: derived from, cast
 * between, compared, named, and called by the library.
 *
 * STATUS: 0
 * OUTPUT:
 * casts 1 0
 * names 9own_error St13runtime_error Pi
 * index 2 1
 * facet 1'234'567 yes 1
 * buffer STREAMED 3.5
 * resource 8 8
 * what: message 7, own
 * bad any_cast, NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE
 * failure, 1
 * own new 1
 */
#include <any>
#include <cstdio>
#include <functional>
#include <iostream>
#include <locale>
#include <memory>
#include <memory_resource>
#include <new>
#include <sstream>
#include <stdexcept>
#include <streambuf>
#include <system_error>
#include <typeindex>
#include <typeinfo>
#include <unordered_map>
#include <vector>

struct own_error : std::out_of_range {
    using std::out_of_range::out_of_range;
};

struct points : std::numpunct<char> {
    char do_thousands_sep() const override
    {
        return '\'';
    }
    std::string do_grouping() const override
    {
        return "\3";
    }
    std::string do_truename() const override
    {
        return "yes";
    }
};

struct shouting : std::streambuf {
    std::string text;
    int overflow(int c) override
    {
        text += static_cast<char>(std::toupper(c));
        return c;
    }
};

struct counting : std::pmr::memory_resource {
    int allocated = 0, freed = 0;
    void *do_allocate(std::size_t size, std::size_t align) override
    {
        allocated++;
        return std::pmr::new_delete_resource()->allocate(size, align);
    }
    void do_deallocate(void *p, std::size_t size, std::size_t align) override
    {
        freed++;
        std::pmr::new_delete_resource()->deallocate(p, size, align);
    }
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }
};

struct own_category : std::error_category {
    const char *name() const noexcept override
    {
        return "own";
    }
    std::string message(int i) const override
    {
        return "message " + std::to_string(i);
    }
};

static int news;
void *operator new(std::size_t size)
{
    news++;
    return std::malloc(size);
}
void operator delete(void *p) noexcept
{
    std::free(p);
}
void operator delete(void *p, std::size_t) noexcept
{
    std::free(p);
}

int main()
{
    own_error error("mine");
    std::exception &base = error;
    std::printf("casts %d %d\n",
                dynamic_cast<std::logic_error *>(&base) != nullptr,
                dynamic_cast<std::bad_alloc *>(&base) != nullptr);
    std::printf("names %s %s %s\n", typeid(base).name(),
                typeid(std::runtime_error).name(), typeid(int *).name());
    std::unordered_map<std::type_index, int> map{{typeid(int), 1},
                                                 {typeid(own_error), 2}};
    std::printf("index %d %d\n", map[typeid(base)], map[typeid(int)]);

    std::ostringstream out;
    out.imbue(std::locale(out.getloc(), new points));
    out << 1234567 << ' ' << std::boolalpha << true;
    std::printf("facet %s %d\n", out.str().c_str(),
                std::has_facet<std::numpunct<char>>(out.getloc()));

    shouting buffer;
    std::ostream loud(&buffer);
    loud << "streamed " << 3.5 << std::endl;
    std::printf("buffer %s", buffer.text.c_str());

    counting resource;
    {
        std::pmr::vector<int> v(&resource);
        for (int i = 0; i < 100; i++)
            v.push_back(i);
    }
    std::printf("resource %d %d\n", resource.allocated, resource.freed);

    static own_category category;
    try {
        throw std::system_error(7, category, "what");
    } catch (const std::system_error &e) {
        std::printf("%s, %s\n", e.what(), e.code().category().name());
    }
    std::any any = std::string("text");
    try {
        std::any_cast<int>(any);
    } catch (const std::bad_any_cast &e) {
        std::printf("%s, %s\n", e.what(), any.type().name());
    }
    std::cout.exceptions(std::ios::failbit);
    try {
        std::cout.setstate(std::ios::failbit);
    } catch (const std::ios_base::failure &e) {
        std::printf("failure, %d\n", e.code() == std::io_errc::stream);
    }
    news = 0;
    std::string long_enough(100, 'x');
    std::printf("own new %d\n", news);
    return 0;
}
