/* More trampolines at once than fit into the image: descend(N) is N. */
void init_trampoline(void *storage, void *function,
                     void *chain) __asm__("llvm.init.trampoline");
void *adjust_trampoline(void *storage) __asm__("llvm.adjust.trampoline");

__attribute__((naked)) static int get(void)
{
    __asm__("movl (%r10), %eax\n\t"
            "ret\n");
}

int descend(int depth);

int descend(int depth)
{
    char storage[32];
    volatile int value = depth;
    int (*volatile pointer)(void);
    int rest = 0;

    init_trampoline(storage, (void *)get, (void *)&value);
    pointer = (int (*)(void))adjust_trampoline(storage);
    if (depth)
        rest = descend(depth - 1);
    return pointer() - depth + rest + (depth != 0);
}
