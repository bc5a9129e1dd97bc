// The standard library: strings counted in a map and in a hash table.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

int main()
{
    static const char *const parts[] = {"ka", "lo", "mi", "ne", "ru",
                                        "sa", "te", "vo"};
    std::unordered_map<std::string, int> counts;
    std::map<std::string, int> sorted;
    unsigned state = 7;
    long sum = 0;

    for (int i = 0; i < 3000000; i++) {
        std::string word;
        state = state * 1664525u + 1013904223u;
        for (unsigned n = 0, bits = state >> 8; n < 4; n++, bits >>= 3)
            word += parts[bits & 7];
        counts[word]++;
        if (i % 4 == 0)
            sorted[word] += i & 1;
    }
    std::vector<std::pair<std::string, int>> all(counts.begin(), counts.end());
    std::sort(all.begin(), all.end(), [](auto &a, auto &b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    for (size_t i = 0; i < all.size(); i += 97)
        sum += all[i].second * (long)(i + 1);
    std::printf("%zu %zu %ld %s\n", all.size(), sorted.size(), sum,
                all.front().first.c_str());
}
