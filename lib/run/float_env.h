/* The floating-point environment of a thread: rounding, treatment of subnormal
 * numbers, and traps. Status flags are left out. (<fenv.h> does the same in
 * libm, which the library does not need otherwise.) */
#ifndef BCC_RUN_FLOAT_ENV_H
#define BCC_RUN_FLOAT_ENV_H

#include <stdint.h>

struct float_env {
    uint32_t vector; /* control register of vector or all operations */
    uint16_t x87;    /* x87 control word, on x86 */
};

#if defined(__x86_64__)

enum { MXCSR_FLAGS = 0x3f };

static inline struct float_env float_env_get(void)
{
    struct float_env env;

    __asm__ volatile("stmxcsr %0" : "=m"(env.vector));
    __asm__ volatile("fnstcw %0" : "=m"(env.x87));
    env.vector &= ~(uint32_t)MXCSR_FLAGS;
    return env;
}

static inline void float_env_set(struct float_env env)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(env.vector));
    __asm__ volatile("fldcw %0" : : "m"(env.x87));
}

#elif defined(__aarch64__)

static inline struct float_env float_env_get(void)
{
    uint64_t control;

    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return (struct float_env){.vector = (uint32_t)control};
}

static inline void float_env_set(struct float_env env)
{
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)env.vector));
}

#elif defined(__arm__) && defined(__VFP_FP__) && !defined(__SOFTFP__)

enum { FPSCR_FLAGS = (int)0xf800009f };

static inline struct float_env float_env_get(void)
{
    struct float_env env = {0};

    __asm__ volatile("vmrs %0, fpscr" : "=r"(env.vector));
    env.vector &= ~(uint32_t)FPSCR_FLAGS;
    return env;
}

static inline void float_env_set(struct float_env env)
{
    __asm__ volatile("vmsr fpscr, %0" : : "r"(env.vector));
}

#elif defined(__riscv) && defined(__riscv_flen)

static inline struct float_env float_env_get(void)
{
    struct float_env env = {0};

    __asm__ volatile("frrm %0" : "=r"(env.vector));
    return env;
}

static inline void float_env_set(struct float_env env)
{
    __asm__ volatile("fsrm %0" : : "r"(env.vector));
}

#else /* computed in software: there is none */

static inline struct float_env float_env_get(void)
{
    return (struct float_env){0};
}

static inline void float_env_set(struct float_env env)
{
    (void)env;
}

#endif

#endif
