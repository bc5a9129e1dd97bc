/* A library for test_shared_library: definitions of every kind. */
#define EXPORT __attribute__((visibility("default")))

EXPORT int sample_function(void);
EXPORT int sample_weak(void) __attribute__((weak));
EXPORT int sample_versioned_1(void);
EXPORT int sample_versioned_2(void);
extern int sample_undefined(void);
EXPORT int sample_variable = 3;

__asm__(".symver sample_versioned_1, sample_versioned@SAMPLE_1\n"
        ".symver sample_versioned_2, sample_versioned@@SAMPLE_2\n");

int sample_versioned_1(void)
{
    return 1;
}

int sample_versioned_2(void)
{
    return 2;
}

int sample_weak(void)
{
    return sample_variable;
}

int sample_function(void)
{
    return sample_undefined();
}
