/* The sandbox of a compile. It is closed as soon as everything is open that the
 * compile needs. */
#ifndef BCC_TOOLS_CAGE_H
#define BCC_TOOLS_CAGE_H

/* The walls that hold. The first one always does. */
enum {
    CAGE_OPEN = 1u << 0, /* open() of this program refuses */
    CAGE_LANDLOCK = 1u << 1,
    CAGE_SECCOMP = 1u << 2
};

/* From now on this process opens no file by name. publish_dir_fd: a directory
 * in which files may still be renamed and removed; -1: none. Returns the walls
 * that hold. */
unsigned cage_close(int publish_dir_fd);

#endif
