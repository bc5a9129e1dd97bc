/* docs/coverage.html against the linker, the loader and the tests.
 *
 * A row of the page is one line:
 *     <tr data-link="R_X86_64_PC32" data-handled="yes">… <td class="tests">
 *     <code>test</code>, …</td></tr>
 * with data-link, data-load, data-symbol or data-tls, and ends with the tests
 * that show what it says. Test names are those of functions in tests/unit,
 * and of CTest for e2e_case_NAME and e2e_cli_NAME. */
#include <glob.h>
#include <stdlib.h>

#include "buffer.h"
#include "coverage_loader.h"
#include "link_machines.h"

#include "reloc.h"

enum { N_NUMBERS = 2048 }; /* more than any machine has */

static const struct {
    const struct link_machine *machine;
    const struct foreign *foreign;
} linked[] = {
    {&link_machine_x86_64, NULL},
    {&link_machine_aarch64, &foreign_aarch64},
    {&link_machine_arm, &foreign_arm},
    {&link_machine_riscv64, &foreign_riscv64},
};

enum { N_LINKED = sizeof(linked) / sizeof(linked[0]) };

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    struct buffer text;
    char part[65536];
    size_t size;

    buffer_init(&text);
    if (!file)
        fail_msg("%s cannot be read", path);
    while ((size = fread(part, 1, sizeof(part), file)) > 0)
        buffer_append(&text, part, size);
    fclose(file);
    buffer_append(&text, "", 1);
    assert_false(buffer_failed(&text));
    return (char *)text.data;
}

/* ---- Rows ---- */

/* The row's line, NULL if there is none; there must not be two. */
static char *find_row(const char *page, const char *kind, const char *name)
{
    char start[256];
    const char *at, *end;

    snprintf(start, sizeof(start), "<tr data-%s=\"%s\" ", kind, name);
    at = strstr(page, start);
    if (!at)
        return NULL;
    if (strstr(at + 1, start))
        fail_msg("coverage.html: two rows of %s", name);
    end = strchr(at, '\n');
    assert_non_null(end);
    return strndup(at, (size_t)(end - at));
}

static void check_row(const char *page, const char *kind, const char *name,
                      bool handled)
{
    char *row = find_row(page, kind, name);

    if (!row)
        fail_msg("coverage.html: no row of %s", name);
    if (!strstr(row, handled ? "data-handled=\"yes\"" : "data-handled=\"no\""))
        fail_msg("coverage.html: %s is %s", name,
                 handled ? "handled" : "not handled");
    free(row);
}

static size_t count_rows(const char *page, const char *kind)
{
    char start[64];
    size_t n = 0;

    snprintf(start, sizeof(start), "<tr data-%s=\"", kind);
    for (const char *at = page; (at = strstr(at, start)); at++)
        n++;
    return n;
}

/* ---- The code ---- */

static size_t check_machine(const char *page,
                            const struct link_machine *machine)
{
    size_t n = 0;

    for (uint32_t i = 0; i < N_NUMBERS; i++) {
        const struct reloc_type *type = machine->type(i);

        if (!type)
            continue;
        check_row(page, "link", type->name, type->subject != RELOC_REFUSED);
        n++;
    }
    return n;
}

static void says_of_each_relocation_what_the_linker_does(void **state)
{
    char *page = read_text(COVERAGE_PAGE);
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < N_LINKED; i++)
        n += check_machine(page, linked[i].machine);
    assert_int_equal(count_rows(page, "link"), n);
    free(page);
}

static void says_of_each_relocation_what_the_loader_does(void **state)
{
    char *page = read_text(COVERAGE_PAGE);
    size_t n = 0;

    (void)state;
    for (uint32_t i = 0; i < N_NUMBERS; i++) {
        const enum loader_answer answer = loader_answers(i);

        if (answer == LOADER_DOES_NOT_KNOW)
            continue;
        check_row(page, "load", link_machine_x86_64.type(i)->name,
                  answer == LOADER_HANDLES);
        n++;
    }
    assert_int_equal(count_rows(page, "load"), n);
    free(page);
}

/* An object with a relocation of this number at .data+0x8. */
static void refer_wide(struct fixture *f, uint32_t number)
{
    Elf64_Rela *rela;

    fixture_assemble(f, "a.o", ".data\n.quad 0, outside, 0\n");
    rela = (void *)(fixture_input_bytes(f, 0) +
                    fixture_input_section(f, 0, ".rela.data")->sh_offset);
    rela->r_info = ELF64_R_INFO(ELF64_R_SYM(rela->r_info), number);
}

