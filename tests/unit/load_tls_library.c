/* A shared library of the host, with a thread-local variable. */
extern _Thread_local int library_value;

_Thread_local int library_value = 21;
