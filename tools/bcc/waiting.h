/* A line on the terminal that says what a long launch waits for. */
#ifndef BCC_TOOL_WAITING_H
#define BCC_TOOL_WAITING_H

/* If standard error is a terminal: from one second from now on, show that the
 * file is being compiled. Ignored if it is waited for already. */
void waiting_begin(const char *path);

/* Remove the line, if it is there. Idempotent. Before any code of the program
 * runs: a thread ends here. */
void waiting_end(void);

#endif
