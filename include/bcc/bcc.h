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
 * The first prepare compiles, in a process of its own, and keeps the native
 * image in a cache file; every later one maps that file.
 *
 * Conventions
 *   Results    `int` functions return 0 for success and 1 for failure. A
 *              failure sets the script's error code and message.
 *   Script     Passing NULL for a script is an error: 1, 0 or NULL comes back.
 *   Ownership  A script *owns* all that it hands out; it is valid until the
 *              script is disposed of. What is passed in is *borrowed* for the
 *              call and copied if it is needed later, unless said otherwise.
 *   Order      Read and link, then prepare, then look up. After a successful
 *              prepare a script takes no more input. After a failed one it
 *              may be given more and be prepared again.
 *   Threads    Different scripts may be used from different threads at once;
 *              one script by one thread at a time. The code of a prepared
 *              script may be called from any thread.
 *              pthread_cancel() is held off until a call returns.
 *   Stack      16 KiB are enough for every call, libc and the dynamic linker
 *              included: a coroutine may call. What the script's constructors,
 *              those of shared libraries and the host's callbacks use comes on
 *              top.
 *
 * Not the iovisor BCC library of the same file name: that one's symbols begin
 * with bcc_, this one's with bcc and an upper-case letter. */
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

/* A script: bitcode, its libraries, and the code made of them. */
typedef struct BCCOpaqueScript *BCCScriptRef;

/* ---- Errors ---- */

/* Error codes. Values never change. */
enum {
    BCC_NO_ERROR = 0x0000,
    BCC_INVALID_ENUM = 0x0500,      /* unknown flag or option */
    BCC_INVALID_VALUE = 0x0501,     /* NULL or malformed argument, bad input */
    BCC_INVALID_OPERATION = 0x0502, /* not at this point of a script's life */
    BCC_OUT_OF_MEMORY = 0x0505,
    BCC_IO_ERROR = 0x0510,          /* the operating system refused */
    BCC_COMPILE_ERROR = 0x0511,     /* bitcode refused, or the compiler died */
    BCC_UNRESOLVED_SYMBOL = 0x0512, /* the message names them */
    BCC_UNSUPPORTED = 0x0513,       /* target or construct not handled */
    BCC_NO_COMPILER = 0x0514        /* a miss, and no bccc to be found, or
                                       BCC_CACHE_ONLY */
};

/* Code of the last failure; resets it to BCC_NO_ERROR. The value of NULL is
 * BCC_INVALID_VALUE. Prefer bccGetErrorMessage(). */
BCC_API BCC_DEPRECATED int bccGetError(BCCScriptRef script);

/* One line about the last failure, "" if there was none: object, place, fact.
 * Control characters of ASCII in names are '?' there, newlines included; other
 * bytes are as they were, so text for a terminal may need more. Not reset by
 * bccGetError(). Owned by the script, valid until its next call. */
BCC_API const char *bccGetErrorMessage(BCCScriptRef script);

/* ---- Life of a script ---- */

/* A new script; NULL if there is no memory. */
BCC_API BCCScriptRef bccCreateScript(void);

/* Run the code's destructors, unmap it and free everything the script owns.
 * NULL is welcome. No code of it may be running. */
BCC_API void bccDisposeScript(BCCScriptRef script);

/* ---- Input ---- */

/* Flags of the six functions that follow. */
enum {
    /* The content of this input is not part of the cache key: a change of it
     * goes unnoticed. For inputs whose version something else vouches for. */
    BCC_SKIP_DEP_SHA1 = 1 << 0,
    /* bccReadBC, bccLinkBC: the script keeps a copy of the bytes. */
    BCC_COPY_INPUT = 1 << 5,
    /* bccLinkBC, bccLinkFile, bccLinkResource: this input is part of the
     * program itself, as another object file of a native link is; see there. */
    BCC_LINK_WHOLE = 1 << 6
};

/* Set the script's bitcode: raw or in the Android wrapper (0x0B17C0DE).
 * resName names it in messages and in the cache file. bitcode is *borrowed*
 * until the script has been prepared as an executable or is disposed of, and is
 * not to be changed till then, unless BCC_COPY_INPUT is given. Again: replaces
 * the bitcode. Errors: INVALID_VALUE (NULL, empty, too short to be bitcode),
 * INVALID_OPERATION (prepared already), INVALID_ENUM (unknown flag),
 * OUT_OF_MEMORY. */
