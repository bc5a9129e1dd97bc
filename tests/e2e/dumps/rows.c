#include <math.h>
extern int weak_one(void) __attribute__((weak));
int first_variable = 1, second_variable = 2;
double first(double x)
{
    return cos(x) + sin(x);
}
int second(void)
{
    return weak_one ? weak_one() : first_variable;
}
