/* A driver for the fuzz targets where there is no libFuzzer: runs each file
 * that is named, then random changes of them.
 *
 *     fuzz_NAME [-n CHANGES] [-s SEED] FILE...
 *
 * A change overwrites, flips, moves or cuts bytes at random places. The same
 * seed gives the same changes, and the number of the last one is printed if
 * the target dies, so a finding can be repeated. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

static volatile unsigned long current;

static void say_where(int number)
{
    char text[64];
    int size = snprintf(text, sizeof(text), "died in change %lu\n", current);

    if (write(STDERR_FILENO, text, (size_t)size) < 0)
        _exit(2);
    signal(number, SIG_DFL);
    raise(number);
}

/* xorshift64*, by Marsaglia and Vigna. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

struct input {
    uint8_t *data;
    size_t size;
};

static struct input read_input(const char *path)
{
    struct input input = {0};
    FILE *file = fopen(path, "rb");
    long size;

    if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 ||
        fseek(file, 0, SEEK_SET)) {
        perror(path);
        exit(2);
    }
    input.size = (size_t)size;
    input.data = malloc(input.size + 1);
    if (!input.data || fread(input.data, 1, input.size, file) != input.size)
        exit(2);
    fclose(file);
    return input;
}

static void change(uint8_t *data, size_t *size, uint64_t *state)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    size_t place = next_random(state) % *size;
    size_t other = next_random(state) % *size;

    switch (next_random(state) % 6) {
    case 0:
        data[place] ^= (uint8_t)(1u << next_random(state) % 8);
        break;
    case 1:
        data[place] = edges[next_random(state) % sizeof(edges)];
        break;
    case 2:
        data[place] = (uint8_t)next_random(state);
        break;
    case 3:
        for (int i = 0; i < 8 && place + (size_t)i < *size; i++)
            data[place + (size_t)i] = edges[next_random(state) % 6];
        break;
    case 4:
        memmove(data + place, data + other,
                (*size - (place > other ? place : other)) % 32);
        break;
    default:
        if (next_random(state) % 16 == 0)
            *size = place + 1;
        break;
    }
}

static void run_changes(const struct input *inputs, int n_inputs,
                        unsigned long n_changes, uint64_t state)
{
    for (current = 0; current < n_changes; current++) {
        const struct input *input = &inputs[next_random(&state) % n_inputs];
        size_t size = input->size;
        uint8_t *copy;

        if (size == 0)
            continue;
        /* Exactly as long as it is, so that an overrun is seen. */
        copy = malloc(size);
        if (!copy)
            exit(2);
        memcpy(copy, input->data, size);
        for (uint64_t n = 1 + next_random(&state) % 8; n > 0; n--)
            change(copy, &size, &state);
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
    }
}

int main(int argc, char **argv)
{
    unsigned long n_changes = 0;
    uint64_t seed = 1;
    struct input *inputs;
    int option, n_inputs;

    while ((option = getopt(argc, argv, "n:s:")) != -1) {
        if (option == 'n')
            n_changes = strtoul(optarg, NULL, 10);
        else if (option == 's')
            seed = strtoull(optarg, NULL, 10) | 1;
        else
            return 2;
    }
    n_inputs = argc - optind;
    inputs = calloc((size_t)n_inputs + 1, sizeof(*inputs));
    if (!inputs || n_inputs == 0)
        return 2;
    signal(SIGABRT, say_where);
    signal(SIGSEGV, say_where);
    for (int i = 0; i < n_inputs; i++) {
        inputs[i] = read_input(argv[optind + i]);
        LLVMFuzzerTestOneInput(inputs[i].data, inputs[i].size);
    }
    run_changes(inputs, n_inputs, n_changes, seed);
    printf("%d files, %lu changes\n", n_inputs, n_changes);
    for (int i = 0; i < n_inputs; i++)
        free(inputs[i].data);
    free(inputs);
    return 0;
}