BCC_API int bccReadBC(BCCScriptRef script, const char *resName,
                      const char *bitcode, size_t bitcodeSize,
                      unsigned long flags);

/* The same from a file. It must exist now; it is opened in prepare, and only
 * if the cache does not know it by its stat signature, so a relative path must
 * still lead to it then. Also IO_ERROR. */
BCC_API int bccReadFile(BCCScriptRef script, const char *path,
                        unsigned long flags);

/* The same from an entry of a ZIP archive, which an Android package (APK) is,
 * by its full name in there. The archive is treated as bccReadFile() treats a
 * file; it is opened, and the entry unpacked, in prepare, and only if the cache
 * does not know the archive by its stat signature. An archive that was moved or
 * packed anew changes nothing as long as the entry's content is the same.
 * Stored and deflated entries; libz.so.1 is loaded to read them. Errors as
 * bccReadFile(); in prepare also INVALID_VALUE (a damaged archive), IO_ERROR
 * (no such entry) and UNSUPPORTED (encrypted or packed in another way, or no
 * libz.so.1). */
BCC_API int bccReadResource(BCCScriptRef script, const char *archivePath,
                            const char *resName, unsigned long flags);

/* Add a runtime library: only what the script reaches is linked, and inlined.
 * Any number, searched in order: the first definition of a name counts, the
 * script's own before all. Ownership and errors as in bccReadBC and its
 * like.
 *
 * With BCC_LINK_WHOLE the input is not a library but an object: all of it is
 * linked, its constructors run, and its visible definitions or its metadata
 * add to the script's exports. Names are resolved as a native linker does: a
 * weak definition gives way to a strong one; two strong ones are an error, and
 * so is a name that is thread-local in one input and not in another
 * (COMPILE_ERROR, in prepare).
 *
 * A static archive (ar) of bitcode may be given with or without the flag, and
 * to bccReadBC and bccReadFile, too. Each member is an object that is linked
 * if it defines a marked symbol, or what is undefined in the script, the
 * objects and the members linked so far. */
BCC_API int bccLinkBC(BCCScriptRef script, const char *resName,
                      const char *bitcode, size_t bitcodeSize,
                      unsigned long flags);
BCC_API int bccLinkFile(BCCScriptRef script, const char *path,
                        unsigned long flags);
BCC_API int bccLinkResource(BCCScriptRef script, const char *archivePath,
                            const char *resName, unsigned long flags);

/* Keep a definition and let it be found by name, whatever the metadata say. */
BCC_API void bccMarkExternalSymbol(BCCScriptRef script, const char *name);

/* ---- Shared libraries ---- */

/* Flag of bccLinkSharedLibrary(). */
enum {
    /* The name is what a linker has behind -l: "z" for libz.so. */
    BCC_SEARCH_LIBRARY = 1 << 9
};

/* Take symbols from this shared library, too, if the script's code needs one:
 * by path, by soname ("libz.so.1"), or as a linker finds it. Any number, asked
 * in order, and before libc but for malloc and its relatives. What the code
 * needs is found out when it is compiled and recorded in the entry; a prepare
 * opens that, with dlopen(), and no more. The libraries stay open until the
 * script is disposed of, and longer if it has thread-local objects.
 *
 * Errors: INVALID_VALUE (no name), INVALID_ENUM, INVALID_OPERATION (prepared
 * already), OUT_OF_MEMORY. A library that is not there is an IO_ERROR of the
 * prepare that compiles, and UNRESOLVED_SYMBOL of one that finds no compiler.
 */
BCC_API int bccLinkSharedLibrary(BCCScriptRef script, const char *name,
                                 unsigned long flags);

/* Look for shared libraries in this directory first, before those that were
 * added later and those of the system. Errors as above. */
BCC_API int bccAddLibraryDirectory(BCCScriptRef script, const char *dir);

/* ---- Symbols ---- */

/* Address of an undefined symbol of the script, NULL if it is not known. Must
 * not use the script. Called from within prepare only, once for each name. */
typedef void *(*BCCSymbolLookupFn)(void *context, const char *symbolName);

