/* The chart for docs/benchmarks.html: how long launches take, on a logarithmic
 * scale.
 *
 * The classes are those of docs/style.css, and give the colours, the dark ones
 * too, where the file's content is put into a page. Opened by itself it has the
 * colours of its attributes. To renew the figure in the page:
 *
 *     tests/bench/run L1 L2 L5 L6 L7
 *
 * and put build/bench/bench.svg in the place of the <svg> there. */
#include <math.h>
#include <string.h>

#include "report.h"

enum { WIDTH = 380, LABEL_WIDTH = 104, VALUE_WIDTH = 56, BAR_HEIGHT = 12 };
enum { BAR_STEP = 17, PANEL_GAP = 12, TITLE_STEP = 19 };

static const double axis_from_us = 5, axis_to_us = 1e6;

enum kind { YARDSTICK, LAUNCH, FIRST_LAUNCH };

/* ORDER KIND */
static const char *const kind_attributes[] = {
    "class=\"box\" fill=\"#f3f0e8\" stroke=\"#6b665c\"",
    "class=\"b-hit\" fill=\"#e3f0e9\" stroke=\"#1b6a55\"",
    "class=\"b-miss\" fill=\"#f7e9df\" stroke=\"#8a3b12\""};

struct bar {
    const char *label, *row, *side;
    enum kind kind;
};

struct panel {
    const char *title;
    struct bar bars[4];
};

static const struct panel panels[] = {
    {"Interpreter of 400 KB, in a running process",
     {{"floor", "L1", "floor", YARDSTICK},
      {"hit", "L1", "hit", LAUNCH},
      {"dlopen", "L1", "dlopen", YARDSTICK}}},
    {"Script of 5 KB, in a running process",
     {{"floor", "L2", "floor", YARDSTICK},
      {"hit", "L2", "hit", LAUNCH},
      {"dlopen", "L2", "dlopen", YARDSTICK},
      {"first launch", "L7", "miss, Model", FIRST_LAUNCH}}},
    {"Trivial program, whole process",
     {{"native", "L5", "native, trivial", YARDSTICK},
      {"bcc run", "L5", "bcc run, trivial", LAUNCH},
      {"lli, cached", "L6", "lli, trivial", YARDSTICK}}},
    {"Interpreter, whole process",
     {{"native", "L5", "native, interpreter", YARDSTICK},
      {"bcc run", "L5", "bcc run, interpreter", LAUNCH},
      {"lli, cached", "L6", "lli, interpreter", YARDSTICK}}},
};

enum {
    N_PANELS = sizeof(panels) / sizeof(panels[0]),
    N_BARS = sizeof(panels[0].bars) / sizeof(panels[0].bars[0])
};

static const struct report_line *find_line(const struct bar *bar)
{
    if (!bar->label)
        return NULL;
    for (size_t i = 0; i < report.n_lines; i++)
        if (strcmp(report.lines[i].row, bar->row) == 0 &&
            strcmp(report.lines[i].name, bar->side) == 0)
            return &report.lines[i];
    return NULL;
}

static double bar_width(double us)
{
    const double space = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
    const double part = log(us / axis_from_us) / log(axis_to_us / axis_from_us);

    return part < 0.01 ? 0.01 * space : (part > 1 ? 1 : part) * space;
}

static void draw_bar(FILE *file, const struct bar *bar,
                     const struct report_line *line, int y)
{
    const double us = (double)line->p50_ns / 1e3;
    const double width = bar_width(us);

    fprintf(file,
            "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"end\">"
            "%s</text>\n",
            LABEL_WIDTH - 8, y + 10, bar->label);
    fprintf(file, "<rect %s x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n",
            kind_attributes[bar->kind], LABEL_WIDTH, y, width, BAR_HEIGHT);
    fprintf(file,
            "<text class=\"small halo\" paint-order=\"stroke\" x=\"%.1f\" "
            "y=\"%d\">%.*f %s</text>\n",
            LABEL_WIDTH + width + 6, y + 10, us < 10000 && us >= 1000 ? 1 : 0,
            us < 1000 ? us : us / 1000, us < 1000 ? "µs" : "ms");
}

/* A line for each power of ten, behind the bars from y on. */
static void draw_grid(FILE *file, int y, size_t n_bars)
{
    for (double us = 10; us <= 1e5; us *= 10)
        fprintf(file,
                "<path class=\"line\" d=\"M%.1f %dv%zu\" stroke=\"#6b665c\" "
                "opacity=\".3\"/>\n",
                LABEL_WIDTH + bar_width(us), y - 2, n_bars * BAR_STEP);
}

/* Returns where the next one begins. */
static int draw_panel(FILE *file, const struct panel *panel, int y)
{
    size_t n_bars = 0;

    for (size_t i = 0; i < N_BARS; i++)
        n_bars += find_line(&panel->bars[i]) != NULL;
    if (n_bars == 0)
        return y;
    fprintf(file, "<text class=\"strong\" x=\"0\" y=\"%d\">%s</text>\n", y + 11,
            panel->title);
    y += TITLE_STEP;
    draw_grid(file, y, n_bars);
    for (size_t i = 0; i < N_BARS; i++) {
        const struct report_line *line = find_line(&panel->bars[i]);

        if (!line)
            continue;
        draw_bar(file, &panel->bars[i], line, y);
        y += BAR_STEP;
    }
    return y + PANEL_GAP;
}

static bool is_worthless(void)
{
    bool any_busy = false;

    for (size_t i = 0; i < report.n_lines; i++)
        any_busy |= watch_is_busy(report.lines[i].load);
    return any_busy || bench_is_quick();
}

/* What the lines stand for. There is room for every other one. */
static void draw_axis(FILE *file, int y)
{
    static const char *const labels[] = {"10 µs", "1 ms", "100 ms"};
    double us = 10;

    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++, us *= 100)
        fprintf(file,
                "<text class=\"small\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"middle\">%s</text>\n",
                LABEL_WIDTH + bar_width(us), y, labels[i]);
}

/* Returns the height. */
static int draw(FILE *file)
{
    int y = 0;

    for (size_t i = 0; i < N_PANELS; i++)
        y = draw_panel(file, &panels[i], y);
    draw_axis(file, y + 4);
    if (is_worthless())
        fprintf(file,
                "<text class=\"small\" x=\"0\" y=\"%d\">NOT FOR SHOW: busy, or "
                "--quick.</text>\n",
                y + 20);
    return y + (is_worthless() ? 26 : 10);
}

bool chart_write(const char *path)
{
    FILE *file = fopen(path, "w"), *nowhere = fopen("/dev/null", "w");
    int height;
    bool ok;

    if (!file || !nowhere)
        return false;
    height = draw(nowhere);
    fclose(nowhere);
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "style=\"max-width:32rem\" role=\"img\" "
            "font-family=\"sans-serif\" font-size=\"12\">\n"
            "<title>How long launches take</title>\n",
            WIDTH, height);
    draw(file);
    fputs("</svg>\n", file);
    ok = !ferror(file);
    return fclose(file) == 0 && ok;
}
