/* The end mark of .eh_frame, which lib/linker writes itself: the last object
 * of an image that GNU ld links. */
__asm__(".section .eh_frame,\"a\",%progbits\n\t"
        ".long 0\n\t"
        ".previous");