/* Asked for every import, before shared libraries and the process, but for
 * functions of libc that compilers call by themselves, as memcpy. fn may be
 * NULL: none. context is *borrowed* until the script is prepared. */
BCC_API int bccRegisterSymbolCallback(BCCScriptRef script, BCCSymbolLookupFn fn,
                                      void *context);

/* ---- Arguments ---- */

/* What the script's constructors get for main()'s first two parameters; 0 and
 * an empty list without it. argv[argc] is NULL; argv is *borrowed* until the
 * script is disposed of, as constructors may keep it. Errors: INVALID_VALUE,
 * INVALID_OPERATION (prepared already). */
BCC_API int bccSetArguments(BCCScriptRef script, int argc, char **argv);

/* ---- Options ---- */

/* How to compile, and with what. Zero means the default for every field; set
 * size to sizeof(BCCOptions). A set byte beyond the size that this library
 * knows is refused (INVALID_VALUE). Strings are copied. */
typedef struct BCCOptions {
    size_t size;
    const char *targetTriple; /* default: this machine */
    const char *cpu;          /* default "native"; or a name LLVM knows */
    const char *features;     /* as in "+avx2,-fma"; default none */
    int optLevel;             /* BCC_OPT_... */
    const char *compilerPath; /* of bccc; default: the environment's BCC_BCCC,
                                 then libexec/bcc/bccc near the library */
    uint32_t compileTimeLimitMs; /* then the compiler is killed, and another's
                                    compile is waited for no longer; 0: none */
    uint64_t compileMemoryLimit; /* bytes of address space, of each process
                                    that compiles; 0: none */
    /* Bytes of disk that the entries of a cache directory may take before the
     * least recently used ones are removed, in the background, after a miss.
     * 0: the environment's BCC_CACHE_SIZE, else 1 GiB; UINT64_MAX: no limit. */
    uint64_t cacheSizeLimit;
    /* Not NULL: only entries signed by one of these Ed25519 public keys are
     * used: 64 hexadecimal digits each, with commas between. Without such an
     * entry the prepare fails (NO_COMPILER); nothing is compiled. Needs
     * libcrypto.so.3 at run time. */
    const char *trustedKeys;
} BCCOptions;

/* ORDER OPT LEVEL */
enum {
    BCC_OPT_DEFAULT = 0, /* as BCC_OPT_O3 */
    BCC_OPT_O0 = 1,
    BCC_OPT_O1 = 2,
    BCC_OPT_O2 = 3,
    BCC_OPT_O3 = 4
};

/* NULL sets the defaults again. Errors: INVALID_VALUE, INVALID_OPERATION
 * (prepared already), OUT_OF_MEMORY. */
BCC_API int bccSetOptions(BCCScriptRef script, const BCCOptions *options);

/* ---- The host's part ---- */

/* A function or variable that the script defines. */
typedef struct BCCDefinition {
    const char *name;
    void *address;
} BCCDefinition;

/* What a host does itself for the script. Zero means nothing, for every field;
 * set size to sizeof(BCCHost). */
typedef struct BCCHost {
    size_t size;
    void *context; /* of the two functions; *borrowed* */
    /* Called in a prepare with BCC_MARKED_ONLY and BCC_DEFAULT_LIBRARIES,
     * before constructors run, with the definitions that open shared libraries
     * refer to by name. The host may bind the libraries to them; without it
     * they use their own, and the log says so. The list is borrowed for the
     * call. */
    void (*interpose)(void *context, const BCCDefinition *definitions,
                      size_t definitionCount);
    /* Asked in place of the environment's BCC_CACHE_SIZE, after a miss only:
     * bytes, as in BCCOptions.cacheSizeLimit, which goes before. */
    uint64_t (*cacheSizeLimit)(void *context);
    /* Not 0: unwinders find the image by functions of the host, as a
     * _dl_find_object() that makes use of bccGetImage(). The library then does
     * not register its unwind table. */
    int showsImage;
} BCCHost;

/* The struct is copied. Errors: INVALID_VALUE, INVALID_OPERATION (prepared
 * already). */
BCC_API int bccSetHost(BCCScriptRef script, const BCCHost *host);

/* ---- Cache layers ---- */

