/* Operands of inline assembly: jumps to C labels, memory, early clobbers,
 * constants, symbols, registers of every kind, tied operands, flags, and
 * sections of its own.
 *
 * LAZY: assembly names variables (constraint i)
 * STATUS: 0
 * OUTPUT:
 * sign -1 0 1
 * goto with output 6 -14
 * divide 1000000000000000 5
 * swap 2 1, length 7
 * root 1.5, flags 1 0
 * loop 55, recorded 2011, symbols 36
 * fixed 12, low 13
 */
#include <stdint.h>
#include <stdio.h>

struct pair {
    long first, second;
};

static int table[4] = {10, 20, 30, 40};
int visible = 6;

static int sign(int x)
{
    __asm__ goto("testl %0, %0\n\t"
                 "js %l[negative]\n\t"
                 "jz %l[zero]"
                 :
                 : "r"(x)
                 : "cc"
                 : negative, zero);
    return 1;
negative:
    return -1;
zero:
    return 0;
}

static int output_goto(int x)
{
    int doubled;

    __asm__ goto("leal (%1,%1), %0\n\t"
                 "cmpl $10, %0\n\t"
                 "ja %l2"
                 : "=&r"(doubled)
                 : "r"(x)
                 : "cc"
                 : large);
    return doubled;
large:
    return -doubled;
}

static uint64_t divide(uint64_t high, uint64_t low, uint64_t by, uint64_t *rest)
{
    uint64_t quotient;

    __asm__("divq %4"
            : "=a"(quotient), "=d"(*rest)
            : "0"(low), "1"(high), "rm"(by)
            : "cc");
    return quotient;
}

static void swap(struct pair *p)
{
    long temporary;

    __asm__("movq %1, %0\n\t"
            "xchgq %0, %2\n\t"
            "movq %0, %1"
            : "=&r"(temporary), "+m"(p->first), "+m"(p->second));
}

static size_t length(const char *text)
{
    const char *end = text;
    size_t left = ~(size_t)0;

    __asm__ volatile("repne scasb"
                     : "+D"(end), "+c"(left)
                     : "a"(0)
                     : "memory", "cc");
    return (size_t)(end - text - 1);
}

static double root(double x)
{
    double sse, x87;

    __asm__("sqrtsd %1, %0" : "=x"(sse) : "xm"(x));
    __asm__("fsqrt" : "=t"(x87) : "0"(x));
    return sse == x87 ? sse : -1;
}

static int flags(unsigned a, unsigned b)
{
    int carry;

    __asm__("addl %2, %1" : "=@ccc"(carry), "+r"(a) : "r"(b));
    return carry;
}

static int loop(int n)
{
    int sum = 0;

    __asm__("jmp 2f\n"
            "1:\taddl %1, %0\n\t"
            "decl %1\n"
            "2:\ttestl %1, %1\n\t"
            "jnz 1b\n"
            ".Lunique%=:"
            : "+r"(sum), "+r"(n)
            :
            : "cc");
    return sum;
}

static int recorded(void)
{
    const int *start, *end;

    __asm__ volatile(".pushsection case_records, \"a\"\n\t"
                     ".long %c0, %c1\n\t"
                     ".popsection"
                     :
                     : "i"(sizeof(struct pair)), "i"(-5));
    __asm__("leaq __start_case_records(%%rip), %0\n\t"
            "leaq __stop_case_records(%%rip), %1"
            : "=r"(start), "=r"(end));
    return (int)(end - start) * 1000 + start[0] + start[1];
}

static int symbols(void)
{
    int value, *address;

    __asm__("movl %c1(%%rip), %0" : "=r"(value) : "i"(&visible));
    __asm__("leaq 8+%c1(%%rip), %0" : "=r"(address) : "i"(table));
    return value + *address;
}

int main(void)
{
    register long fixed __asm__("r12") = 11;
    struct pair pair = {1, 2};
    uint64_t rest, quotient = divide(1, 5, 16, &rest);
    uint8_t low = 0x12;

    printf("sign %d %d %d\n", sign(-9), sign(0), sign(9));
    printf("goto with output %d %d\n", output_goto(3), output_goto(7));
    printf("divide %llx %llu\n", (unsigned long long)quotient,
           (unsigned long long)rest);
    swap(&pair);
    printf("swap %ld %ld, length %zu\n", pair.first, pair.second,
           length("seven c"));
    printf("root %g, flags %d %d\n", root(2.25), flags(~0u, 1), flags(1, 1));
    printf("loop %d, recorded %d, symbols %d\n", loop(10), recorded(),
           symbols());
    __asm__("addq $1, %0" : "+r"(fixed));
    __asm__("incb %b0\n\tmovb %b0, %h0" : "+Q"(low));
    printf("fixed %ld, low %x\n", fixed, low);
    return 0;
}