static void refer_narrow(struct fixture *f, uint32_t number)
{
    Elf32_Rel *rel;

    fixture_assemble(f, "a.o", ".data\n.long 0, 0, outside, 0\n");
    rel = (void *)(fixture_input_bytes(f, 0) +
                   fixture_narrow_input_section(f, 0, ".rel.data")->sh_offset);
    rel->r_info = ELF32_R_INFO(ELF32_R_SYM(rel->r_info), number);
}

static void check_refusal(const struct link_machine *machine,
                          const struct foreign *foreign, uint32_t number)
{
    const struct reloc_type *type = machine->type(number);
    void *state = NULL;
    struct fixture *f;
    char message[128];

    assert_int_equal(fixture_setup(&state), 0);
    f = state;
    f->foreign = foreign;
    if (machine->row->address_size == 8)
        refer_wide(f, number);
    else
        refer_narrow(f, number);
    snprintf(message, sizeof(message), "a.o: .data+0x8: %s against 'outside'",
             type->name);
    fixture_refused(f, STATUS_UNSUPPORTED, message, type->why_refused);
    fixture_teardown(&state);
}

static size_t check_refusals(const struct link_machine *machine,
                             const struct foreign *foreign)
{
    size_t n = 0;

    if (foreign && !*LINK_TEST_CLANG)
        return 1;
    for (uint32_t i = 0; i < N_NUMBERS; i++) {
        const struct reloc_type *type = machine->type(i);

        if (!type || type->subject != RELOC_REFUSED)
            continue;
        check_refusal(machine, foreign, i);
        n++;
    }
    return n;
}

static void refuses_each_type_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_LINKED; i++)
        assert_int_not_equal(
            check_refusals(linked[i].machine, linked[i].foreign), 0);
}

/* ---- The tests ---- */

/* All of tests/unit, for one search. */
static char *read_unit_tests(void)
{
    struct buffer all;
    glob_t files;

    buffer_init(&all);
    assert_int_equal(glob(TESTS_DIR "/unit/*.c", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *text = read_text(files.gl_pathv[i]);
        buffer_append(&all, text, strlen(text));
        free(text);
    }
    globfree(&files);
    buffer_append(&all, "", 1);
    assert_false(buffer_failed(&all));
    return (char *)all.data;
}

static bool has_case(const char *name)
{
    char pattern[512];
    glob_t files;
    int found;

    snprintf(pattern, sizeof(pattern), TESTS_DIR "/e2e/cases/%s.*", name);
    found = glob(pattern, 0, NULL, &files);
    if (found == 0)
        globfree(&files);
    return found == 0;
}

static bool test_exists(const char *name, const char *unit, const char *cli)
{
    static const char case_prefix[] = "e2e_case_", cli_prefix[] = "e2e_cli_";
    char definition[256];

    if (strncmp(name, case_prefix, strlen(case_prefix)) == 0)
        return has_case(name + strlen(case_prefix));
    if (strncmp(name, cli_prefix, strlen(cli_prefix)) == 0) {
        snprintf(definition, sizeof(definition), "\ntest_%s() {\n",
                 name + strlen(cli_prefix));
        return strstr(cli, definition) != NULL;
    }
    snprintf(definition, sizeof(definition), "%s(void **state)\n", name);
    return strstr(unit, definition) != NULL;
}

/* The tests of one row; returns how many. */
static size_t check_tests(char *row, const char *unit, const char *cli)
{
    static const char open[] = "<code>";
    char *at = strstr(row, "<td class=\"tests\">");
    size_t n = 0;

    if (!at)
        fail_msg("coverage.html: no tests in %s", row);
    while ((at = strstr(at, open))) {
        char *name = at + strlen(open), *end = strchr(name, '<');

        assert_non_null(end);
        *end = '\0';
        if (!test_exists(name, unit, cli))
            fail_msg("coverage.html: there is no test %s", name);
        at = end + 1;
        n++;
    }
    return n;
}

static void names_tests_that_exist(void **state)
{
    char *page = read_text(COVERAGE_PAGE), *unit = read_unit_tests();
    char *cli = read_text(TESTS_DIR "/e2e/test_cli.sh"), *rest = page, *line;

    (void)state;
    while ((line = strsep(&rest, "\n")))
        if (strncmp(line, "<tr data-", strlen("<tr data-")) == 0)
            assert_int_not_equal(check_tests(line, unit, cli), 0);
    free(page);
    free(unit);
    free(cli);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_of_each_relocation_what_the_linker_does),
        cmocka_unit_test(says_of_each_relocation_what_the_loader_does),
        cmocka_unit_test(refuses_each_type_by_name),
        cmocka_unit_test(names_tests_that_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
