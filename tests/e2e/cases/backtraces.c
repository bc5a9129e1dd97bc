/* Stacks are walked through the program's frames, up to the caller of main(),
 * by libc, by the unwinder and by frame pointers.
 *
 * FLAGS: -fno-omit-frame-pointer -fno-optimize-sibling-calls -Wno-frame-address
 * STATUS: 0
 * OUTPUT:
 * result 21, repeated 19
 * beyond main 1
 * agree 1
 * through qsort 1, repeated 2
 */
#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unwind.h>

static void *frames[100];
static int n_frames;

static _Unwind_Reason_Code note(struct _Unwind_Context *context, void *arg)
{
    int *n = arg;

    if (_Unwind_GetIP(context))
        ++*n;
    return _URC_NO_REASON;
}

__attribute__((noinline)) static int deepest(int *ret_unwound)
{
    n_frames = backtrace(frames, 100);
    _Unwind_Backtrace(note, ret_unwound);
    return __builtin_return_address(0) != NULL &&
           __builtin_frame_address(1) > __builtin_frame_address(0);
}

__attribute__((noinline)) static int descend(int depth, int *ret_unwound)
{
    return depth ? descend(depth - 1, ret_unwound) + 1 : deepest(ret_unwound);
}

static int compare(const void *a, const void *b)
{
    int unwound = 0;

    (void)a;
    (void)b;
    return descend(3, &unwound) * 0;
}

/* That many frames are of one recursive function. */
static int repeated(void)
{
    int n = 0;

    for (int i = 1; i < n_frames; i++)
        n += frames[i] == frames[i - 1];
    return n;
}

int main(void)
{
    int unwound = 0, result = descend(20, &unwound), pair[2] = {0, 0};

    printf("result %d, repeated %d\n", result, repeated());
    printf("beyond main %d\n", n_frames > 23);
    printf("agree %d\n", n_frames == unwound);
    qsort(pair, 2, sizeof(pair[0]), compare);
    printf("through qsort %d, repeated %d\n", n_frames > 9, repeated());
    return 0;
}
