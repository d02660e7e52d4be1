"""Mutilates C source: what a file may look like while somebody edits it, and worse."""

import random
import re

PIECES = (
    *(
        "{",
        "}",
        "(",
        ")",
        ";",
        '"',
        "'",
        "/*",
        "*/",
        "//",
        "\\\n",
        "#if A\n",
        "#else\n",
        "#endif\n",
    ),
    *("#define X(", "Py_BEGIN_ALLOW_THREADS", "Py_END_ALLOW_THREADS", "PyGILState_Ensure()"),
    *("return", "goto out;", "out:", "for(;;)", "switch (x) {", "case 1:", "\0", "\xff", "?", "&&"),
    *('R"(', "[&](", "->", "::", "do {", "while (0)", "try {", "} catch (...) {", "%{", "@x@"),
)


def mutated(text: str, seed: int) -> str:
    """Return the text with a few pieces put in, taken out, doubled or moved."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 12)):
        at, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        end = min(end, at + chance.choice((1, 5, 40, 400)))
        kind = chance.randrange(5)
        if kind == 0:
            text = text[:at] + chance.choice(PIECES) * chance.choice((1, 1, 1, 30)) + text[at:]
        elif kind == 1:
            text = text[:at] + text[end:]
        elif kind == 2:
            text = text[:at] + text[at:end] * 2 + text[end:]
        elif kind == 3:
            words = re.findall(r"\w+", text) or ["x"]
            text = re.sub(rf"\b{chance.choice(words)}\b", chance.choice(words), text)
        else:
            text = text[at:end] + text[:at] + text[end:]
        text = text or " "
    return text
