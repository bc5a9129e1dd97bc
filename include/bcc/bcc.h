/* libbcc: run LLVM bitcode that starts as fast as native code.
 *
 *     BCCScriptRef script = bccCreateScript();
 *     if (bccReadFile(script, "filter.bc", 0) ||
 *         bccLinkFile(script, "/usr/lib/vendor.bc", 0) ||
 *         bccPrepareExecutable(script, "/var/cache/app", "filter", 0))
 *         fprintf(stderr, "%s\n", bccGetErrorMessage(script));
 *     else
 *         ((void (*)(int))bccGetFuncAddr(script, "filter"))(42);
 *     bccDisposeScript(script);
 *
 * The first prepare compiles in a separate process and stores the native image
 * in a cache file. Every later prepare maps that file.
 *
 * Conventions
 *   Results    `int` functions return 0 for success and 1 for failure. A
 *              failure sets the script's error code and message.
 *   Errors     "Errors: INVALID_VALUE" means the error code BCC_INVALID_VALUE.
 *   Script     Passing NULL for a script is an error: the function returns 1,
 *              0 or NULL.
 *   Ownership  A script *owns* everything that it returns. Returned pointers
 *              are valid until bccDisposeScript(), unless the function says
 *              otherwise. Arguments are *borrowed* during the call and copied
 *              if the script needs them later, unless the function says
 *              otherwise.
 *   Order      Read and link, then prepare, then look up. After a successful
 *              prepare a script accepts no more input. After a failed prepare
 *              it accepts more input and can be prepared again.
 *   Threads    Different threads may use different scripts at the same time.
 *              Only one thread at a time may use one script. Any thread may
 *              call the code of a prepared script. A thread that is cancelled
 *              with pthread_cancel() first finishes its call.
 *   Stack      Every call needs at most 16 KiB of stack, libc and the dynamic
 *              linker included, so a coroutine may call. Constructors of the
 *              script and of shared libraries, and the host's callbacks, need
 *              their stack in addition.
 *
 * This is not iovisor's BCC library, which also installs headers in bcc/ (its
 * symbols begin with bcc_, ours with bcc and an upper-case letter). */
#ifndef BCC_BCC_H
#define BCC_BCC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BCC_API        __attribute__((visibility("default")))
#define BCC_DEPRECATED __attribute__((deprecated))
#else
#define BCC_API
#define BCC_DEPRECATED
#endif

/* A script: bitcode, its libraries, and the native code made from them. */
typedef struct BCCOpaqueScript *BCCScriptRef;

/* ---- Errors ---- */

/* Error codes. Values never change. */
enum BCCError {
    BCC_NO_ERROR = 0x0000,
    BCC_INVALID_ENUM = 0x0500,      /* unknown flag or option */
    BCC_INVALID_VALUE = 0x0501,     /* NULL or malformed argument, bad input */
    BCC_INVALID_OPERATION = 0x0502, /* call in the wrong order: see Order */
    BCC_OUT_OF_MEMORY = 0x0505,
    BCC_IO_ERROR = 0x0510,          /* the operating system refused */
    BCC_COMPILE_ERROR = 0x0511,     /* bitcode refused, or the compiler died */
    BCC_UNRESOLVED_SYMBOL = 0x0512, /* the message names the symbols */
    BCC_UNSUPPORTED = 0x0513,       /* target or construct not supported */
    BCC_NO_COMPILER = 0x0514,       /* a miss, but bccc was not found, or
                                       BCC_CACHE_ONLY or trustedKeys forbids
                                       compiling */
    BCC_NOT_READY = 0x0515          /* bccWaitForBest(): no best code yet */
};

/* Return the code of the last failure and reset it to BCC_NO_ERROR. For NULL
 * the result is BCC_INVALID_VALUE. Prefer bccGetErrorMessage(). */
BCC_API BCC_DEPRECATED int bccGetError(BCCScriptRef script);

/* Return one line about the last failure, or "" if there was none: object,
 * place, fact. ASCII control characters in names, newlines included, appear as
 * '?'. Other bytes are unchanged, so a program that prints the text on a
 * terminal may have to escape more. bccGetError() does not reset the message.
 * The script *owns* the text; it is valid until the script's next call. */
BCC_API const char *bccGetErrorMessage(BCCScriptRef script);

/* ---- Life of a script ---- */

/* Create a script. The caller disposes of it. NULL if out of memory. */
BCC_API BCCScriptRef bccCreateScript(void);

/* Run the destructors of the script's code, unmap the code and free everything
 * that the script owns. NULL is allowed. No code of the script may be running
 * during the call. */
BCC_API void bccDisposeScript(BCCScriptRef script);

/* ---- Input ---- */

/* Flags of the functions that read and link. */
enum BCCInputFlag {
    /* Leave the content of this input out of the cache key: an entry stays a
     * hit when the content changes. For inputs whose version is guaranteed in
     * another way. */
    BCC_SKIP_DEP_SHA1 = 1 << 0,
    /* bccReadBC, bccLinkBC, bccReadExecutable: the script copies the bytes. */
    BCC_COPY_INPUT = 1 << 5,
    /* bccLinkBC, bccLinkFile, bccLinkResource: the input is part of the
     * program, like another object file of a native link; see bccLinkBC(). */
    BCC_LINK_WHOLE = 1 << 6
};

