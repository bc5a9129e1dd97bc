/* The commands; each takes its own name as argv[0], returns an exit status. */
#ifndef BCC_TOOL_COMMANDS_H
#define BCC_TOOL_COMMANDS_H

int cmd_run(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_precompile(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_cache(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_verify(int argc, char **argv);

#endif
