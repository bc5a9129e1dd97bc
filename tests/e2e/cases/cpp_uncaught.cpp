/* An exception that nobody catches ends the program as a native one.
 *
 * STATUS: signal 6
 */
#include <stdexcept>

int main()
{
    throw std::runtime_error("nobody cares");
}
