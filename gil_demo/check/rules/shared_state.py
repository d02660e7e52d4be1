"""C uses a static or global variable where the GIL is released.

Mechanism:
    While every call kept the GIL, no other call could come between. In a block two calls run at
    the same time, and a variable that exists once for all of them is a data race, unless it is
    atomic or a lock guards it.

Not found:
    Variables of other files, fields of objects that calls share, and uses in functions that
    the block calls. The reader must judge whether the variable is written while
    another thread is in the block.

Sources:
    - https://docs.python.org/3/howto/free-threading-extensions.html#protecting-internal-extension-state
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from gil_demo.check.bodies import names_after
from gil_demo.check.flow.events import Flow
from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "advice"
FLAGS = ("gil_as_lock", "shared_scratch", "stale_flag")
INSTEAD = "Make it a local variable, make it atomic, or lock around it in the block."

VARIABLE = re.compile(
    r"^[ \t]*static\b((?:\s*+(?:(?!(?:const|static)\b)\w++|\*))+?)\s*+([A-Za-z_]\w*+)\s*+"
    r"(?:\[[^][;{}]*\]\s*+)*+(?:=(?!=)|;)",
    re.MULTILINE,
)
"""A static variable that is not constant: its type and its name."""
SAFE_TYPES = re.compile(
    r"atomic|_Atomic|mutex|Mutex|lock|LOCK|cond|once|sem_t|thread|Thread|_Type|PyMethodDef|inline|TypeObject|Def\b"
)
CHANGE = r"\s*(?:\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]\s*)*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)"
WRITTEN = (
    re.compile(rf"(?<![\w.>])([A-Za-z_]\w*){CHANGE}"),
    re.compile(r"(?:\+\+|--|&)\s*([A-Za-z_]\w*)\b"),
    re.compile(r"\bmem\w+\(\s*([A-Za-z_]\w*)\b"),
)
LOCAL = re.compile(
    r"\b(?!return\b|else\b|goto\b|\w+_THREADS\b)[A-Za-z_]\w*"
    r"(?:[ \t]+|[ \t]*\*[\s*]*)([A-Za-z_]\w*)\s*(?:=|;|\[)"
)
"""A declaration of a local variable: its name. On a line of its own a macro may begin a block."""
STATIC = re.compile(r"\bstatic\b")
USED = re.compile(r"(?<![\w.>])[A-Za-z_]\w*")
MAX_BEFORE = 200
"""How far before a change is looked whether it stands in a declaration."""


def find(file: CheckedFile) -> Iterator[Found]:
    """Find variables that exist once and are used in a block without a lock, one finding each."""
    outside = _file_variables(file)
    for flow in file.flows:
        if flow.regions:
            inside = _variables(flow.function.body)
            if outside or inside:
                yield from _used(file, flow, outside, inside)


def _file_variables(file: CheckedFile) -> frozenset[str]:
    code = file.source.code
    pieces = []
    position = 0
    for function in file.source.functions:
        pieces.append(code[position : function.opening])
        position = max(position, function.closing)
    pieces.append(code[position:])
    return _variables(" ".join(pieces))


def _variables(text: str) -> frozenset[str]:
    if "static" not in text:
        return frozenset()
    return frozenset(m[2] for m in VARIABLE.finditer(text) if not SAFE_TYPES.search(m[1]))


def _used(
    file: CheckedFile, flow: Flow, outside: frozenset[str], inside: frozenset[str]
) -> Iterator[Found]:
    body, base = flow.function.body, flow.function.opening
    local = frozenset(LOCAL.findall(body)) - names_after(body, STATIC)
    written = _written(file.source.code)
    for start, end, since, locked in flow.regions:
        if locked:
            continue
        for match in USED.finditer(body, max(start - base, 0), end - base):
            name = match.group()
            if name not in outside and name not in inside:
                continue
            if name in local or name not in written:
                continue
            at = base + match.start()
            message = f"{name} exists once for all threads, and nothing guards it in this block."
            yield Found(flow, at, at + len(name), "advice", message, ("shared", name), since)


@lru_cache(maxsize=4)
def _written(code: str) -> frozenset[str]:
    """Return the variables that get a value anywhere but where they are declared."""
    return frozenset(
        match[1]
        for pattern in WRITTEN
        for match in pattern.finditer(code)
        if "static"
        not in code[max(match.start() - MAX_BEFORE, 0) : match.start()].rpartition("\n")[2]
    )