/* Set the script's bitcode: raw or in the Android wrapper (0x0B17C0DE).
 * Messages and the cache file call the input resName. bitcode has bitcodeSize
 * bytes; it is *borrowed*, and the caller must not change it, until the script
 * has been prepared as an executable or is disposed of. With BCC_COPY_INPUT it
 * is borrowed for the call only. A second call replaces the bitcode. Errors:
 * INVALID_VALUE (NULL, empty, too short to be bitcode), INVALID_OPERATION
 * (already prepared), INVALID_ENUM (unknown flag), OUT_OF_MEMORY. */
BCC_API int bccReadBC(BCCScriptRef script, const char *resName,
                      const char *bitcode, size_t bitcodeSize,
                      unsigned long flags);

/* Set the script's bitcode to the content of a file. The file must exist now.
 * The prepare opens it only if no cache entry has its stamp, so a
 * relative path must still be valid then. Errors as bccReadBC(), and
 * IO_ERROR. */
BCC_API int bccReadFile(BCCScriptRef script, const char *path,
                        unsigned long flags);

/* Set the script's bitcode to an entry of a ZIP archive, such as an Android
 * package (APK). resName is the full name of the entry in the archive. The
 * archive must exist now, as a file for bccReadFile(). The prepare opens it and
 * unpacks the entry only if no cache entry has the archive's stamp. If
 * the archive is moved or packed again, a cache entry is still a hit as long as
 * the content of the ZIP entry is the same. Entries may be stored or deflated.
 * The library loads libz.so.1 to read them. Errors as bccReadFile(). The
 * prepare may also fail with INVALID_VALUE (the archive is damaged), IO_ERROR
 * (no such entry) and UNSUPPORTED (the entry is encrypted or compressed by
 * another method, or libz.so.1 is missing). */
BCC_API int bccReadResource(BCCScriptRef script, const char *archivePath,
                            const char *resName, unsigned long flags);

/* Add a runtime library. Only the definitions that the script reaches are
 * linked, and they can be inlined. Any number of libraries may be added. They
 * are searched in order: the first definition of a name is used, and the
 * script's own definition comes before all others. Parameters, ownership and
 * errors as in bccReadBC(), bccReadFile() and bccReadResource().
 *
 * With BCC_LINK_WHOLE the input is not a library but an object. All of it is
 * linked, its constructors run, and its visible definitions or its metadata
 * are added to the script's exports. Names are resolved as by a native linker:
 * a strong definition overrides a weak one. Two strong definitions of a name
 * are an error, and so is a name that is thread-local in one input and not in
 * another; the prepare then fails with COMPILE_ERROR.
 *
 * With BCC_LINK_WHOLE the input may also be native code: an ELF object without
 * bitcode, for the same machine, compiled with -fPIC. One input at least must
 * be bitcode.
 *
 * The input may also be a static archive (ar) of bitcode or of such objects,
 * with or without the flag, and in bccReadBC() and bccReadFile(), too. Each
 * member is an object. It is linked if it defines a marked symbol, or a symbol
 * that is undefined in the script, the objects and the members linked so
 * far. */
BCC_API int bccLinkBC(BCCScriptRef script, const char *resName,
                      const char *bitcode, size_t bitcodeSize,
                      unsigned long flags);
BCC_API int bccLinkFile(BCCScriptRef script, const char *path,
                        unsigned long flags);
BCC_API int bccLinkResource(BCCScriptRef script, const char *archivePath,
                            const char *resName, unsigned long flags);

/* Set code that is compiled already, in place of bitcode: an oBCC file, as
 * bccPrepareSharedObjectFile() and `bcc compile` make it. A prepare as an
 * executable then loads this code and needs neither bitcode nor a compiler nor
 * a cache directory: cacheDir, cacheName and the layers are ignored, and so are
 * BCCOptions, except for trustedKeys. Nothing can be linked to the code; the
 * file names the shared libraries that it needs. A second call replaces the
 * code, as bccReadFile() does, and the other way round.
 *
 * The file must belong to the user of the process or to root, and not be
 * writable by others. With BCCOptions.trustedKeys it must be signed by one of
 * these keys instead. Bytes in memory are trusted like code of the host; with
 * trustedKeys they must be signed, too.
 *
 * Messages call the bytes name. The size bytes are *borrowed* as in
 * bccReadBC(); flags is 0 or BCC_COPY_INPUT. For a file, flags is 0. The file
 * must exist now; the prepare opens it. Errors as bccReadBC() and
 * bccReadFile(). The prepare fails with INVALID_VALUE (damaged, or no oBCC
 * file), IO_ERROR (cannot be read; not trusted), UNSUPPORTED (made for another
 * machine or by another version of the library; needs a CPU feature that this
 * CPU lacks), UNRESOLVED_SYMBOL, INVALID_OPERATION (other inputs were added;
 * BCC_REBUILD; a prepare that makes a file). bccGetReport() has the reason as a
 * code: a success counts as a hit, a failure as a miss. */
BCC_API int bccReadExecutable(BCCScriptRef script, const char *name,
                              const void *bytes, size_t size,
                              unsigned long flags);
BCC_API int bccReadExecutableFile(BCCScriptRef script, const char *path,
                                  unsigned long flags);

/* Keep the definition of name and make it available to bccGetFuncAddr() and
 * bccGetVarAddr(), whatever the metadata say. name is copied. Names that begin
 * with "bcc:" are reserved for the functions of bcc_run.h. Errors, which are
 * set on the script: INVALID_VALUE, INVALID_OPERATION (already prepared),
 * OUT_OF_MEMORY. */
