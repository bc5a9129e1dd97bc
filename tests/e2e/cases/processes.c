/* Children by fork, exec, spawn, popen and system, with pipes, shared memory,
 * a file that is mapped, and code made at run time.
 *
 * STATUS: 0
 * OUTPUT:
 * exec 5
 * spawn 6
 * from popen
 * pclose 0
 * from system
 * system 7
 * killed -9
 * shared 55
 * file 7 [through]
 * code 42
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t parent;

static int end_of(pid_t child)
{
    int status = 0;

    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void run_programs(void)
{
    char *const arguments[] = {"sh", "-c", "exit $CASE", NULL};
    char *const environment[] = {"CASE=6", NULL};
    char line[64] = "";
    pid_t child;
    FILE *f;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        setenv("CASE", "5", 1);
        execv("/bin/sh", arguments);
        _exit(99);
    }
    printf("exec %d\n", end_of(child));
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environment) == 0)
        printf("spawn %d\n", end_of(child));
    f = popen("echo from popen", "r");
    if (f && fgets(line, sizeof(line), f))
        printf("%s", line);
    printf("pclose %d\n", pclose(f));
    fflush(stdout);
    printf("system %d\n", WEXITSTATUS(system("echo from system; exit 7")));
}

static void share(void)
{
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        *shared = getppid() == parent ? 55 : 66;
        raise(SIGKILL);
    }
    printf("killed %d\n", end_of(child));
    printf("shared %d\n", *shared);
}

static void map_file(void)
{
    int fd = memfd_create("case", 0);
    char *text;

    if (fd < 0 || ftruncate(fd, 8192))
        return;
    text = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    strcpy(text + 4000, "written through memory");
    msync(text, 8192, MS_SYNC);
    memset(text, 0, 10);
    lseek(fd, 4008, SEEK_SET);
    char read_back[8] = "";
    printf("file %d ", (int)read(fd, read_back, 7));
    printf("[%s]\n", read_back);
    munmap(text, 8192);
    close(fd);
}

static int run_copied_code(void)
{
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
    int (*f)(void);
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memcpy(memory, code, sizeof(code));
    mprotect(memory, 4096, PROT_READ | PROT_EXEC);
    *(void **)&f = memory;
    return f();
}

int main(void)
{
    parent = getpid();
    run_programs();
    share();
    map_file();
    printf("code %d\n", run_copied_code());
    return 0;
}
