/* A client of iovisor's BCC, whose library is libbcc.so.0. Its headers are in
 * another package; the declaration below stands in for them. */

extern int bcc_elf_is_exe(const char *path);

int main(void)
{
    return bcc_elf_is_exe("/proc/self/exe") == -1;
}