BCC_API void bccMarkExternalSymbol(BCCScriptRef script, const char *name);

/* ---- Shared libraries ---- */

/* Flag of bccLinkSharedLibrary(). */
enum BCCSharedLibraryFlag {
    /* The name is that of a linker's -l option: "z" for libz.so. */
    BCC_SEARCH_LIBRARY = 1 << 9
};

/* Let the script's code use symbols of a shared library. name is a path, a
 * soname ("libz.so.1"), or, with BCC_SEARCH_LIBRARY, a name to search as a
 * linker does. Any number of libraries may be added. They are searched in
 * order, before libc except for malloc and its relatives. The compile finds out
 * which libraries the code needs and records them in the entry. A prepare opens
 * only these, with dlopen(). They stay open until the script is disposed of, or
 * longer if the script has thread-local objects.
 *
 * Errors: INVALID_VALUE (no name), INVALID_ENUM, INVALID_OPERATION (already
 * prepared), OUT_OF_MEMORY. If the library does not exist, a prepare that
 * compiles fails with IO_ERROR, and a prepare that finds no compiler with
 * UNRESOLVED_SYMBOL. */
BCC_API int bccLinkSharedLibrary(BCCScriptRef script, const char *name,
                                 unsigned long flags);

/* Search dir for shared libraries before the system's directories and before
 * directories that are added later. Errors as bccLinkSharedLibrary(). */
BCC_API int bccAddLibraryDirectory(BCCScriptRef script, const char *dir);

/* ---- Symbols ---- */

/* Return the address of an undefined symbol of the script, or NULL if the
 * callback does not know the symbol. A callback must not use the script. It is
 * called only during a prepare, once for each name. */
typedef void *(*BCCSymbolLookupFn)(void *context, const char *symbolName);

/* Register a callback that resolves imports. It is called for every import,
 * before shared libraries and the process are searched, except for libc
 * functions that compilers call by themselves, such as memcpy. NULL for fn
 * removes the callback. context is passed to fn and is *borrowed* until the
 * script is prepared. Errors: INVALID_OPERATION (already prepared). */
BCC_API int bccRegisterSymbolCallback(BCCScriptRef script, BCCSymbolLookupFn fn,
                                      void *context);

/* ---- Arguments ---- */

/* Set the argc and argv that the script's constructors receive. The default is
 * 0 and an empty list. argv[argc] must be NULL. argv is *borrowed* until the
 * script is disposed of, because constructors may keep it. Errors:
 * INVALID_VALUE, INVALID_OPERATION (already prepared). */
BCC_API int bccSetArguments(BCCScriptRef script, int argc, char **argv);

/* ---- Options ---- */

/* How to compile, and limits. Set size to sizeof(BCCOptions). Zero means the
 * default for every other field. Bytes beyond the size that this library knows
 * must be zero (INVALID_VALUE). Strings are copied. */
typedef struct BCCOptions {
    size_t size;
    const char *targetTriple; /* default: this machine */
    const char *cpu;          /* a name that LLVM knows; default "native" */
    const char *features;     /* such as "+avx2,-fma"; default none */
    int optLevel;             /* BCC_OPT_... */
    const char *compilerPath; /* of bccc; default: the environment's BCC_BCCC,
                                 then libexec/bcc/bccc near the library */
    /* Milliseconds. 0: 30 minutes; UINT32_MAX: no limit. A compile that takes
     * longer is killed. A prepare also waits no longer for another process that
     * compiles. */
    uint32_t compileTimeLimitMs;
    /* Bytes of address space for each process that compiles. 0: 16 GiB;
     * UINT64_MAX: no limit. */
    uint64_t compileMemoryLimit;
    /* Bytes of disk that the entries of a cache directory may take. Above the
     * limit, a miss starts a background process that removes the least
     * recently used entries. 0: the environment's BCC_CACHE_SIZE, else 1 GiB;
     * UINT64_MAX: no limit. */
    uint64_t cacheSizeLimit;
    /* If not NULL: use only entries that are signed by one of these Ed25519
     * public keys, each 64 hexadecimal digits, separated by commas. Nothing is
     * compiled: without such an entry the prepare fails (NO_COMPILER). Needs
     * libcrypto.so.3 at run time. */
    const char *trustedKeys;
    int tier; /* BCC_TIER_... */
    int jit;  /* BCC_JIT_... */
} BCCOptions;

/* Where a miss is compiled. */
enum BCCJit {
    /* In the process bccc: nothing that LLVM does reaches this process. */
    BCC_JIT_PROCESS = 0,
    /* In this process, which starts none: for hosts that may not. The entry is
     * the same, byte for byte. libobcc-llvm.so is opened at the first miss, in
     * the directory of bccc, and stays open; without it the prepare fails
     * (NO_COMPILER). Bitcode on which LLVM gives up is an error as usual, but
     * a crash of LLVM is a crash of the host, and inputs are not read in a
     * sandbox. The limits of time and memory do not apply. BCC_TIER_AUTO is
     * BCC_TIER_BEST. One compile runs at a time; signals, streams, environment
     * and floating-point state of the host are neither changed nor used. */
    BCC_JIT_IN_PROCESS = 1,
    /* In this process, and each function when it is first called: for large
     * scripts of which little runs. Prepared are the variables and a stub for
     * each function, which is its address; the calling thread waits while a
     * function is compiled, with some that it calls, to baseline code. Nothing
     * of it is kept: with BCC_TIER_AUTO a process in the background makes the
     * best code, and the next prepare finds that. BCC_TIER_BEST and prepares
     * that do not run the code are as with BCC_JIT_IN_PROCESS. So is the rest,
     * but for this:
     *
     *  - A script that cannot be divided is compiled to baseline code at once,
     *    and the log says why: several inputs, thread-local variables, indirect
     *    functions, assembly outside of functions, kernels, other machines than
     *    x86_64. BCCReport.lazy is 0 then.
     *  - A function whose imports are missing fails when it is called, not the
     *    prepare. A failure at a call is logged with BCC_LOG_FATAL, in the
     *    calling thread; if the callback returns, a trap ends the process.
     *  - Debug information is not used, and no debugger or profiler is told of
     *    functions.
     *  - fork() waits while another thread compiles a function. A function that
     *    is first called in a signal handler may not be compiled then, as
     *    malloc() may not be called. */
    BCC_JIT_LAZY = 2,
};

