// Throws through a destructor, and catches: with the libraries of the script.
namespace
{
int n_destroyed;

struct Guard {
    ~Guard()
    {
        n_destroyed++;
    }
};

__attribute__((noinline)) void fail(int value)
{
    throw value;
}

__attribute__((noinline)) void pass(int value)
{
    Guard guard;

    fail(value);
}
} // namespace

extern "C" int caught()
{
    try {
        pass(41);
    } catch (int value) {
        return value + n_destroyed;
    }
    return -1;
}
