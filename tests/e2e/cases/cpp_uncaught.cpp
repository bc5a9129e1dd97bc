/* An exception without a handler ends the program as a native one.
 *
 * STATUS: signal 6
 */
#include <stdexcept>

int main()
{
    throw std::runtime_error("nobody cares");
}