/* Tiers: how much work a compile does before the code runs. */
enum BCCTier {
    /* The library chooses. A small script is compiled to the best code at once,
     * and so is a script whose floating-point results depend on the order of
     * operations (-ffast-math). For any other script a miss makes baseline
     * code, in a fraction of the time. Then the best code is made in the
     * background, after the prepare has returned and even after this process
     * has ended; later prepares find it. Entries that are made without being
     * run, and code that no cache keeps, are the best code at once. */
    BCC_TIER_AUTO = 0,
    BCC_TIER_BEST = 1,     /* the best at once; a baseline entry is a miss */
    BCC_TIER_BASELINE = 2, /* baseline code, unless the best is there */
};

/* ORDER OPT LEVEL */
enum BCCOptLevel {
    BCC_OPT_DEFAULT = 0, /* as BCC_OPT_O3 */
    BCC_OPT_O0 = 1,
    BCC_OPT_O1 = 2,
    BCC_OPT_O2 = 3,
    BCC_OPT_O3 = 4
};

/* Set the options; NULL restores the defaults. Errors: INVALID_VALUE,
 * INVALID_OPERATION (already prepared), OUT_OF_MEMORY. */
BCC_API int bccSetOptions(BCCScriptRef script, const BCCOptions *options);

/* ---- The host's part ---- */

/* A function or variable that the script defines. */
typedef struct BCCDefinition {
    const char *name;
    void *address;
} BCCDefinition;

/* Work that a host does for the script. Set size to sizeof(BCCHost). Every
 * other field may be zero: then the host does nothing of the kind. */
typedef struct BCCHost {
    size_t size;
    void *context; /* of the functions; *borrowed* */
    /* Called in a prepare with BCC_MARKED_ONLY and BCC_DEFAULT_LIBRARIES,
     * before constructors run, with the definitions that open shared libraries
     * refer to by name. The host may bind the libraries to them; without it
     * they use their own, and the log says so. The list is borrowed for the
     * call. */
    void (*interpose)(void *context, const BCCDefinition *definitions,
                      size_t definitionCount);
    /* Called after a miss only, in place of reading the environment's
     * BCC_CACHE_SIZE. Returns bytes, as in BCCOptions.cacheSizeLimit; if that
     * is set, this is not called. */
    uint64_t (*cacheSizeLimit)(void *context);
    /* Not 0: unwinders find the image through functions of the host, such as a
     * _dl_find_object() that uses bccGetImage(). The library then does not
     * register the image's unwind table. */
    int showsImage;
    /* BCC_SHOW_... */
    unsigned shows;
    /* Called before a file is read for its SHA-1. Return 1 and fill sha1 if the
     * content is known for certain, for instance from a database of installed
     * files; else 0. entry: an entry of the archive at path, or NULL. */
    int (*knownSha1)(void *context, const char *path, const char *entry,
                     uint8_t sha1[20]);
} BCCHost;

/* Tools that get the names of a script's functions. (A debugger that is there
 * when the script is prepared gets them in any case.) Each makes the prepare
 * slower, and needs libexec/bcc/obcc-debug.so. ORDER SHOWS */
enum BCCShow {
    BCC_SHOW_DEBUGGER = 1 << 0, /* to debuggers that come later, and in core
                                   files: GDB's JIT interface */
    BCC_SHOW_PERF_MAP = 1 << 1, /* perf: /tmp/perf-PID.map. The code is copied
                                   to anonymous memory, as perf needs it */
    BCC_SHOW_JITDUMP = 1 << 2   /* perf record -k mono, perf inject --jit:
                                   jit-PID.dump in $JITDUMPDIR or /tmp */
};

/* Set the host's part. The struct is copied. Errors: INVALID_VALUE (NULL, an
 * unknown size or BCC_SHOW_...), INVALID_OPERATION (already prepared). */
BCC_API int bccSetHost(BCCScriptRef script, const BCCHost *host);

/* ---- Cache layers ---- */

/* Set the cache layers: directories, separated by ':', that
 * bccPrepareExecutable() searches in order before cacheDir. It never writes to
 * them. Typical layers are those of a vendor and of the system. Their entries
 * must pass the same checks of owner and mode as those in cacheDir. NULL, the
 * default, means the environment's BCC_CACHE_PATH, which is ignored if the
 * process has more rights than its caller (set-user-ID, for example). "" means
 * no layers. Errors: OUT_OF_MEMORY. */
BCC_API int bccSetCachePath(BCCScriptRef script, const char *path);

/* ---- A cache directory kept open ---- */

