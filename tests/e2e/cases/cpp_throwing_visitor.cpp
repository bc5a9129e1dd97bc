/* An exception leaves a visitor of the loaded objects, and these can be visited
 * again. A visitor may visit them, too.
 *
 * STATUS: 0
 * OUTPUT:
 * caught 1
 * caught 2
 * nested 1
 */
#include <cstdio>
#include <link.h>

static int raise(dl_phdr_info *, size_t, void *data)
{
    throw *static_cast<int *>(data);
}

static int count(dl_phdr_info *, size_t, void *data)
{
    ++*static_cast<int *>(data);
    return 0;
}

static int nest(dl_phdr_info *, size_t, void *data)
{
    return dl_iterate_phdr(count, data);
}

int main()
{
    for (int i = 1; i <= 2; i++) {
        try {
            dl_iterate_phdr(raise, &i);
        } catch (int n) {
            std::printf("caught %d\n", n);
        }
    }
    int n = 0, nested = 0;
    dl_iterate_phdr(count, &n);
    dl_iterate_phdr(nest, &nested);
    std::printf("nested %d\n", nested == n * n);
    return 0;
}
