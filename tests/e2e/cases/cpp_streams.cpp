/* Containers, strings and streams of libstdc++, which a C program never loads.
 *
 * STATUS: 0
 * OUTPUT:
 * 1 2 3 5 8
 * map: a=1 b=2 c=3
 * hex ff, 3.14
 * sum 19
 */
#include <iomanip>
#include <iostream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <vector>

int main()
{
    std::vector<int> numbers{8, 3, 5, 1, 2};
    std::set<int> sorted(numbers.begin(), numbers.end());
    std::map<std::string, int> map{{"b", 2}, {"a", 1}, {"c", 3}};
    std::ostringstream text;
    const char *separator = "";

    for (int number : sorted) {
        std::cout << separator << number;
        separator = " ";
    }
    std::cout << "\nmap:";
    for (const auto &[key, value] : map)
        std::cout << ' ' << key << '=' << value;
    text << "hex " << std::hex << 255 << ", " << std::setprecision(3)
         << 3.14159;
    std::cout << '\n' << text.str() << '\n';
    std::cout << "sum " << std::accumulate(numbers.begin(), numbers.end(), 0)
              << std::endl;
}
