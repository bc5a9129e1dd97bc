#!/usr/bin/env python3
"""generate.py CASES SEED BITS > calls.h: functions that use every way in which
a calling convention passes a value.

For case N there is a type of function, fn_N, and two macros: CALLEE_N(NAME)
defines such a function, which checks each of its arguments; CALL_N(FUNCTION)
calls one, and checks what it returned. Both know the values: those are written
here. side.c uses the macros; each compiler sees the same text. BITS is the size
of an address: 64 adds __int128.

Left out, as gcc and clang differ or one lacks it: vectors of three elements,
structs of vectors as variable arguments (AArch64), types that are aligned by
attributes, empty structs.
"""

import random
import sys

N_CASES, SEED, BITS = (int(word) for word in sys.argv[1:4])
pick = random.Random(SEED)

# ---- Types: each has a name, and a list of (path, literal) of its parts ----

INTEGERS = {
    "signed char": 7, "unsigned char": 8, "short": 15, "unsigned short": 16,
    "int": 31, "unsigned": 32, "long long": 63, "unsigned long long": 64,
    "long": BITS - 1, "unsigned long": BITS,
}
FLOATS = ["float", "double", "long double"]
VECTORS = {  # name: (element, count)
    "float2": ("float", 2), "float4": ("float", 4), "double2": ("double", 2),
    "char8": ("signed char", 8), "char16": ("signed char", 16),
    "short4": ("short", 4), "short8": ("short", 8), "int2": ("int", 2),
    "int4": ("int", 4), "long2": ("long long", 2),
}


def integer(bits):
    magnitude = pick.getrandbits(bits - 1) | 1 << (bits - 2)
    return f"{magnitude}" + ("ull" if bits > 31 else "")


def scalar_literal(name):
    if name in INTEGERS:
        bits = INTEGERS[name]
        sign = "-" if bits % 2 and pick.random() < 0.5 else ""
        return f"(({name}){sign}{integer(bits)})"
    if name == "_Bool":
        return pick.choice("01")
    if name == "pointer":
        return f"((pointer)(unsigned long){integer(BITS)})"
    if name == "__int128":
        return f"((__int128)-{integer(63)} << 64 | {integer(64)})"
    exact = f"{pick.randrange(-(1 << 20), 1 << 20)}.{pick.choice(['0', '25', '5', '75'])}"
    return f"(({name}){exact})"


SCALARS = list(INTEGERS) + FLOATS + ["_Bool", "pointer"]
if BITS == 64:
    SCALARS.append("__int128")

structs = []  # (name, [(field, type, count)])


def parts(type_name, path=""):
    if type_name in VECTORS:
        element, count = VECTORS[type_name]
        return [(f"{path}[{i}]", scalar_literal(element)) for i in range(count)]
    if type_name.startswith("_Complex"):
        element = type_name.split()[1]
        # GNU's operators, which are lvalues.
        return [(f"__real__ {path}", scalar_literal(element)),
                (f"__imag__ {path}", scalar_literal(element))]
    for name, fields in structs:
        if f"struct {name}" == type_name:
            result = []
            for field, field_type, count in fields:
                for i in range(count or 1):
                    at = f"{path}.{field}" + (f"[{i}]" if count else "")
                    result += parts(field_type, at)
            return result
    return [(path, scalar_literal(type_name))]


def new_struct():
    kind = pick.randrange(7)
    n = pick.randrange(1, 5)
    if kind == 0:    # homogeneous floats
        element = pick.choice(["float", "double"])
        fields = [(f"m{i}", element, 0) for i in range(n)]
    elif kind == 1:  # the same as an array
        fields = [("m", pick.choice(["float", "double"]), n)]
    elif kind == 2:  # homogeneous vectors
        fields = [(f"m{i}", pick.choice(["float2", "float4"]), 0)
                  for i in range(1)]
        fields += [("n", fields[0][1], 0)] * (n > 2)
    elif kind == 3:  # bytes
        fields = [("m", "unsigned char", pick.randrange(1, 34))]
    elif kind == 4:  # one of each class
        fields = [("a", pick.choice(FLOATS[:2]), 0),
                  ("b", pick.choice(list(INTEGERS)), 0)]
        pick.shuffle(fields)
    elif kind == 5 and structs:  # nested
        fields = [("a", f"struct {pick.choice(structs)[0]}", 0),
                  ("b", pick.choice(SCALARS), 0)]
        pick.shuffle(fields)
    else:
        fields = [(f"m{i}", pick.choice(SCALARS), 0)
                  for i in range(pick.randrange(1, 7))]
    structs.append((f"s{len(structs)}", fields))