/* A cache directory that is opened once, for hosts that launch many scripts: a
 * launch then makes three system calls where it makes five. *Thread-safe*: any
 * number of scripts may use it at once. */
typedef struct BCCOpaqueCache *BCCCacheRef;

/* Keep a cache directory open; NULL if out of memory. A directory that cannot
 * be opened is no error here, as it is none for a prepare. */
BCC_API BCCCacheRef bccOpenCache(const char *cacheDir);

/* Close it; NULL is accepted. No prepare may be using it. */
BCC_API void bccCloseCache(BCCCacheRef cache);

/* Let the script's prepares use this directory if their cacheDir is NULL.
 * cache is *borrowed* until the script is prepared or disposed of; NULL, the
 * default, means no directory. Each prepare checks owner and mode of the
 * directory anew. If it was renamed, its entries are still found; if an entry
 * is not there, it is looked for, and made, in the directory that has the name
 * now. Errors: INVALID_OPERATION (already prepared). */
BCC_API int bccUseCache(BCCScriptRef script, BCCCacheRef cache);

/* ---- Logging ---- */

/* ORDER LOG LEVEL */
enum BCCLogLevel { BCC_LOG_DEBUG = 0, BCC_LOG_WARN = 1, BCC_LOG_FATAL = 2 };

/* A log callback. level is BCC_LOG_...; BCC_LOG_WARN reports a failure that the
 * library recovered from, BCC_LOG_FATAL one that ends the process when the
 * callback returns (BCC_JIT_LAZY), in any thread that runs code of the script.
 * area is "cache", "link", "load" or "compile". text is one line, formatted
 * like an error message, *borrowed* for the call. */
typedef void (*BCCLogFn)(void *context, int level, const char *area,
                         const char *text);

/* Register a log callback; NULL for fn, the default, logs nothing. context is
 * passed to fn and is *borrowed* until the script is disposed of. fn is called
 * in the thread that uses the script, and must not use the script. Never fails
 * for a script. */
BCC_API int bccSetLogCallback(BCCScriptRef script, BCCLogFn fn, void *context);

/* ---- Prepare ---- */

/* Flags of the prepare functions. */
enum BCCPrepareFlag {
    /* Also resolve imports from the process (dlsym's default search), after
     * the callback and the shared libraries. The script's shared libraries are
     * then opened with global visibility. */
    BCC_PROCESS_SYMBOLS = 1 << 1,
    /* Keep and export marked symbols only: for programs, which need only
     * "main". With BCC_DEFAULT_LIBRARIES, definitions that shared libraries
     * refer to by name are kept and exported, too, as by a native linker. The
     * libraries still use their own definitions, and the log says so. */
    BCC_MARKED_ONLY = 1 << 2,
    /* Check the whole cache entry against its checksums, code included. */
    BCC_VERIFY = 1 << 3,
    /* Do not look for an entry: compile, and replace it. */
    BCC_REBUILD = 1 << 4,
    /* Also use symbols of the libraries that C and C++ programs are linked
     * with by default (libc, mathematics, unwinding, C++), as far as the code
     * needs them. The effect is that of bccLinkSharedLibrary(), except that
     * these libraries come after all others and may be missing. */
    BCC_DEFAULT_LIBRARIES = 1 << 7,
    /* Drop the debug information of the bitcode. Otherwise it is kept in a
     * part of the entry that no launch maps; it costs compile time and disk
     * space, but no launch time. */
    BCC_STRIP_DEBUG = 1 << 8,
    /* Never compile. Without a usable entry the prepare fails with NO_COMPILER,
     * or with UNRESOLVED_SYMBOL if the entry needs a missing symbol; the
     * report gives the reason. All prepare functions then search the cache
     * layers. */
    BCC_CACHE_ONLY = 1 << 10,
    /* With BCC_CACHE_ONLY: if the entry has baseline code, and no process makes
     * the best code, start that in the background all the same. */
    BCC_BEST_LATER = 1 << 11,
    /* Round a product before it is added, on every CPU, as clang's
     * -ffp-contract=off does. Otherwise product and sum become one operation
     * with one rounding, if the front end allows that (clang's default) and the
     * CPU has such an operation. Functions with one rounding, such as fma(),
     * are not changed. */
    BCC_FP_CONTRACT_OFF = 1 << 12
};

/* Make the script's code callable. The cache entry is the file
 * <cacheDir>/<cacheName>.oBCC; a miss makes cacheDir, with mode 0700, if it
 * does not exist, but not its parent. If cacheDir is NULL, it is that of
 * bccUseCache(). If there is none, either, and no layer has cacheName, the
 * script is compiled into memory and nothing is kept; with cacheName NULL, too,
 * no layer is searched. An unusable cache (it cannot be made or written, is
 * writable by others, has a damaged entry) is never an error: the script is
 * compiled, and bccGetReport() gives the reason. If no entry can be kept, the
 * report's cache is BCC_CACHE_OFF, and the log callback gets the reason at
 * level BCC_LOG_WARN. If several processes make the same entry at the same
 * time, one compiles, and the others wait for it while it makes progress.
 *
 * Constructors of the script run before the function returns. Errors:
 * INVALID_VALUE (cacheName is NULL, empty, contains '/' or begins with '.';
 * damaged bitcode), INVALID_OPERATION (no source; already prepared),
 * INVALID_ENUM, IO_ERROR, COMPILE_ERROR, UNRESOLVED_SYMBOL, UNSUPPORTED,
 * NO_COMPILER, OUT_OF_MEMORY. */
