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

from gil_demo.check.flow.events import Flow
from gil_demo.check.rule import CheckedFile, Found
from gil_demo.results.check import Level

LEVEL: Level = "advice"
FLAGS = ("gil_as_lock", "shared_scratch", "stale_flag")
INSTEAD = "Make it a local variable, make it atomic, or lock around it in the block."

VARIABLE = re.compile(
    r"^[ \t]*static\s+((?:(?!\bconst\b)[\w\s*])*?[\s*])([A-Za-z_]\w*)"
    r"\s*(?:\[[^\]]*\]\s*)*(=(?!=)|;)",
    re.MULTILINE,
)
SAFE_TYPES = re.compile(
    r"atomic|_Atomic|mutex|Mutex|lock|LOCK|cond|once|sem_t|thread|Thread|_Type|PyMethodDef|inline|TypeObject|Def\b"
)
CHANGE = r"\s*(?:\[[^\]]*\]\s*)*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)"


def find(file: CheckedFile) -> Iterator[Found]:
    """Find variables that exist once and are used in a block without a lock, one finding each."""
    outside = _file_variables(file)
    for flow in file.flows:
        if flow.regions:
            inside = _variables(flow.function.body)
            yield from _used(file, flow, {**outside, **inside})


def _file_variables(file: CheckedFile) -> dict[str, bool]:
    code = file.source.code
    pieces = []
    position = 0
    for function in sorted(file.source.functions, key=lambda one: one.opening):
        pieces.append(code[position : function.opening])
        position = max(position, function.closing)
    pieces.append(code[position:])
    return _variables(" ".join(pieces))


def _variables(text: str) -> dict[str, bool]:
    if "static" not in text:
        return {}
    return {m[2]: True for m in VARIABLE.finditer(text) if not SAFE_TYPES.search(m[1])}


def _used(file: CheckedFile, flow: Flow, variables: dict[str, bool]) -> Iterator[Found]:
    if not variables:
        return
    named = re.compile(rf"(?<![\w.>])(?:{'|'.join(map(re.escape, sorted(variables)))})\b")
    body, base = flow.function.body, flow.function.opening
    for start, end, since, locked in flow.regions:
        if locked:
            continue
        for match in named.finditer(body, max(start - base, 0), end - base):
            name = match.group()
            if _is_local(body, name) or not _is_written(file.source.code, name):
                continue
            at = base + match.start()
            message = f"{name} exists once for all threads, and nothing guards it in this block."
            yield Found(flow, at, at + len(name), "advice", message, ("shared", name), since)


def _is_local(body: str, name: str) -> bool:
    """Tell whether a local variable of the same name hides it."""
    declared = re.search(
        rf"\b(?!return\b|else\b|goto\b)[A-Za-z_]\w*[\s*]+{name}\s*(?:=|;|\[)", body
    )
    return declared is not None and not re.search(rf"\bstatic\b[^;]*\b{name}\b", body)


def _is_written(code: str, name: str) -> bool:
    """Tell whether a variable gets a value anywhere but where it is declared."""
    for match in re.finditer(
        rf"(?<![\w.>]){name}{CHANGE}|(?:\+\+|--|&)\s*{name}\b|\bmem\w+\(\s*{name}\b", code
    ):
        line = code[code.rfind("\n", 0, match.start()) + 1 : match.start()]
        if "static" not in line:
            return True
    return False
