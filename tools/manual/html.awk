# A manual page as a page of the documents.
#
#     mandoc -Thtml -Ofragment bccReadBC.3 |
#         awk -f html.awk -v page=bccReadBC.3 -v pages="bccReadBC.3=bccReadBC.3
#             bccReadFile.3=bccReadBC.3 ..."
#
# pages: each name with the page that it is on. Mentions of these become links.

BEGIN {
    n = split(pages, words, /[ \n]+/)
    for (i = 1; i <= n; i++)
        if (split(words[i], pair, "=") == 2)
            page_of[pair[1]] = pair[2]
    title = page
    sub(/[.]/, "(", title)
    title = title ")"
    print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    print "<title>libbcc: " title "</title>"
    print "<link rel=\"stylesheet\" href=\"../style.css\">\n</head>\n<body>"
    print "<nav class=\"pages\" aria-label=\"Pages\">"
    print "<a href=\"../../README.html\">libbcc</a>"
    link("bcc.1", "bcc(1)")
    link("bccc.8", "bccc(8)")
    link("bcc.3", "API: bcc(3)")
    link("bcc_run.3", "bcc_run(3)")
    print "</nav>\n<main class=\"manual\">\n<h1 class=\"page\">" title "</h1>"
}

function link(target, text) {
    print "<a href=\"" target ".html\"" \
        (target == page ? " aria-current=\"page\"" : "") ">" text "</a>"
}

# Header and footer repeat the title.
/<table class="(head|foot)">/ { in_table = 1 }
in_table {
    in_table = !/<\/table>/
    next
}

# Breaks at each line of an example, and paragraphs that are only such a break.
/^<p class="Pp">$/ {
    held = $0
    next
}
/^ *<br\/>$/ {
    held_break = held != ""
    next
}
/^<\/p>$/ && held_break {
    held = held_break = ""
    next
}
held != "" {
    print held
    held = held_break = ""
}

# The page has a heading of its own.
/<h[12] class="S[hs]"/ {
    level = index($0, "<h1") ? 2 : 3
    sub(/<h[12]/, "<h" level)
}
/<\/h[12]>/ { sub(/<\/h[12]>/, "</h" level ">") }

{
    rest = $0
    while (match(rest, /<b>[A-Za-z_]+<\/b>\([138]\)/)) {
        mention = substr(rest, RSTART, RLENGTH)
        name = substr(mention, 4, length(mention) - 10)
        name = name "." substr(mention, length(mention) - 1, 1)
        printf "%s", substr(rest, 1, RSTART - 1)
        if (name in page_of && page_of[name] != page)
            printf "<a href=\"%s.html\">%s</a>", page_of[name], mention
        else
            printf "%s", mention
        rest = substr(rest, RSTART + RLENGTH)
    }
    print rest
}

END { print "</main>\n</body>\n</html>" }