BCC_API int bccPrepareExecutable(BCCScriptRef script, const char *cacheDir,
                                 const char *cacheName, unsigned long flags);

/* Make the cache entry without loading it, as an installer does. An unwritable
 * cache directory is an IO_ERROR here. The entry may be for another machine:
 * see BCCOptions.targetTriple. Afterwards the script may be prepared as an
 * executable, or again with other options. Other errors as
 * bccPrepareExecutable(). */
BCC_API int bccPrepareSharedObject(BCCScriptRef script, const char *cacheDir,
                                   const char *cacheName, unsigned long flags);

/* As bccPrepareSharedObject(), but for the path of the file to make: any name,
 * in any directory. The script is always compiled. An existing file is replaced
 * when the new one is complete. An input file is never overwritten, even under
 * another name (INVALID_VALUE). */
BCC_API int bccPrepareSharedObjectFile(BCCScriptRef script, const char *path,
                                       unsigned long flags);

/* ---- What a prepare looks for ----
 * For tools that explain why an entry is not a hit, and for hosts that keep
 * code elsewhere: identity and inputs together determine the code. */

/* Return the identity that an entry needs to be a hit for a prepare with these
 * flags; it covers everything but the inputs. The text is lines "name=value",
 * as in the identity section of the cache file (docs/cache-format.html). NULL
 * on failure. The script *owns* the text; it is valid until the next call of
 * this function or of a prepare. Errors: those of the arguments of a prepare;
 * OUT_OF_MEMORY. */
BCC_API const char *bccGetIdentity(BCCScriptRef script, unsigned long flags);

/* ORDER INPUT ROLE */
enum BCCInputRole {
    BCC_INPUT_SCRIPT = 0,
    BCC_INPUT_LIBRARY = 1,
    BCC_INPUT_OBJECT = 2
};

/* The identity and the state of a file. */
typedef struct BCCFileStamp {
    uint64_t device, inode, size;
    uint64_t mtimeNs, ctimeNs; /* since 1970 */
} BCCFileStamp;

/* An input of a script. Before the call set size to sizeof(BCCInput), and
 * withoutSha1 if the content is not wanted. */
typedef struct BCCInput {
    size_t size;
    const char *name;    /* path, or ARCHIVE!ENTRY, or the given name */
    const char *path;    /* of the file or the archive; NULL: bytes in memory */
    int role;            /* BCC_INPUT_... */
    int withoutSha1;     /* 1: leave sha1 as it is, and read nothing */
    unsigned long flags; /* BCC_SKIP_DEP_SHA1 or 0 */
    uint8_t sha1[20];    /* of the content */
    BCCFileStamp stamp;  /* of the file or the archive; 0: bytes in memory */
} BCCInput;

/* The number of inputs. The script's bitcode, if it is set, is number 0. 0
 * after a successful prepare as an executable. */
BCC_API size_t bccGetInputCount(BCCScriptRef script);

/* Describe input i. The first call for its SHA-1 reads all of the input. The
 * stamp was taken when the file was given, or when it was last read. The
 * strings are valid until an input is added or a prepare succeeds. Errors:
 * INVALID_VALUE (i, or size), IO_ERROR and others of reading. */
BCC_API int bccGetInput(BCCScriptRef script, size_t i, BCCInput *input);

/* Return the path of the compiler program that a miss would start, or NULL if
 * there is none (NO_COMPILER). The script *owns* the text; it is valid until
 * the next call of this function. */
BCC_API const char *bccGetCompilerPath(BCCScriptRef script);

/* ORDER REPORT CACHE. OFF: there is no usable cache, and every prepare
 * compiles; the reason is BCC_REASON_NO_CACHE if no directory was given. */
enum BCCCacheResult {
    BCC_CACHE_OFF = 0,
    BCC_CACHE_HIT = 1,
    BCC_CACHE_MISS = 2
};

/* Why there was no hit. Values never change. ORDER REASONS */
enum BCCReason {
    BCC_REASON_NONE = 0,      /* it was a hit */
    BCC_REASON_NO_CACHE = 1,  /* no cache directory was given */
    BCC_REASON_NO_ENTRY = 2,  /* no entry of that name, or no directory */
    BCC_REASON_REBUILD = 3,   /* BCC_REBUILD */
    BCC_REASON_UNTRUSTED = 4, /* another user may have written the entry */
    BCC_REASON_DAMAGED = 5,   /* the entry is damaged */
    BCC_REASON_IO = 6,        /* the operating system refused */
    BCC_REASON_NO_MEMORY = 7,
    BCC_REASON_FORMAT = 8,    /* another format version, or code that this
                                 build cannot load */
    BCC_REASON_MACHINE = 9,   /* made for another machine */
    BCC_REASON_HOST_CPU = 10, /* needs a CPU feature that this CPU lacks */
    /* The entry was made by or with another ... */
    BCC_REASON_LIBBCC = 11,   /* version of libbcc */
    BCC_REASON_LLVM = 12,     /* version of LLVM */
    BCC_REASON_TRIPLE = 13,   /* target triple */
    BCC_REASON_CPU = 14,      /* CPU name */
    BCC_REASON_FEATURES = 15, /* CPU feature list */
    BCC_REASON_OPT_LEVEL = 16,
    BCC_REASON_FLAGS = 17, /* BCC_MARKED_ONLY, BCC_DEFAULT_LIBRARIES,
                              BCC_STRIP_DEBUG or BCC_FP_CONTRACT_OFF */
    BCC_REASON_MARKS = 18, /* set of marked symbols */
    BCC_REASON_OTHER_OPTION = 19,
    BCC_REASON_INPUT_COUNT = 20, /* number of inputs */
    BCC_REASON_INPUT_KIND = 21,  /* role, resource type or BCC_SKIP_DEP_SHA1 of
                                    an input */
    BCC_REASON_SCRIPT = 22,      /* content of the script */
    BCC_REASON_LIBRARY = 23,     /* content or order of the libraries */
    BCC_REASON_UNSIGNED = 24,    /* no signature of a trusted key */
    BCC_REASON_OBJECT = 25,      /* content or order of BCC_LINK_WHOLE inputs */
    BCC_REASON_SHARED = 26,      /* shared libraries, or directories to search
                                    for them */
    BCC_REASON_UNRESOLVED = 27,  /* needs a symbol or a shared library that is
                                    missing now */
    BCC_REASON_RESOURCE = 28,    /* an input cannot be read from its archive */
    BCC_REASON_TIER = 29, /* baseline code, and BCC_TIER_BEST was asked for */
    BCC_N_REASONS
};

