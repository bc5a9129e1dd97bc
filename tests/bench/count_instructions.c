/* A plugin of QEMU 7.2 to 8.2 that counts a program's instructions:
 *   qemu-arm -plugin count_instructions.so -d plugin -D COUNT PROGRAM
 * writes their number to COUNT. QEMU's packages have no header for it: what is
 * used of qemu-plugin.h is declared here. */
#include <inttypes.h>
#include <stdio.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb; /* a translated block */
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id,
    void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block,
                                              int operation, void *variable,
                                              uint64_t value);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    void (*ended)(qemu_plugin_id_t id,
                                                  void *context),
                                    void *context);
void qemu_plugin_outs(const char *text);

/* Part of the interface. */
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
                    char **argv);

static uint64_t n_instructions;

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                             &n_instructions,
                                             qemu_plugin_tb_n_insns(block));
}

static void on_end(qemu_plugin_id_t id, void *context)
{
    char text[32];

    (void)id;
    (void)context;
    snprintf(text, sizeof(text), "%" PRIu64 "\n", n_instructions);
    qemu_plugin_outs(text);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
                        char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
