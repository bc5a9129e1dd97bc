# Manual pages of section 3 from a public header, as troff.
#
#     awk -f pages.awk -v out=DIR -v name=bcc -v package=obcc -v date=DATE \
#         -v version=VERSION include/bcc/bcc.h
#
# package: of pkg-config, for programs that use the header.
#
# The header's first comment becomes the page NAME(3). Each group of
# declarations, which a ruler "---- Title ----" begins, becomes a page that has
# the name of its first function; the other functions are links to that page. A
# header without rulers is one page, and so is one with -v whole=1: its
# declarations follow as they are.
#
# A comment in front of a declaration is its description. In comments: `code`,
# *emphasis*, names of functions and constants, paragraphs, examples that are
# indented by four, and lists of "  Word    text".

# ---- Text ----

function escape(text) {
    gsub(/\\/, "\\e", text)
    return text
}

function code_line(text) {
    text = escape(text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/)
        text = "\\&" text
    return text
}

# Words in bold: before, the word, behind. pattern: of the word.
function embolden(text, pattern,    result) {
    result = ""
    while (match(text, pattern)) {
        result = result substr(text, 1, RSTART - 1) "\\fB" \
            substr(text, RSTART, RLENGTH) "\\fR"
        text = substr(text, RSTART + RLENGTH)
    }
    return result text
}

# `code` in bold, *words* in italics.
function replace_marks(text, pattern, font,    result) {
    result = ""
    while (match(text, pattern)) {
        result = result substr(text, 1, RSTART - 1) "\\f" font \
            substr(text, RSTART + 1, RLENGTH - 2) "\\fR"
        text = substr(text, RSTART + RLENGTH)
    }
    return result text
}