/* Return the name of a reason, such as "opt_level"; NULL for an unknown
 * number. The string is static. */
BCC_API const char *bccGetReasonName(int reason);

/* Stages of a prepare, the first eleven in time order. ORDER STAGES */
enum BCCStage {
    BCC_STAGE_LOOKUP,       /* find and check the entry */
    BCC_STAGE_READ,         /* compiler: parse bitcode */
    BCC_STAGE_LINK_BITCODE, /* compiler: link the runtimes */
    BCC_STAGE_OPTIMISE,     /* compiler: optimise */
    BCC_STAGE_EMIT,         /* compiler: generate code */
    BCC_STAGE_LINK_IMAGE,   /* compiler: make the image */
    BCC_STAGE_WRITE,        /* compiler: make the cache file */
    BCC_STAGE_PROCESS,      /* start and exit of the compiler process */
    BCC_STAGE_PUBLISH,      /* sync and rename */
    BCC_STAGE_LOAD,         /* map, bind, relocate, protect */
    BCC_STAGE_START,        /* constructors */
    BCC_STAGE_WAIT,         /* after lookup: another process or thread makes
                               the same entry */
    BCC_N_STAGES
};

/* What the last prepare did. Set size to sizeof(BCCReport) before the call. The
 * script *owns* the strings; they are valid until its next call. */
typedef struct BCCReport {
    size_t size;
    int cache;           /* BCC_CACHE_... */
    const char *reason;  /* why there was no hit or no cache; for a hit after
                            waiting, that it waited; else "" */
    const char *path;    /* of the entry, "" if there is none */
    uint64_t imageBytes; /* size of the native image */
    uint64_t totalNs;    /* nanoseconds of the whole prepare */
    uint64_t stageNs[BCC_N_STAGES]; /* nanoseconds of each BCC_STAGE_... */
    int reasonCode;                 /* BCC_REASON_... */
    int tier; /* of the code that was loaded, BCC_TIER_BEST or
                 BCC_TIER_BASELINE; 0: none was */
    int lazy; /* 1: functions are compiled when they are called (BCC_JIT_LAZY)
               */
} BCCReport;

/* Fill report about the last prepare. Errors: INVALID_VALUE (NULL, or size is
 * not set). */
BCC_API int bccGetReport(BCCScriptRef script, BCCReport *report);

/* ---- From baseline code to the best ----
 * The script keeps the code that it has. A host that wants the best code in
 * this process prepares a second script when it is there. */

/* Wait until the best code of a script that has baseline code is in the cache
 * directory, for at most timeoutMs milliseconds (0: only look; negative: no
 * limit). 0: it is there, or the script has it already. Errors: NOT_READY (it
 * is not there yet, or the script is not prepared; if no process makes it, this
 * returns at once). */
BCC_API int bccWaitForBest(BCCScriptRef script, int timeoutMs);

/* Return a descriptor for select() or poll(), which the caller *owns* and
 * closes. It becomes readable when another entry replaces the script's: read
 * and ignore its content, then call bccWaitForBest(script, 0). It may become
 * readable before, and never does if the compile is killed: call
 * bccWaitForBest(script, 0) once before waiting, and wait with a timeout. -1:
 * there is no entry, or the system refuses (IO_ERROR). */
BCC_API int bccGetBestDescriptor(BCCScriptRef script);

/* Create and prepare the same script once more; NULL on failure. context is
 * that of bccSwapForBest(). */
typedef BCCScriptRef (*BCCMakeScriptFn)(void *context);

/* For scripts that keep no state: if the best code is there now, replace
 * *script by a script that has it. 0: *oldScript is the replaced one; the
 * caller disposes of it when none of its code runs any more. 1: nothing was
 * changed. */
static inline int bccSwapForBest(BCCScriptRef *script, BCCMakeScriptFn make,
                                 void *context, BCCScriptRef *oldScript)
{
    BCCScriptRef best = NULL;

    if (bccWaitForBest(*script, 0) == 0)
        best = make(context);
    if (!best)
        return 1;
    *oldScript = *script;
    *script = best;
    return 0;
}

/* Return the name of a stage for printing, such as "load"; NULL for an unknown
 * number. The string is static. */
BCC_API const char *bccGetStageName(int stage);

