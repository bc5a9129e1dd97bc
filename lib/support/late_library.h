/* Functions of a shared library that few programs need. The library is loaded
 * when one of the functions is first needed, so other programs neither need the
 * library nor pay for loading it. */
#ifndef BCC_SUPPORT_LATE_LIBRARY_H
#define BCC_SUPPORT_LATE_LIBRARY_H

#include "error.h"

/* Fill ret_functions, a struct of pointers to functions seen as an array, in
 * the order of names: each of these ends in NUL, and an empty one ends the
 * list. The library stays loaded: once in a process. user says in messages who
 * needs it: "signatures". Thread-safe. UNSUPPORTED: there is no such library,
 * or it lacks one of these. */
enum status late_library_bind(const char *soname, const char *user,
                              const char *names, void **ret_functions,
                              struct error *err) MUST_CHECK;

#endif
