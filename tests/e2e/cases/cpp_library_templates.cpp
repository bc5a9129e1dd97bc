/* Regular expressions, file system and formatting: the large templates.
 *
 * STATUS: 0
 * OUTPUT:
 * year 2011, month 01
 * /usr/share is absolute
 * sorted: apple pear plum
 */
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

int main()
{
    std::regex date("([0-9]{4})-([0-9]{2})");
    std::smatch match;
    std::string text = "since 2011-01-14";
    std::filesystem::path path = "/usr";
    std::vector<std::string> fruit{"plum", "apple", "pear"};

    if (std::regex_search(text, match, date))
        std::printf("year %s, month %s\n", match[1].str().c_str(),
                    match[2].str().c_str());
    path /= "share";
    std::printf("%s is %s\n", path.c_str(),
                path.is_absolute() ? "absolute" : "relative");
    std::sort(fruit.begin(), fruit.end());
    std::printf("sorted:");
    for (const auto &name : fruit)
        std::printf(" %s", name.c_str());
    std::puts("");
}
