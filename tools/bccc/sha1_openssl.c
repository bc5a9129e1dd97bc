/* SHA-1 from OpenSSL's static library, without the rest of libcrypto, instead
 * of lib/support's. Inputs may be runtime libraries of many megabytes, and with
 * the SHA instructions 9 MB take 8 ms instead of 21.
 *
 * libcrypto.so costs 1.6 ms at process start, and only SHA1_Init/Update/Final
 * are needed. So the static library is linked, and this file defines, hidden,
 * the two symbols that its SHA-1 objects need:
 *
 *   OPENSSL_cleanse     overwrites secrets; the inputs here are none.
 *   OPENSSL_ia32cap_P   what OpenSSL's constructor reads with cpuid, which
 *                       traps to the hypervisor in a virtual machine. glibc
 *                       keeps a copy made at process start: used instead.
 *
 * The layout of OPENSSL_ia32cap_P is in the manual page of that name: leaf 1
 * edx, leaf 1 ecx, leaf 7 ebx, leaf 7 ecx. A wrong bit can only choose another
 * of OpenSSL's SHA1 loops; a test compares digests with known answers. */
#include "sha1_digest.h"

#include <string.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN void OPENSSL_cleanse(void *data, size_t size);
HIDDEN void OPENSSL_cleanse(void *data, size_t size)
{
    memset(data, 0, size);
}

#ifdef __x86_64__
#include <sys/platform/x86.h>

HIDDEN extern unsigned int OPENSSL_ia32cap_P[4];
HIDDEN unsigned int OPENSSL_ia32cap_P[4];

/* Every thread stores the same values, so the first use needs no lock. */
static void choose_sha1_loop(void)
{
    enum { EAX, EBX, ECX, EDX };
    const unsigned int *leaf1, *leaf7;

    if (__atomic_load_n(&OPENSSL_ia32cap_P[0], __ATOMIC_RELAXED))
        return;
    leaf1 = __x86_get_cpuid_feature_leaf(CPUID_INDEX_1)->active_array;
    leaf7 = __x86_get_cpuid_feature_leaf(CPUID_INDEX_7)->active_array;
    __atomic_store_n(&OPENSSL_ia32cap_P[3], leaf7[ECX], __ATOMIC_RELAXED);
    __atomic_store_n(&OPENSSL_ia32cap_P[2], leaf7[EBX], __ATOMIC_RELAXED);
    __atomic_store_n(&OPENSSL_ia32cap_P[1], leaf1[ECX], __ATOMIC_RELAXED);
    __atomic_store_n(&OPENSSL_ia32cap_P[0], leaf1[EDX] | 1, __ATOMIC_RELAXED);
}
#else
static void choose_sha1_loop(void)
{
}
#endif

void sha1_digest(struct span bytes, uint8_t ret_digest[SHA1_SIZE])
{
    SHA_CTX context;

    choose_sha1_loop();
    SHA1_Init(&context);
    SHA1_Update(&context, bytes.data, bytes.size);
    SHA1_Final(ret_digest, &context);
}
