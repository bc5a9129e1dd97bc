"""Mutants of C: small wrong changes of the kinds that real bugs have.

A C file is read as tokens, not as a syntax tree. That suffices because all
sources have one format (clang-format) and because a change that is no C, or
that swaps arguments of different types, does not compile and is dropped. So the
tool needs Python's standard library and nothing else.

Each operator below yields edits (start, end, text) of the file, all inside
bodies of functions or, for constants, enums."""

import re
from collections import namedtuple

Token = namedtuple("Token", "kind text start end")
Mutant = namedtuple("Mutant", "operator start end text line")

_TOKEN = re.compile(
    r"""(?P<space>\s+|\\\n)
    |(?P<comment>/\*.*?\*/|//[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<char>'(?:[^'\\\n]|\\.)*')
    |(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<mark><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\\\n]|\\.|\\\n)*", re.MULTILINE)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof", "do", "else",
             "case", "goto", "break", "continue", "_Alignof", "_Static_assert",
             "static_assert", "assert"}


def tokens_of(text):
    """The tokens of C text without space, comments and directives."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    text = _DIRECTIVE.sub(blank, text)
    tokens = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup not in ("space", "comment"):
            tokens.append(Token(match.lastgroup, match.group(), match.start(),
                                match.end()))
    return tokens


class Source:
    """Tokens with the partner of every bracket and the bodies of functions."""

    def __init__(self, text):
        self.text = text
        self.tokens = tokens_of(text)
        self.partner = {}
        stack = []
        for i, token in enumerate(self.tokens):
            if token.kind == "mark" and token.text in _OPENING:
                stack.append(i)
            elif token.kind == "mark" and token.text in _OPENING.values():
                if stack:
                    self.partner[i] = stack.pop()
                    self.partner[self.partner[i]] = i
        self.bodies = [(i, self.partner[i])
                       for i in range(1, len(self.tokens))
                       if self.is_text(i, "{") and self.is_text(i - 1, ")")
                       and i in self.partner and not self._is_inside(i)]

    def _is_inside(self, i):
        """Is this bracket in another one? (Only functions begin outside.)"""
        depth = 0
        for k in range(i):
            if self.is_text(k, "{"):
                depth += 1
            elif self.is_text(k, "}"):
                depth -= 1
        return depth > 0

    def is_text(self, i, *texts):
        return (0 <= i < len(self.tokens) and
                self.tokens[i].kind in ("mark", "word") and
                self.tokens[i].text in texts)

    def cut(self, first, last):
        """Text from the first token to the last, both included."""
        return self.text[self.tokens[first].start:self.tokens[last].end]

    def inside(self):
        """Indices of the tokens inside the bodies of functions."""
        for start, end in self.bodies:
            yield from range(start + 1, end)

    def inside_enums(self):
        """The same of enums outside functions: most limits are there."""
        for i in range(len(self.tokens)):
            k = i + (2 if self.is_text(i + 2, "{") else 1)
            if (self.is_text(i, "enum") and self.is_text(k, "{") and
                    not any(a < i < b for a, b in self.bodies)):
                yield from range(k + 1, self.partner[k])

    def statement_end(self, i):
        """Index of the ';' that ends the statement at i; None: it has none."""
        while i < len(self.tokens) and not self.is_text(i, ";"):
            if self.is_text(i, "{", "}", ")", "]"):
                return None
            i = self.partner[i] + 1 if self.is_text(i, "(", "[") else i + 1
        return i if i < len(self.tokens) else None

    def begins_statement(self, i):
        if self.is_text(i - 1, ")"):
            opening = self.partner.get(i - 1, 0)
            return self.is_text(opening - 1, "if", "while", "for")
        return self.is_text(i - 1, ";", "{", "}", "else", "do")

    def arguments(self, opening):
        """Pairs (first, last) of the arguments in these parentheses."""
        closing = self.partner[opening]
        found, first, i = [], opening + 1, opening + 1
        while i < closing:
            if self.is_text(i, "(", "[", "{"):
                i = self.partner[i]
            elif self.is_text(i, ","):
                found.append((first, i - 1))
                first = i + 1
            i += 1
        if first < closing:
            found.append((first, closing - 1))
        return found


# ---- Operators: each yields (index of a token, start, end, text) ----

def condition_negated(source):
    for i in source.inside():
        if source.is_text(i, "if", "while") and source.is_text(i + 1, "("):
            opening, closing = i + 1, source.partner[i + 1]
            start = source.tokens[opening].end
            end = source.tokens[closing].start
            yield i, start, end, "!(" + source.text[start:end] + ")"


def condition_loosened(source):
    """Of two conditions joined by && or || one is left, or they are joined the
    other way."""
    stops = ("&&", "||", "?", ":", ",", ";", "=", "return", "{", "}")
    for i in source.inside():
        if not source.is_text(i, "&&", "||"):
            continue
        token = source.tokens[i]
        yield i, token.start, token.end, "||" if token.text == "&&" else "&&"
        last = i + 1
        while not source.is_text(last, ")", "]", *stops):
            last = (source.partner[last] if source.is_text(last, "(", "[")
                    else last) + 1
        yield i, token.start, source.tokens[last - 1].end, ""
        first = i - 1
        while not source.is_text(first, "(", "[", *stops):
            first = (source.partner[first] if source.is_text(first, ")", "]")
                     else first) - 1
        yield i, source.tokens[first + 1].start, token.end, ""


def limit_off_by_one(source):
    other = {"<": ("<=",), "<=": ("<",), ">": (">=",), ">=": (">",),
             "==": ("!=",), "!=": ("==",)}
    for i in source.inside():
        token = source.tokens[i]
        for text in other.get(token.text, ()) if token.kind == "mark" else ():
            yield i, token.start, token.end, text


def constant_changed(source):
    for i in (*source.inside(), *source.inside_enums()):
        token = source.tokens[i]
        if token.kind == "word" and token.text in ("true", "false"):
            yield (i, token.start, token.end,
                   "false" if token.text == "true" else "true")
        if token.kind != "number":
            continue
        match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", token.text)
        if not match:
            continue
        digits = match.group(1)
        value = (int(digits, 8) if re.fullmatch("0[0-7]+", digits)
                 else int(digits, 0))
        for changed in {value + 1, max(value - 1, 0)} - {value}:
            yield (i, token.start, token.end, str(changed) + match.group(2))


def operation_changed(source):
    other = {"+": "-", "-": "+", "+=": "-=", "-=": "+=", "|": "&", "&": "|",
             "<<": ">>", ">>": "<<", "%": "/", "++": "--", "--": "++"}
    for i in source.inside():
        token = source.tokens[i]
        if token.kind != "mark" or token.text not in other:
            continue
        if token.text in ("+", "-", "&") and not (
                source.tokens[i - 1].kind in ("word", "number") or
                source.is_text(i - 1, ")", "]")):
            continue # a sign, or an address
        if source.is_text(i - 1, "return", "case"):
            continue
        yield i, token.start, token.end, other[token.text]


def statement_removed(source):
    """A call, an assignment, or a jump that depends on a condition."""
    for i in source.inside():
        if source.tokens[i].kind != "word" or not source.begins_statement(i):
            continue
        end = source.statement_end(i)
        if end is None:
            continue
        conditional = source.is_text(i - 1, ")", "else")
        if source.is_text(i, "return", "goto", "break", "continue"):
            if not conditional:
                continue
        elif source.tokens[i].text in _KEYWORDS:
            continue
        elif not (source.is_text(i + 1, "(") or
                  _assigns(source, i, end)):
            continue
        yield i, source.tokens[i].start, source.tokens[end].end, ";"


def _assigns(source, i, end):
    """Is this an assignment, and no declaration with a value?"""
    while i < end:
        if source.is_text(i, "=", "+=", "-=", "|=", "&=", "++", "--"):
            return True
        if (source.tokens[i].kind == "word" and
                source.tokens[i + 1].kind == "word"):
            return False
        if source.is_text(i, "*"):
            return False
        i = source.partner[i] + 1 if source.is_text(i, "(", "[") else i + 1
    return False


def arguments_swapped(source):
    for i in source.inside():
        if (source.tokens[i].kind != "word" or
                source.tokens[i].text in _KEYWORDS or
                not source.is_text(i + 1, "(")):
            continue
        arguments = source.arguments(i + 1)
        for a, b in zip(arguments, arguments[1:]):
            left, right = source.cut(*a), source.cut(*b)
            if left != right and '"' not in left + right:
                yield (i, source.tokens[a[0]].start, source.tokens[b[1]].end,
                       right + ", " + left)


def calls_reordered(source):
    """Two calls that are statements, or assignments, one after the other."""
    for i in source.inside():
        if source.tokens[i].kind != "word" or not source.begins_statement(i):
            continue
        if source.is_text(i - 1, ")", "else", "do"):
            continue
        first_end = source.statement_end(i)
        if first_end is None or source.tokens[i].text in _KEYWORDS:
            continue
        k = first_end + 1
        if source.tokens[k].kind != "word" or source.tokens[k].text in _KEYWORDS:
            continue
        second_end = source.statement_end(k)
        if second_end is None:
            continue
        first, second = source.cut(i, first_end), source.cut(k, second_end)
        if "(" in first and "(" in second and first != second:
            yield (i, source.tokens[i].start, source.tokens[second_end].end,
                   second + " " + first)


def early_return(source):
    for start, _ in source.bodies:
        i = source.partner[start - 1] # the parameters
        head = i - 1
        while head > 0 and not source.is_text(head - 1, ";", "}"):
            head -= 1
        words = [t.text for t in source.tokens[head:i]]
        if "void" in words and "*" not in words:
            text = " return;"
        else:
            text = " return 0;"
        yield start, source.tokens[start].end, source.tokens[start].end, text


OPERATORS = (condition_negated, condition_loosened, limit_off_by_one,
             constant_changed, operation_changed, statement_removed,
             arguments_swapped, calls_reordered, early_return)


def mutants_of(text):
    """All mutants of a file."""
    source = Source(text)
    found = []
    for operator in OPERATORS:
        for token, start, end, new in operator(source):
            line = text.count("\n", 0, max(start, source.tokens[token].start))
            found.append(Mutant(operator.__name__, start, end, new, line + 1))
    return found


def apply(text, mutant):
    return text[:mutant.start] + mutant.text + text[mutant.end:]


def describe(text, mutant):
    """The changed lines before and after, each with its space squeezed."""
    start = text.rfind("\n", 0, mutant.start) + 1
    end = text.find("\n", mutant.end)
    end = len(text) if end < 0 else end
    before = text[start:end]
    after = text[start:mutant.start] + mutant.text + text[mutant.end:end]
    return " ".join(before.split()), " ".join(after.split())
