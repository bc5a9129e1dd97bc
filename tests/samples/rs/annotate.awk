# Reads the "/*@ ... */" lines of a script's C source (see rs.h) and prints
# them as named metadata, in LLVM's textual form, to be appended to what clang
# made of that source. Node numbers start high, clear of clang's own; LLVM
# does not mind gaps.

function node(kind, text) {
    nodes[kind] = nodes[kind] (nodes[kind] == "" ? "" : ", ") "!" next_id
    print "!" next_id++ " = !{" text "}"
}

function string(text) {
    return "!\"" text "\""
}

function bad(why) {
    print FILENAME ":" FNR ": " why ": " $0 > "/dev/stderr"
    failed = 1
    exit 1
}

BEGIN { next_id = 1000000 }

$1 == "/*@" {
    if ($NF != "*/")
        bad("annotation does not end with */")
    if ($2 == "pragma")
        node("pragma", string($3) ", " string(NF > 4 ? $4 : ""))
    else if ($2 == "export_var" && NF == 5)
        node("rs_export_var", string($3) ", " string($4))
    else if ($2 == "export_func" && NF == 4)
        node("rs_export_func", string($3))
    else if ($2 == "export_foreach" && NF == 5) {
        node("rs_export_foreach_name", string($3))
        node("rs_export_foreach", string($4))
    } else if ($2 == "object_slot" && NF == 4)
        node("rs_object_slots", string($3))
    else
        bad("unknown annotation")
}

END {
    if (failed)
        exit 1
    # "\23" is '#'.
    for (kind in nodes)
        print "!\\23" kind " = !{" nodes[kind] "}"
}
