/* Two stacks that take turns.
 *
 * STATUS: 0
 * OUTPUT:
 * coroutine 1
 * main 1
 * coroutine 2
 * main 2
 * coroutine ends
 * main ends
 */
#include <stdio.h>
#include <ucontext.h>

static ucontext_t main_context, coroutine;
static char stack[65536];

static void run(void)
{
    for (int turn = 1; turn <= 2; turn++) {
        printf("coroutine %d\n", turn);
        swapcontext(&coroutine, &main_context);
    }
    puts("coroutine ends");
}

int main(void)
{
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = sizeof(stack);
    coroutine.uc_link = &main_context;
    makecontext(&coroutine, run, 0);
    for (int turn = 1; turn <= 2; turn++) {
        swapcontext(&main_context, &coroutine);
        printf("main %d\n", turn);
    }
    swapcontext(&main_context, &coroutine);
    puts("main ends");
    return 0;
}
