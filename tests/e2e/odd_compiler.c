/* A compiler process for test_api_process.c. The name by which it is started
 * says what it does; what it finds out goes to a file of that path with
 * ".facts" behind it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "request.h"

extern char **environ;

/* ---- Facts ---- */

static FILE *facts_of(const char *self)
{
    char path[4096];
    FILE *facts;

    snprintf(path, sizeof(path), "%s.facts", self);
    facts = fopen(path, "we");
    if (!facts)
        exit(3);
    return facts;
}

static void list_descriptors(FILE *facts)
{
    DIR *directory = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        const int fd = atoi(entry->d_name);
        char name[4096];
        ssize_t size =
            readlinkat(dirfd(directory), entry->d_name, name, sizeof(name) - 1);

        if (size < 0 || fd == dirfd(directory) || fd == fileno(facts))
            continue;
        name[size] = '\0';
        fprintf(facts, "fd %d %s\n", fd, name);
    }
    if (directory)
        closedir(directory);
}

static void list_signals(FILE *facts)
{
    struct sigaction action;
    sigset_t blocked;

    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < NSIG; number++) {
        if (sigismember(&blocked, number) == 1)
            fprintf(facts, "blocked %d\n", number);
        if (sigaction(number, NULL, &action) == 0 &&
            action.sa_handler != SIG_DFL)
            fprintf(facts, "handled %d\n", number);
    }
}

static int tell(const char *self, int argc, char **argv)
{
    FILE *facts = facts_of(self);

    for (int i = 1; i < argc; i++)
        fprintf(facts, "argument %s\n", argv[i]);
    fprintf(facts, "group %s\n", getpgrp() == getpid() ? "own" : "inherited");
    list_descriptors(facts);
    list_signals(facts);
    for (char **variable = environ; *variable; variable++)
        fprintf(facts, "variable %s\n", *variable);
    return fclose(facts);
}

/* ---- Answers ---- */

/* Sends the first `size` bytes of a reply. */
static int answer(const struct reply *reply, size_t size)
{
    return pwrite(REQUEST_REPLY_FD, reply, size, 0) != (ssize_t)size;
}

static int answer_with(const char *self)
{
    struct reply reply = {.magic = REPLY_MAGIC,
                          .status = STATUS_UNSUPPORTED,
                          .message = "so the compiler says"};

    if (strcmp(self, "cut") == 0)
        return answer(&reply, sizeof(reply) - 1);
    if (strcmp(self, "magic") == 0)
        reply.magic++;
    else if (strcmp(self, "endless") == 0)
        memset(reply.message, 'x', sizeof(reply.message));
    else if (strcmp(self, "lines") == 0)
        strcpy(reply.message, "one\ntwo\033[2Jthree");
    else if (strcmp(self, "strange") == 0)
        reply.status = 77;
    else if (strcmp(self, "success") == 0)
        reply.status = STATUS_OK;
    return answer(&reply, sizeof(reply));
}

/* ---- A compiler with a child ---- */

static int compile(int argc, char **argv)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        argv[0] = (char *)BCCC;
        execv(BCCC, argv);
        _exit(127);
    }
    (void)argc;
    if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
        return 1;
    return WEXITSTATUS(status);
}

static const char *error_name(bool succeeded)
{
    return succeeded ? "none" : strerrorname_np(errno);
}

/* Wait until the test has made the file "go", then try to change the code. */
static void change_later(const char *self)
{
    char path[4096];
    FILE *facts;

    snprintf(path, sizeof(path), "%s.go", self);
    for (int i = 0; access(path, F_OK) != 0 && i < 3000; i++)
        usleep(10000);
    facts = facts_of(self);
    fprintf(facts, "write %s\n",
            error_name(pwrite(REQUEST_OUTPUT_FD, "x", 1, 5000) == 1));
    fprintf(facts, "grow %s\n",
            error_name(ftruncate(REQUEST_OUTPUT_FD, 1 << 24) == 0));
    fprintf(facts, "shrink %s\n",
            error_name(ftruncate(REQUEST_OUTPUT_FD, 0) == 0));
    fclose(facts);
    snprintf(path, sizeof(path), "%s.done", self);
    creat(path, 0600);
}

static int compile_and_stay(const char *self, int argc, char **argv)
{
    const int status = compile(argc, argv);

    if (status == 0 && fork() == 0) {
        setsid();
        change_later(self);
        _exit(0);
    }
    return status;
}

/* ---- A request that was changed on its way ---- */

/* The real compiler, with the byte after this text of the request raised by
 * one: another version, another size. */
static int compile_changed(const char *text, char **argv)
{
    static char message[1 << 16];
    ssize_t size = pread(REQUEST_FD, message, sizeof(message), 0);
    char *at =
        size > 0 ? memmem(message, (size_t)size, text, strlen(text)) : NULL;

    if (!at)
        return 3;
    at += strlen(text);
    ++*at;
    if (pwrite(REQUEST_FD, message, (size_t)size, 0) != size)
        return 3;
    argv[0] = (char *)BCCC;
    execv(BCCC, argv);
    return 127;
}

int main(int argc, char **argv)
{
    const char *self = argv[0];
    const char *name = strrchr(self, '/');

    name = name ? name + 1 : self;
    if (strcmp(name, "tell") == 0)
        return tell(self, argc, argv);
    if (strcmp(name, "stay") == 0)
        return compile_and_stay(self, argc, argv);
    if (strcmp(name, "version") == 0)
        return compile_changed("libbcc=", argv);
    if (strcmp(name, "llvm") == 0)
        return compile_changed("llvm=", argv);
    if (strcmp(name, "format") == 0)
        return compile_changed("format=", argv);
    if (strcmp(name, "size") == 0)
        return compile_changed("input=script file - ", argv);
    return answer_with(name);
}