/* Directories that bccPrepareExecutable() searches for the entry, in order,
 * before cacheDir, and never writes to, separated by ':': those of a vendor
 * and of the system. What they hold must be as trustworthy as in cacheDir.
 * NULL, the default: the environment's BCC_CACHE_PATH, unless the process runs
 * with rights that its caller lacks. "": none. Errors: OUT_OF_MEMORY. */
BCC_API int bccSetCachePath(BCCScriptRef script, const char *path);

/* ---- Logging ---- */

/* ORDER LOG LEVEL */
enum { BCC_LOG_DEBUG = 0, BCC_LOG_WARN = 1 };

/* Told what the library does and survives; silent by default. area is one of
 * "cache", "link", "load", "compile". text is one line, as an error message is,
 * and borrowed for the call. */
typedef void (*BCCLogFn)(void *context, int level, const char *area,
                         const char *text);

BCC_API int bccSetLogCallback(BCCScriptRef script, BCCLogFn fn, void *context);

/* ---- Prepare ---- */

/* Flags of the prepare functions. */
enum {
    /* Symbols of the process (dlsym's default search) are visible too, after
     * the callback and the shared libraries; and these are opened for the
     * process. */
    BCC_PROCESS_SYMBOLS = 1 << 1,
    /* Only marked symbols are kept, no other is exported: for programs, where
     * "main" is all that is needed. With BCC_DEFAULT_LIBRARIES, definitions
     * that shared libraries refer to by name are, too, as a linker exports
     * them; the libraries use their own all the same, and the log says so. */
    BCC_MARKED_ONLY = 1 << 2,
    /* Check the whole cache entry against its checksums, code included. */
    BCC_VERIFY = 1 << 3,
    /* Do not look for an entry: compile, and replace it. */
    BCC_REBUILD = 1 << 4,
    /* Take symbols from the libraries that programs in C and C++ are linked
     * with, too: mathematics, unwinding, C++; those that the code needs. As if
     * bccLinkSharedLibrary() had been told, but behind libc, and one that is
     * not there is no error. */
    BCC_DEFAULT_LIBRARIES = 1 << 7,
    /* Drop the debug information of the bitcode. It is kept otherwise, in a
     * part of the entry that is not mapped: it costs compile time and space,
     * and nothing later. */
    BCC_STRIP_DEBUG = 1 << 8,
    /* Do not compile: without a good entry the prepare fails (NO_COMPILER, or
     * UNRESOLVED_SYMBOL if the entry needs what is not there), and the report
     * says why there is none. Layers are searched by any prepare then. */
    BCC_CACHE_ONLY = 1 << 10
};

/* Make the script's code callable. The entry is the file
 * <cacheDir>/<cacheName>.oBCC; cacheDir must exist. With cacheDir NULL nothing
 * is kept: compiled into memory, if no layer has cacheName (NULL: none is
 * searched). A cache that cannot be used (missing, unwritable, writable by
 * others, damaged entry) is never an error: the script is compiled, and
 * bccGetReport() says why. Where others make the same entry at this moment,
 * one compiles, and the rest wait for it as long as it gets on.
 *
 * Constructors of the script run before this returns. Errors: INVALID_VALUE
 * (cacheName NULL, empty, with '/' or a leading '.'; damaged bitcode),
 * INVALID_OPERATION (no source; prepared already), INVALID_ENUM, IO_ERROR,
 * COMPILE_ERROR, UNRESOLVED_SYMBOL, UNSUPPORTED, NO_COMPILER, OUT_OF_MEMORY. */
BCC_API int bccPrepareExecutable(BCCScriptRef script, const char *cacheDir,
                                 const char *cacheName, unsigned long flags);

/* Make the cache entry and load nothing: what an installer does. Here the
 * cache is the purpose, so one that cannot be written is an IO_ERROR. For
 * another machine too: see BCCOptions.targetTriple. The script may then be
 * prepared as an executable, or once more with other options. */
BCC_API int bccPrepareSharedObject(BCCScriptRef script, const char *cacheDir,
                                   const char *cacheName, unsigned long flags);

/* The same with the path of the file to make: any name, in any directory. It
 * is always compiled, and replaces what was there once it is whole; but never
 * an input, by whatever name (INVALID_VALUE). */
BCC_API int bccPrepareSharedObjectFile(BCCScriptRef script, const char *path,
                                       unsigned long flags);