for _ in range(N_CASES // 3):
    new_struct()


def has_vector(type_name):
    return type_name in VECTORS or any(
        f"struct {name}" == type_name and any(has_vector(t) for _, t, _ in fields)
        for name, fields in structs)


plain_structs = [name for name, _ in structs if not has_vector(f"struct {name}")]


def any_type():
    roll = pick.random()
    if roll < 0.4:
        return pick.choice(SCALARS)
    if roll < 0.5:
        return pick.choice(["float", "double"])
    if roll < 0.7:
        return pick.choice(list(VECTORS))
    if roll < 0.75:
        return pick.choice(["_Complex float", "_Complex double"])
    return f"struct {pick.choice(structs)[0]}"


def variable_type():
    if pick.random() < 0.7:
        return pick.choice(["int", "unsigned", "long long", "double",
                            "unsigned long", "pointer", "long double"])
    return f"struct {pick.choice(plain_structs)}"


# ---- Text ----

lines = []
out = lines.append


def macro(text):
    body = text.strip("\n").split("\n")
    out(" \\\n".join(body))


def set_parts(name, values):
    return " ".join(f"{path} = {literal};" for path, literal in values)


def check_parts(values, place):
    return " ".join(f"CHECK({path} == {literal}, {place});"
                    for path, literal in values)


for name, (element, count) in VECTORS.items():
    size = {"f": 4, "d": 8, "s": 2, "i": 4, "l": 8}[element[0]]
    size = 1 if element == "signed char" else size
    out(f"typedef {element} {name} __attribute__((vector_size({size * count})));")
out("typedef void *pointer;")
for name, fields in structs:
    members = " ".join(f"{t} {f}{f'[{c}]' if c else ''};" for f, t, c in fields)
    out(f"struct {name} {{ {members} }};")

for case in range(N_CASES):
    is_variadic = case % 8 == 7
    n_fixed = pick.randrange(1, 4) if is_variadic else pick.randrange(0, 13)
    n_more = pick.randrange(1, 10) if is_variadic else 0
    result = "void" if case % 16 == 15 else any_type()
    types = [any_type() for _ in range(n_fixed)]
    if is_variadic:
        types[-1] = "int"  # va_start() allows no type that is promoted
    types += [variable_type() for _ in range(n_more)]
    values = [parts(t, f"p{i}") for i, t in enumerate(types)]
    returned = [] if result == "void" else parts(result, "r")
    names = [f"p{i}" for i in range(len(types))]
    fixed = [f"{t} p{i}" for i, t in enumerate(types[:n_fixed])]
    parameters = ", ".join(fixed + ["..."] * is_variadic) or "void"
    out(f"typedef {result} fn_{case}({parameters});")

    text = f"#define CALLEE_{case}(NAME)\n{result} NAME({parameters})\n{{\n"
    if returned:
        text += f"{result} r;\n"
    if is_variadic:
        text += "va_list list;\n"
        for i in range(n_fixed, len(types)):
            text += f"{types[i]} p{i};\n"
        text += f"va_start(list, p{n_fixed - 1});\n"
        for i in range(n_fixed, len(types)):
            text += f"p{i} = va_arg(list, {types[i]});\n"
        text += "va_end(list);\n"
    for i, value in enumerate(values):
        text += check_parts(value, f"{case}, {i}") + "\n"
    if returned:
        text += set_parts("r", returned) + "\nreturn r;\n"
    macro(text + "}")

    text = f"#define CALL_{case}(FUNCTION)\ndo {{\n"
    if returned:
        text += f"{result} r;\n"
    for i, t in enumerate(types):
        text += f"{t} p{i}; {set_parts(f'p{i}', values[i])}\n"
    call = f"FUNCTION({', '.join(names)});"
    text += f"r = {call}\n" if returned else f"{call}\n"
    if returned:
        text += check_parts(returned, f"{case}, -1") + "\n"
    macro(text + "} while (0)")

macro("#define EACH_CASE(X)\n" + "\n".join(f"X({i})" for i in range(N_CASES)))
print("\n".join(lines))
