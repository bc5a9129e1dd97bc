#include "bccc.h"
#include "compile.h"

int main(int argc, char **argv)
{
    return bccc_run(argc, argv, &compile_usual_limits);
}