/* Return the name of undefined symbol i, after a prepare that failed with
 * UNRESOLVED_SYMBOL and until the next call that fails; NULL if there are no
 * more. *user is a function or variable that refers to the symbol, "" if it is
 * unknown; user may be NULL. The script *owns* the strings; they are valid
 * until its next prepare. */
BCC_API const char *bccGetMissingSymbol(BCCScriptRef script, size_t i,
                                        const char **user);

/* ---- Code and data of a prepared script ---- */

/* Return the address of a function, internal functions included. If no function
 * has that name, return the address of an exported variable. NULL if the name
 * is unknown (no error), or if the script is not prepared
 * (INVALID_OPERATION). */
BCC_API void *bccGetFuncAddr(BCCScriptRef script, const char *name);

/* Return the address of a variable, internal variables included. NULL as for
 * bccGetFuncAddr(). */
BCC_API void *bccGetVarAddr(BCCScriptRef script, const char *name);

/* Where the code of a prepared script is: for debuggers, profilers, collectors
 * and unwinders. Set size to sizeof(BCCImage) before the call. */
typedef struct BCCImage {
    size_t size;
    void *base;                 /* image address 0 */
    size_t span;                /* bytes of address space from there */
    const void *programHeaders; /* of ELF, mapped */
    size_t programHeaderCount;
    /* Thread-local variables: the image's module number, greater than any of
     * the C library, or 0; the block of the calling thread, or NULL if it has
     * none yet; and the __tls_get_addr() of that module: index points to two
     * words, module and offset. */
    uintptr_t tlsModule;
    void *tlsBlock;
    void *(*tlsGetAddr)(const void *index);
} BCCImage;

/* Describe the code. Returns 1, without setting an error, if the script is not
 * prepared or size is unknown. *Thread-safe* from the start of the script's
 * constructors until the script is disposed of. */
BCC_API int bccGetImage(BCCScriptRef script, BCCImage *image);

/* Run the destructors now, as at the end of a program, but keep code and data
 * mapped. bccDisposeScript() then runs no destructors. No code of the script
 * may be running. */
BCC_API void bccStopScript(BCCScriptRef script);

/* ---- Reflection ----
 * Before a successful prepare, counts are 0, and list functions leave the
 * array unchanged and set INVALID_OPERATION. List functions copy
 * min(size, count) entries into the caller's array, where size is the capacity
 * in entries; a NULL array is ignored. The order is that of the metadata, or
 * that of definition if a script has no metadata. An export without a
 * definition keeps its place and has the address NULL. */

BCC_API size_t bccGetExportVarCount(BCCScriptRef script);
BCC_API void bccGetExportVarList(BCCScriptRef script, size_t varListSize,
                                 void **varList);
/* Name of exported variable i; NULL if i >= count. */
BCC_API const char *bccGetExportVarName(BCCScriptRef script, size_t i);

BCC_API size_t bccGetExportFuncCount(BCCScriptRef script);
BCC_API void bccGetExportFuncList(BCCScriptRef script, size_t funcListSize,
                                  void **funcList);
BCC_API const char *bccGetExportFuncName(BCCScriptRef script, size_t i);

BCC_API size_t bccGetExportForEachCount(BCCScriptRef script);
BCC_API void bccGetExportForEachList(BCCScriptRef script,
                                     size_t forEachListSize,
                                     void **forEachList);
BCC_API const char *bccGetExportForEachName(BCCScriptRef script, size_t i);
/* The kernel signature of kernel i: 0x01 in, 0x02 out, 0x04 user data, 0x08 x,
 * 0x10 y, 0x20 by value, 0x40 z, 0x100 accumulator, 0x200 work item. */
BCC_API uint32_t bccGetExportForEachSignature(BCCScriptRef script, size_t i);

BCC_API size_t bccGetPragmaCount(BCCScriptRef script);
/* Either array may be NULL. */
BCC_API void bccGetPragmaList(BCCScriptRef script, size_t pragmaListSize,
                              const char **keyList, const char **valueList);

/* A function of the code. name is valid as long as the script. */
typedef struct BCCFuncInfo {
    const char *name;
    void *addr;
    size_t size; /* bytes of code */
} BCCFuncInfo;

/* All functions of the code, internal functions included, sorted by name. */
BCC_API size_t bccGetFuncCount(BCCScriptRef script);
BCC_API void bccGetFuncInfoList(BCCScriptRef script, size_t funcInfoListSize,
                                BCCFuncInfo *funcInfoList);

/* Return a section of the cache entry of a prepared script, if the section lies
 * before the code, and its number of bytes. kind is an OBCC_... of bcc_cache.h.
 * The bytes are mapped from the file and not checked: numbers in them may lead
 * outside. NULL if there is no such section. */
BCC_API const void *bccGetSection(BCCScriptRef script, uint32_t kind,
                                  size_t *size);

/* Indexes of the exported variables that hold reference-counted objects. */
BCC_API size_t bccGetObjectSlotCount(BCCScriptRef script);
BCC_API void bccGetObjectSlotList(BCCScriptRef script,
                                  size_t objectSlotListSize,
                                  uint32_t *objectSlotList);

/* ---- Versions ---- */

/* Return the version of this library, such as "0.1.0", and of the LLVM that
 * compiles its cache entries. The strings are static. */
BCC_API const char *bccGetVersion(void);
BCC_API const char *bccGetLLVMVersion(void);

#ifdef __cplusplus
}
#endif

#endif