/* ORDER REPORT CACHE */
enum { BCC_CACHE_OFF = 0, BCC_CACHE_HIT = 1, BCC_CACHE_MISS = 2 };

/* Why there was no hit. Values never change. ORDER REASONS */
enum {
    BCC_REASON_NONE = 0,      /* it was a hit */
    BCC_REASON_NO_CACHE = 1,  /* no cache directory was given */
    BCC_REASON_NO_ENTRY = 2,  /* no entry of that name, or no directory */
    BCC_REASON_REBUILD = 3,   /* BCC_REBUILD */
    BCC_REASON_UNTRUSTED = 4, /* entry or directory may be another's */
    BCC_REASON_DAMAGED = 5,   /* the entry is not whole */
    BCC_REASON_IO = 6,        /* the operating system refused */
    BCC_REASON_NO_MEMORY = 7,
    BCC_REASON_FORMAT = 8,    /* of another version of the format, or with code
                                 that this build cannot load */
    BCC_REASON_MACHINE = 9,   /* made for another machine */
    BCC_REASON_HOST_CPU = 10, /* needs what this CPU lacks */
    /* The entry was made by or with another ... */
    BCC_REASON_LIBBCC = 11,   /* version of libbcc */
    BCC_REASON_LLVM = 12,     /* version of LLVM */
    BCC_REASON_TRIPLE = 13,   /* target triple */
    BCC_REASON_CPU = 14,      /* CPU name */
    BCC_REASON_FEATURES = 15, /* CPU feature list */
    BCC_REASON_OPT_LEVEL = 16,
    BCC_REASON_FLAGS = 17, /* BCC_MARKED_ONLY, BCC_DEFAULT_LIBRARIES or
                              BCC_STRIP_DEBUG */
    BCC_REASON_MARKS = 18, /* set of marked symbols */
    BCC_REASON_OTHER_OPTION = 19,
    BCC_REASON_INPUT_COUNT = 20, /* number of inputs */
    BCC_REASON_INPUT_KIND = 21,  /* role or resource type of an input, or
                                    BCC_SKIP_DEP_SHA1 of it */
    BCC_REASON_SCRIPT = 22,      /* content of the script */
    BCC_REASON_LIBRARY = 23,     /* content or order of the libraries */
    BCC_REASON_UNSIGNED = 24,    /* no signature of a trusted key */
    BCC_REASON_OBJECT = 25,      /* content or order of what is linked whole */
    BCC_REASON_SHARED = 26,      /* set of shared libraries or of directories
                                    where these are looked for */
    BCC_REASON_UNRESOLVED = 27,  /* needs a symbol or a shared library that is
                                    not there now */
    BCC_REASON_RESOURCE = 28,    /* an input cannot be read from its archive */
    BCC_N_REASONS
};

/* Word for a reason, "opt_level"; NULL if it does not exist. */
BCC_API const char *bccGetReasonName(int reason);

/* Stages of a prepare, the first eleven in time order. ORDER STAGES */
enum {
    BCC_STAGE_LOOKUP,       /* find and check the entry */
    BCC_STAGE_READ,         /* compiler: parse bitcode */
    BCC_STAGE_LINK_BITCODE, /* compiler: link the runtimes */
    BCC_STAGE_OPTIMISE,     /* compiler: optimise */
    BCC_STAGE_EMIT,         /* compiler: generate code */
    BCC_STAGE_LINK_IMAGE,   /* compiler: make the image */
    BCC_STAGE_WRITE,        /* compiler: make the cache file */
    BCC_STAGE_PROCESS,      /* start and end of the compiler process */
    BCC_STAGE_PUBLISH,      /* sync and rename */
    BCC_STAGE_LOAD,         /* map, bind, relocate, protect */
    BCC_STAGE_START,        /* constructors */
    BCC_STAGE_WAIT,         /* after lookup: another makes this very entry */
    BCC_N_STAGES
};

/* What the last prepare did. Set size to sizeof(BCCReport) before the call.
 * Strings are owned by the script, valid until its next call. */
typedef struct BCCReport {
    size_t size;
    int cache;           /* BCC_CACHE_... */
    const char *reason;  /* why not a hit, or why there is no cache; of a hit
                            that came about while waiting, that; else "" */
    const char *path;    /* of the entry, "" if there is none */
    uint64_t imageBytes; /* of the native image */
    uint64_t totalNs;
    uint64_t stageNs[BCC_N_STAGES];
    int reasonCode; /* BCC_REASON_... */
} BCCReport;

