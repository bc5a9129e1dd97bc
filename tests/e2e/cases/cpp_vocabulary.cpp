/* Newer parts of the library, mostly code in headers: variant, optional,
 * ranges, spans, charconv, chrono, concepts, bit and memory.
 *
 * STATUS: 0
 * OUTPUT:
 * int 1, double 2.5, string three
 * std::get: wrong index for variant
 * none some
 * 1, 9, 25, 49, 81, delta, bravo, alpha, charlie, 4
 * 0.30000000000000004 1
 * key|42|some value
 * 7 31 word [quoted text]
 * a/ a/b/ a/file.txt 8
 * No such file or directory
 * 1
 * 1 42
 * 8 2147483648
 * 29
 * 13930160852258120406
 * 14 6
 * 6
 */
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <list>
#include <map>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <random>
#include <ranges>
#include <regex>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <valarray>
#include <variant>

using namespace std::string_literals;

template <class... F> struct overloaded : F... {
    using F::operator()...;
};

struct version {
    int major, minor;
    auto operator<=>(const version &) const = default;
};

template <std::integral T> constexpr T twice(T x)
{
    return 2 * x;
}

static void variants()
{
    std::variant<int, double, std::string> values[] = {1, 2.5, "three"s};

    for (auto &v : values)
        std::visit(overloaded{[](int i) { std::printf("int %d, ", i); },
                              [](double d) { std::printf("double %g, ", d); },
                              [](const std::string &s) {
                                  std::printf("string %s\n", s.c_str());
                              }},
                   v);
    try {
        (void)std::get<int>(values[2]);
    } catch (const std::bad_variant_access &e) {
        std::printf("%s\n", e.what());
    }
    std::optional<std::string> none, some = "some";
    std::printf("%s %s\n", none.value_or("none").c_str(), some->c_str());
}

static void ranges()
{
    auto odd_squares = std::views::iota(1) |
                       std::views::filter([](int i) { return i % 2; }) |
                       std::views::transform([](int i) { return i * i; }) |
                       std::views::take(5);
    std::array<std::string, 4> words{"delta", "alpha", "charlie", "bravo"};

    for (int i : odd_squares)
        std::printf("%d, ", i);
    std::ranges::sort(words, std::ranges::greater{}, &std::string::size);
    std::ranges::sort(std::span(words).subspan(1));
    for (std::string_view w : words | std::views::reverse)
        std::printf("%.*s, ", (int)w.size(), w.data());
    std::printf("%zu\n", words.size());
}

static void text()
{
    char buffer[64];
    auto [end, code] = std::to_chars(buffer, buffer + 64, 0.1 + 0.2);
    double parsed = 0;
    std::smatch match;
    std::string line = "key42 = some value";

    std::from_chars(buffer, end, parsed);
    std::printf("%.*s %d\n", (int)(end - buffer), buffer, parsed == 0.1 + 0.2);
    if (std::regex_match(line, match, std::regex(R"((\w+?)(\d+)\s*=\s*(.*))")))
        std::printf("%s|%s|%s\n", match[1].str().c_str(),
                    match[2].str().c_str(), match[3].str().c_str());
    std::istringstream in("7 0x1f word \"quoted text\"");
    std::string word, quoted;
    int a, b;
    in >> a >> std::hex >> b >> word >> std::quoted(quoted);
    std::printf("%d %d %s [%s]\n", a, b, word.c_str(), quoted.c_str());
}

static void files()
{
    namespace fs = std::filesystem;
    fs::path dir = fs::temp_directory_path() /
                   ("case" + std::to_string(std::random_device()()));
    std::error_code code;

    fs::create_directories(dir / "a" / "b");
    std::ofstream(dir / "a" / "file.txt") << "content\n";
    std::map<std::string, bool> found;
    for (auto &entry : fs::recursive_directory_iterator(dir))
        found[fs::relative(entry.path(), dir)] = entry.is_directory();
    for (auto &[name, is_dir] : found)
        std::printf("%s%s ", name.c_str(), is_dir ? "/" : "");
    std::printf("%ju\n", fs::file_size(dir / "a" / "file.txt"));
    fs::remove_all(dir);
    (void)fs::file_size(dir, code);
    std::printf("%s\n", code.message().c_str());
}

int main()
{
    using namespace std::chrono;
    char arena[256];
    std::pmr::monotonic_buffer_resource resource(arena, sizeof(arena));
    std::pmr::list<int> list({1, 2, 3}, &resource);
    std::mt19937_64 random(42);
    std::valarray<double> values{1, 2, 3};

    variants();
    ranges();
    text();
    files();
    std::printf("%d\n", (char *)&list.front() >= arena &&
                            (char *)&list.front() < arena + 256);
    std::printf("%d %d\n", version{1, 2} < version{1, 10}, twice(21));
    std::printf("%d %u\n", std::popcount(0xffu), std::rotl(1u, 31));
    std::printf("%d\n",
                (int)(sys_days{2024y / 3 / 1} - sys_days{2024y / February / 1})
                    .count());
    std::printf("%llu\n", (unsigned long long)random());
    std::printf("%g %g\n", (values * values).sum(),
                std::reduce(begin(values), end(values)));
    std::apply([](auto... x) { std::printf("%d\n", (x + ...)); },
               std::tuple(1, 2, 3));
    return 0;
}