function text_line(text) {
    text = replace_marks(escape(text), "`[^`]+`", "B")
    text = replace_marks(text, "[*][A-Za-z][A-Za-z -]*[*]", "I")
    text = embolden(text, "(bcc|BCC_|obcc_|OBCC_|BCC[A-Z])[A-Za-z0-9_]*[A-Za-z0-9]")
    # bccFoo() is bccFoo(3); a call with arguments stays.
    while (match(text, /\\fBbcc[A-Za-z]+\\fR\(\)/))
        text = substr(text, 1, RSTART + RLENGTH - 3) "(3)" \
            substr(text, RSTART + RLENGTH)
    if (text ~ /^[.']/)
        text = "\\&" text
    return text
}

# A paragraph begins with the next text, unless a heading is in front of it.
function start_paragraph() {
    if (gap == "wanted")
        print ".PP" >page
    gap = ""
}

function want_paragraph() {
    if (gap != "heading")
        gap = "wanted"
}

function print_heading(line) {
    print line >page
    gap = "heading"
}

function start_code() {
    want_paragraph()
    start_paragraph()
    print ".in +4n\n.EX" >page
}

function end_code() {
    print ".EE\n.in" >page
    want_paragraph()
}

# Print the comment doc[1..n], without its marks.
function print_doc(n,    i, line, state) {
    state = "text"
    for (i = 1; i <= n; i++) {
        line = doc[i]
        if (state == "code" && line !~ /^    /) {
            end_code()
            state = "text"
        }
        if (line == "") {
            want_paragraph()
            state = "text"
        } else if (line ~ /^  [A-Z][A-Za-z]+  +/) {
            match(line, /^  [A-Z][A-Za-z]+ +/)
            print ".TP\n.B " substr(line, 3, index(substr(line, 3), " ") - 1) >page
            print text_line(substr(line, RLENGTH + 1)) >page
            gap = ""
            state = "item"
        } else if (state != "item" && line ~ /^    /) {
            if (state != "code")
                start_code()
            state = "code"
            print code_line(substr(line, 5)) >page
        } else {
            sub(/^ +/, "", line)
            start_paragraph()
            print text_line(line) >page
        }
    }
    if (state == "code")
        end_code()
}

# ---- Pages ----

function begin_page(file, heading, subject) {
    page = out "/" file ".3"
    print ".\\\" Made by tools/manual/pages.awk from <bcc/" name ".h>." >page
    printf ".TH %s 3 %s \"libbcc %s\" \"Library Functions\"\n", file, date,
        version >page
    print ".nh\n.SH NAME" >page
    print heading " \\- " subject >page
    print ".SH SYNOPSIS\n.nf" >page
    print ".B #include <bcc/" name ".h>" >page
}

function end_page() {
    print ".SH SEE ALSO" >page
    if (page != out "/" name ".3")
        print ".BR " name " (3)," >page
    if (page != out "/bcc.3")
        print ".BR bcc (3)," >page
    else
        print ".BR bcc_run (3),\n.BR bcc_script (3),\n.BR bcc_llvm (3),\n" \
            ".BR bcc_cache (3)," >page
    print ".BR bcc (1)" >page
    close(page)
}

function print_entry(e,    i, n, lines, functions) {
    n = split(entry_doc[e], doc, "\n") - 1
    if (entry_functions[e] != "") {
        functions = entry_functions[e]
        gsub(/ /, "(), ", functions)
        print_heading(".SS " functions "()")
    } else
        want_paragraph()
    print_doc(n)
    if (entry_functions[e] != "" || entry_code[e] == "")
        return
    start_code()
    n = split(entry_code[e], lines, "\n") - 1
    for (i = 1; i <= n; i++)
        print code_line(lines[i]) >page
    end_code()
}

# The declarations of an entry; what is aligned with their parentheses moves
# with them.
function print_prototypes(e,    i, n, lines) {
    n = split(entry_code[e], lines, "\n") - 1
    print ".sp" >page
    for (i = 1; i <= n; i++) {
        if (!sub(/^BCC_API (BCC_DEPRECATED )?/, "", lines[i]) &&
            lines[1] !~ /^static/)
            sub(/^        /, "", lines[i])
        print ".B \"" code_line(lines[i]) "\"" >page
    }
}

function end_group(    e, i, first, all, n, names) {
    first = all = ""
    for (e = 1; e <= n_entries; e++)
        if (entry_functions[e] != "") {
            all = all (all == "" ? "" : " ") entry_functions[e]
            if (first == "")
                first = substr(all, 1, index(all " ", " ") - 1)
        }
    if (first == "")
        first = name "_" tolower(title_of_group)
    gsub(/[^A-Za-z0-9_]/, "_", first)
    begin_page(first, all == "" ? first : commas(all),
        "libbcc: " tolower(substr(title_of_group, 1, 1)) \
        substr(title_of_group, 2))
    for (e = 1; e <= n_entries; e++)
        if (entry_functions[e] != "")
            print_prototypes(e)
    print ".fi" >page
    print_heading(".SH DESCRIPTION")
    for (e = 1; e <= n_entries; e++)
        print_entry(e)
    end_page()
    n = split(all, names, " ")
    for (i = 2; i <= n; i++)
        link_page(names[i], first)
    groups[++n_groups] = title_of_group
    group_pages[n_groups] = all == "" ? first : all
    n_entries = 0
}

function link_page(link, target) {
    print ".so man3/" target ".3" >(out "/" link ".3")
    close(out "/" link ".3")
}

function commas(words) {
    gsub(/ /, ", ", words)
    return words
}

# The first sentence of the header.
function summary(    text) {
    text = substr(head, 1, index(head "\n", "\n") - 1)
    sub(/^libbcc: /, "", text)
    sub(/[.]$/, "", text)
    return text
}

function end_overview(    i, k, n, names, declared) {
    begin_page(name, name, summary())
    if (package != "")
        print ".sp\n.B cc \\fIprogram.c\\fP $(pkg\\-config " \
            "\\-\\-cflags \\-\\-libs " package ")" >page
    print ".fi" >page
    print_heading(".SH DESCRIPTION")
    n = split(head, doc, "\n") - 1
    print_doc(n)
    if (n_groups)
        print ".SH FUNCTIONS" >page
    for (i = 1; i <= n_groups; i++) {
        print ".SS " groups[i] >page
        n = split(group_pages[i], names, " ")
        for (k = 1; k <= n; k++)
            print ".BR " names[k] " (3)" (k < n ? "," : "") >page
    }
    if (whole) {
        print ".SH DECLARATIONS\n.EX" >page
        while (verbatim[n_verbatim] ~ /^(#endif)?$/)
            n_verbatim--
        for (i = 1; i <= n_verbatim; i++) {
            print code_line(verbatim[i]) >page
            if (verbatim[i] ~ /^static inline/)
                declared = functions_of(verbatim[i])
            if (verbatim[i] ~ /^static inline/ && declared != "")
                link_page(declared, name)
        }
        print ".EE" >page
    }
    end_page()
}

# ---- The header ----

# The functions that are declared in this code.
function functions_of(code,    names, part, n, i, word) {
    names = ""
    if (code !~ /(^|\n)(BCC_API|static inline) /)
        return ""
    n = split(code, part, /\(/)
    for (i = 1; i < n; i++)
        if (match(part[i], /(^|[ *\n])bcc[A-Z][A-Za-z0-9]*$/)) {
            word = substr(part[i], RSTART)
            gsub(/[ *\n]/, "", word)
            names = names (names == "" ? "" : " ") word
        }
    return names
}

function end_entry() {
    if (pending == "" && code == "")
        return
    n_entries++
    entry_doc[n_entries] = pending
    entry_functions[n_entries] = functions_of(code)
    entry_code[n_entries] = code
    pending = code = ""
}

function is_in_group() {
    return title_of_group != ""
}

# A line of a comment, without its marks.
function add_comment(line) {
    sub(/^\/\* ?/, "", line)
    sub(/ ?\*\/ *$/, "", line)
    sub(/^ \* ?/, "", line)
    sub(/ +$/, "", line)
    gsub(/ ?ORDER [A-Z]+( [A-Z]+)*([.] )?/, "", line)
    if (match(line, /^---- .* ----$/)) {
        if (is_in_group()) {
            end_entry()
            end_group()
        }
        title_of_group = substr(line, 6, length(line) - 10)
        pending = code = ""
        n_entries = 0
        return
    }
    pending = pending line "\n"
}

!seen_head {
    is_end = /\*\/ *$/
    line = $0
    sub(/^\/\* ?/, "", line)
    sub(/ ?\*\/ *$/, "", line)
    sub(/^ \* ?/, "", line)
    head = head line "\n"
    seen_head = is_end
    next
}

/^#ifdef __cplusplus/ { skipping = 1 }

skipping {
    skipping = !/^#endif/
    next
}

/^#(ifndef|define) BCC_BCC_/ { next }

whole {
    if (n_verbatim || $0 != "")
        verbatim[++n_verbatim] = $0
    next
}

/^#(ifn?def|if|elif|else|endif|include)/ { next }

# Bodies of inline functions are left out.
/^\{/ { in_body = 1 }

in_body {
    if (/^\}/) {
        in_body = 0
        sub(/\n$/, ";\n", code)
    }
    next
}

depth == 0 && !in_comment && /^\/\*/ {
    if (code != "")
        end_entry()
    add_comment($0)
    in_comment = !/\*\/ *$/
    next
}

in_comment {
    add_comment($0)
    in_comment = !/\*\/ *$/
    next
}

depth == 0 && /^$/ {
    end_entry()
    next
}

!is_in_group() { next }

{
    code = code $0 "\n"
    line = $0
    depth += gsub(/\{/, "", line) - gsub(/\}/, "", line)
}

END {
    if (is_in_group()) {
        end_entry()
        end_group()
    }
    end_overview()
}
