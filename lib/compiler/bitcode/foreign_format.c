/* Binary formats are known by their first bytes, source text by the end of the
 * file's name, or by how its first line that is not empty begins. */
#include "read.h"

#include <elf.h>
#include <string.h>

#define C_SOURCE                                                               \
    "C or C++ source: compile it with 'clang -O2 -c -emit-llvm', then give "   \
    "the .bc file"
#define RUST_SOURCE                                                            \
    "Rust source: compile it with 'rustc -O --emit=llvm-bc', then give the "   \
    ".bc file"
#define FORTRAN_SOURCE                                                         \
    "Fortran source: compile it with 'flang -O2 -c -emit-llvm', then give "    \
    "the .bc file"
#define D_SOURCE                                                               \
    "D source: compile it with 'ldc2 -O --output-bc', then give the .bc file"
#define OPENCL_SOURCE                                                          \
    "OpenCL C source: compile it with 'clang -x cl -cl-std=CL1.2 -Xclang "     \
    "-finclude-default-header -O2 -c -emit-llvm', then give the .bc file"
#define ASSEMBLY   "assembly of a machine: only LLVM's own can be compiled"
#define COMPRESSED "a compressed file: unpack it first"

/* ---- First bytes ---- */

struct magic {
    char bytes[9]; /* without the NUL */
    const char *what;
};

static const struct magic magics[] = {
    {"oBCC", "a compiled file of this engine, not bitcode"},
    {"PK\3\4", "a ZIP archive: name the file in it, as in ARCHIVE!FILE"},
    {"\x1f\x8b", COMPRESSED},
    {"\x28\xb5\x2f\xfd", COMPRESSED},
    {"\xfd"
     "7zXZ",
     COMPRESSED},
    {"BZh", COMPRESSED},
    {"\3\2\x23\7", "SPIR-V: translate it to bitcode first, with llvm-spirv -r"},
    {"CPCH", "a precompiled header of clang, not bitcode"},
    {"MZ", "a program or library of Windows, not bitcode"},
    {"\xcf\xfa\xed\xfe", "an object or program of macOS, not bitcode"},
    {"\xca\xfe\xba\xbe", "a universal binary of macOS or a Java class, not "
                         "bitcode"},
};

static const char *known_magic(struct span bytes)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        size_t size = strlen(magics[i].bytes);
        if (bytes.size >= size &&
            memcmp(bytes.data, magics[i].bytes, size) == 0)
            return magics[i].what;
    }
    if (bytes.size >= 8 && memcmp(bytes.data, "\0asm", 4) == 0)
        return "WebAssembly, not bitcode";
    return NULL;
}

/* gABI, chapter 4, "ELF Header": e_type of a little-endian file. */
static const char *elf_kind(struct span bytes)
{
    const char *what =
        "an ELF object, not bitcode: compile with -emit-llvm instead, add "
        "-fembed-bitcode, or link it to bitcode with --link";

    if (bytes.size < EI_NIDENT + 2 || memcmp(bytes.data, ELFMAG, SELFMAG) != 0)
        return NULL;
    if (bytes.data[EI_NIDENT] == ET_EXEC || bytes.data[EI_NIDENT] == ET_DYN)
        what = "a linked ELF program or library, not bitcode: compile its "
               "sources with -emit-llvm, or name a shared library with -l";
    return what;
}

/* ---- Source text ---- */

struct ending {
    char text[6];
    const char *what;
};

static const struct ending endings[] = {
    {".c", C_SOURCE},
    {".h", C_SOURCE},
    {".cc", C_SOURCE},
    {".cpp", C_SOURCE},
    {".cxx", C_SOURCE},
    {".hpp", C_SOURCE},
    {".C", C_SOURCE},
    {".rs", RUST_SOURCE},
    {".f90", FORTRAN_SOURCE},
    {".f", FORTRAN_SOURCE},
    {".F90", FORTRAN_SOURCE},
    {".d", D_SOURCE},
    {".cl", OPENCL_SOURCE},
    {".s", ASSEMBLY},
    {".S", ASSEMBLY},
    {".zig", "Zig source: compile it to bitcode first"},
    {".py", "Python source, not bitcode"},
};

static const char *known_ending(const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t end = strlen(endings[i].text);
        if (size > end && strcmp(name + size - end, endings[i].text) == 0)
            return endings[i].what;
    }
    return NULL;
}

/* Beginnings of lines of C that no line of LLVM's assembly has. */
static const char *const c_beginnings[] = {
    "#include", "#define", "#pragma",    "#if",      "//",       "/*",
    "int ",     "void ",   "static ",    "extern ",  "typedef ", "struct ",
    "using ",   "class ",  "namespace ", "template",
};

static const char *known_beginning(struct span text)
{
    size_t at = 0;

    while (at < text.size && strchr(" \t\r\n", text.data[at]))
        at++;
    if (text.size - at >= 2 && memcmp(text.data + at, "#!", 2) == 0)
        return "a script of an interpreter, not bitcode";
    for (size_t i = 0; i < sizeof(c_beginnings) / sizeof(c_beginnings[0]);
         i++) {
        size_t size = strlen(c_beginnings[i]);
        if (text.size - at >= size &&
            memcmp(text.data + at, c_beginnings[i], size) == 0)
            return C_SOURCE;
    }
    return NULL;
}

const char *foreign_format(struct span bytes, const char *name)
{
    const char *what = elf_kind(bytes);

    if (!what)
        what = known_magic(bytes);
    if (!what)
        what = known_ending(name);
    return what ? what : known_beginning(bytes);
}