BCC_API int bccGetReport(BCCScriptRef script, BCCReport *report);

/* Name of a stage for printing, "load"; NULL if it does not exist. */
BCC_API const char *bccGetStageName(int stage);

/* Name of undefined symbol i, after a prepare that failed with
 * UNRESOLVED_SYMBOL and until the next call that fails; NULL if there are no
 * more. *user is a function or variable that refers to it, "" if that is not
 * known; user may be NULL. Owned by the script, valid until its next prepare.
 */
BCC_API const char *bccGetMissingSymbol(BCCScriptRef script, size_t i,
                                        const char **user);

/* ---- Code and data of a prepared script ---- */

/* Entry address of a function, internal ones included; of an exported
 * variable if no function has that name. NULL if it is unknown (no error), or
 * if the script is not prepared (INVALID_OPERATION). */
BCC_API void *bccGetFuncAddr(BCCScriptRef script, const char *name);

/* Address of a variable, internal ones included. NULL as above. */
BCC_API void *bccGetVarAddr(BCCScriptRef script, const char *name);

/* Where the code of a prepared script is: for debuggers, profilers, collectors
 * and unwinders. Set size to sizeof(BCCImage) before the call. */
typedef struct BCCImage {
    size_t size;
    void *base;                 /* image address 0 */
    size_t span;                /* bytes of address space from there */
    const void *programHeaders; /* of ELF, mapped */
    size_t programHeaderCount;
    /* Thread-local variables: the module word of the image, greater than any
     * number that the C library gives, or 0; the block of the calling thread,
     * NULL if it has none yet; and what __tls_get_addr() is for that module:
     * index points to two words, module and offset. */
    uintptr_t tlsModule;
    void *tlsBlock;
    void *(*tlsGetAddr)(const void *index);
} BCCImage;

/* 1, and no error is set: the script is not prepared, or size is another.
 * Thread-safe, from the end of the prepare, or the first constructor, until the
 * script is disposed of. */
BCC_API int bccGetImage(BCCScriptRef script, BCCImage *image);

/* Run the destructors now, as at the end of a program, and leave code and data
 * where they are. bccDisposeScript() then runs none. No code of the script may
 * be running. */
BCC_API void bccStopScript(BCCScriptRef script);

/* ---- Reflection ----
 * Counts are 0 and lists untouched before a successful prepare; a list
 * function then also sets INVALID_OPERATION. Lists copy min(size, count)
 * entries; a NULL array is ignored. Order is that of the metadata, or of
 * definition where a script has none. An export that is not in the code has a
 * NULL address and keeps its place. */

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
/* Signature bits of kernel i: 0x01 in, 0x02 out, 0x04 user data, 0x08 x,
 * 0x10 y, 0x20 by value. */
BCC_API uint32_t bccGetExportForEachSignature(BCCScriptRef script, size_t i);

BCC_API size_t bccGetPragmaCount(BCCScriptRef script);
/* Either array may be NULL. */
BCC_API void bccGetPragmaList(BCCScriptRef script, size_t pragmaListSize,
                              const char **keyList, const char **valueList);

typedef struct BCCFuncInfo {
    const char *name;
    void *addr;
    size_t size; /* bytes of code */
} BCCFuncInfo;

/* Every function of the code, internal ones too, sorted by name. */
BCC_API size_t bccGetFuncCount(BCCScriptRef script);
BCC_API void bccGetFuncInfoList(BCCScriptRef script, size_t funcInfoListSize,
                                BCCFuncInfo *funcInfoList);

/* Indexes of the exported variables that hold reference-counted objects. */
BCC_API size_t bccGetObjectSlotCount(BCCScriptRef script);
BCC_API void bccGetObjectSlotList(BCCScriptRef script,
                                  size_t objectSlotListSize,
                                  uint32_t *objectSlotList);

/* ---- Versions ---- */

/* Of this library, "0.1.0", and of the LLVM its caches are compiled with. */
BCC_API const char *bccGetVersion(void);
BCC_API const char *bccGetLLVMVersion(void);

#ifdef __cplusplus
}
#endif

#endif
