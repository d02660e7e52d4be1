"""The ways through a function: who has the GIL at each call and at each way out.

An abstract interpreter over the syntax tree. It knows no rule: it notes events, and the rules
judge them. A state says whether the GIL is as the caller left it, held, released or unknown,
and what is known of the conditions that led there. Ways are joined where they agree on the
GIL, so that a function has a handful of states however many ways lead through it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from gil_demo.check import api, facts, words
from gil_demo.check.facts import Facts
from gil_demo.check.grammar import HEAD, MAX_DEPTH, parse_body
from gil_demo.check.source import Function, Macro, Source, closing_paren

CALLER, HELD, RELEASED, UNKNOWN = "caller", "held", "released", "unknown"

MAX_STATES = 24
MAX_PASSES = 3
MAX_WORK = 60_000
"""How many statements are executed, counted with each pass, before a function is given up."""
MAX_BODY = 400_000
MAX_EXPANSION = 6

MARK = re.compile(
    r"((?:[A-Za-z_]\w*(?:\[[^\[\]]*\])?\s*(?:->|\.|::)\s*)*)([A-Za-z_~]\w*)"
    r"(\s*\(|\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)|\s*(?:\+\+|--))?"
)
KEYWORDS = frozenset(
    [
        "if",
        "while",
        "for",
        "switch",
        "sizeof",
        "defined",
        "catch",
        "alignof",
        "typeof",
        "__typeof__",
        "decltype",
        "else",
        "do",
        "static",
        "const",
        "int",
        "char",
        "void",
        "unsigned",
        "signed",
        "long",
        "short",
        "double",
        "float",
        "struct",
        "union",
        "enum",
        "not",
        "and",
        "or",
        "try",
        "typeid",
        "static_assert",
        "_Static_assert",
        "noexcept",
        "__attribute__",
    ]
)
JUMPS = frozenset(["return", "goto", "break", "continue", "throw", "co_return", "__leave"])
ASSERTS = frozenset(
    ["assert", "Py_ASSERT", "ASSERT", "_PyObject_ASSERT", "static_assert", "DEBUG_ASSERT"]
)
LIKELY = frozenset(
    [
        "likely",
        "unlikely",
        "LIKELY",
        "UNLIKELY",
        "NPY_LIKELY",
        "NPY_UNLIKELY",
        "__builtin_expect",
        "G_LIKELY",
        "G_UNLIKELY",
    ]
)
LOCKS = frozenset(
    [
        "pthread_mutex_lock",
        "pthread_rwlock_wrlock",
        "pthread_rwlock_rdlock",
        "mtx_lock",
        "EnterCriticalSection",
        "PyThread_acquire_lock",
    ]
)
UNLOCKS = frozenset(
    [
        "pthread_mutex_unlock",
        "pthread_rwlock_unlock",
        "mtx_unlock",
        "LeaveCriticalSection",
        "PyThread_release_lock",
    ]
)
STATEMENT_ARGUMENT = re.compile(r"\b(?!(?:if|for|while|switch|return|sizeof)\b)([A-Za-z_]\w*)\s*\(")
STATEMENT = re.compile(r"[;{]|\b(?:return|goto|break|continue)\b|=(?!=)")
MFC = (
    (re.compile(r"\bTRY\b"), "try"),
    (re.compile(r"\b(?:AND_)?CATCH(?:_ALL)?\s*\([^()]*\)"), "catch(...)"),
    (re.compile(r"\bEND_(?:CATCH(?:_ALL)?|TRY)\b"), ""),
)
"""The exceptions of Microsoft's class library, which are macros."""
FORKS = frozenset(["fork", "fork1", "vfork", "forkpty"])
NEEDS_API = ("needs_api", "needs_pyapi")
"""Variables by which NumPy's code says that it keeps the GIL."""
PYBIND = re.compile(r"(?:^|\W)(?:py|pybind11|nb|nanobind)\s*::\s*$")
PYBIND_CALLS = frozenset(
    [
        "cast",
        "print",
        "list",
        "dict",
        "tuple",
        "str",
        "int_",
        "float_",
        "bytes",
        "import",
        "eval",
        "exec",
        "isinstance",
        "len",
        "getattr",
        "setattr",
        "hasattr",
        "make_tuple",
        "reinterpret_borrow",
        "reinterpret_steal",
    ]
)


class State(NamedTuple):
    """Where a way through the function stands.

    ``saved`` has, for each ``PyGILState_Ensure`` or guard object, what was before it.
    """

    gil: str = CALLER
    since: int = -1
    entered_released: bool = False
    saved: tuple[tuple[str, int, str, int, int], ...] = ()
    locks: tuple[tuple[str, int], ...] = ()
    facts: Facts = frozenset()


States = tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """Why a function needs the GIL: the API function that it reaches, and the way there."""

    name: str
    way: tuple[tuple[str, str, int], ...]
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What calling a function means for the caller's GIL."""

    need: Need | None = None
    begins: tuple[str, int] | None = None
    effect: str = ""
    returns: bool = True


class World(Protocol):
    """What a function's surroundings say of the names that it uses."""

    def macro(self, name: str, source: Source) -> Macro | None:
        """Return a macro that releases, returns or calls, or None."""

    def summary(self, name: str, function: Function, depth: int) -> Summary | None:
        """Return what a call of one of the project's own functions means."""

    def defines(self, name: str) -> bool:
        """Tell whether a macro of the project has this name."""

    def takes_statements(self, name: str) -> bool:
        """Tell whether a macro of the project has this name and parameters."""

    def guard(self, name: str) -> str | None:
        """Return whether a class's objects release the GIL or hold it while they live."""

    def statement_macros(self) -> frozenset[str]:
        """Return the names of the macros that may stand as statements."""


@dataclass(slots=True)
class Seen:
    """In which states a place was reached."""

    released: set[int] = field(default_factory=set)
    held: bool = False
    caller: bool = False
    conditional: bool = True
    since: set[int] = field(default_factory=set)

    def add(self, state: State, parameters: dict[str, bool]) -> None:
        """Note one more state; an unknown one says nothing."""
        if state.gil == RELEASED:
            self.released.add(state.since)
        elif state.gil == HELD:
            self.held = True
            self.since.add(state.since)
        elif state.gil == CALLER:
            self.caller = True
            if not facts.decided_by(state.facts, parameters):
                self.conditional = False

    @property
    def always(self) -> bool:
        """Tell whether the GIL was released on all ways that lead here."""
        return bool(self.released) and not (self.held or self.caller)


@dataclass(slots=True)
class Event:
    """Something at a place in a function.

    Attributes:
        kind: ``api``, ``own``, ``looks-like-api``, ``read``, ``begin``, ``begins``, ``end``,
            ``exit``, ``pointer``, ``lock`` or ``end-with-lock``.
        name: The function, the switch or the way out.
        start: Offset in the file.
        stop: Offset of its end.
        seen: The states that reach it.
        need: For ``own``: why it needs the GIL.
        detail: For ``begins``: the file and offset of the other BEGIN; for locks, which one.
        loop: Whether a loop of the function surrounds it.
    """

    kind: str
    name: str
    start: int
    stop: int
    seen: Seen
    need: Need | None = None
    detail: Any = None
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """What released the GIL or took it back; ``paired`` if END must be in the same function."""

    name: str
    paired: bool = False


@dataclass(slots=True)
class Flow:
    """What the ways through one reading of a function come to."""

    function: Function
    events: list[Event]
    regions: list[tuple[int, int, int, bool]]
    switches: dict[int, Switch]
    understood: bool
    blocks: int
    summary: Summary


class TooMuch(Exception):
    """More ways or deeper statements than are followed."""


@dataclass(eq=False, slots=True)
class _Code:
    """Text that is executed: a function's body, or a macro's with its arguments."""

    text: str
    root: Any
    place: Callable[[int], int]
    marks: list[re.Match[str]]
    starts: list[int]
    level: int


def follow(function: Function, body: str, world: World, depth: int = 0) -> Flow:
    """Follow all ways through one reading of a function."""
    walker = _Walker(function, body, world, depth)
    try:
        walker.run()
    except (TooMuch, RecursionError):
        walker.understood = False
        walker.events.clear()
    return walker.flow()


class _Walker:
    """Executes a function's statements on sets of states."""

    def __init__(self, function: Function, body: str, world: World, depth: int) -> None:
        self.function = function
        self.source = function.source
        self.world = world
        self.depth = depth
        self.body = body
        self.events: dict[tuple[str, int, str], Event] = {}
        self.regions: dict[tuple[int, int], tuple[int, bool]] = {}
        self.switches: dict[int, Switch] = {}
        self.understood = len(body) <= MAX_BODY
        self.exits: set[State] = set()
        self.gotos: dict[str, set[State]] = {}
        self.breaks: list[set[State]] = []
        self.continues: list[set[State]] = []
        self.thrown: list[set[State]] = []
        self.work = 0
        self.nesting = 0
        self.scope = 0
        self.loops = 0
        self.guards: dict[str, str] = {}
        self.opaque = False
        self.pointers = set(re.findall(r"\(\s*\*\s*(?:const\s+)?([A-Za-z_]\w*)\s*\)", body))

    # -- running ---------------------------------------------------------------------------

    def run(self) -> None:
        if not self.understood:
            return
        base = self.function.opening - len(HEAD)
        text = with_semicolons(self.body, self.world.statement_macros())
        code = self._parsed(HEAD + text, lambda at: base + at, 0)
        body = code.root
        definition = next((c for c in body.children if c.type == "function_definition"), None)
        block = definition.child_by_field_name("body") if definition is not None else None
        nodes = body.children if block is None else [block]
        if code.root.has_error:
            self.opaque = _has_error(code.root)
        for _ in range(MAX_PASSES):
            before = {label: set(states) for label, states in self.gotos.items()}
            states: States = (State(),)
            for node in nodes:
                states = self.statement(code, node, states)
            if before == self.gotos or not self.gotos:
                break
        end = self.function.closing - 1
        self.leave("end", end, end + 1, states)

    def flow(self) -> Flow:
        """Return what was found."""
        blocks = sum(1 for event in self.events.values() if event.kind == "begin")
        understood = self.understood and not self.opaque
        events = sorted(self.events.values(), key=lambda event: event.start)
        regions = [(*span, *its) for span, its in sorted(self.regions.items())]
        summary = self._summary(events) if self.understood else Summary()
        return Flow(self.function, events, regions, self.switches, understood, blocks, summary)

    def _summary(self, events: list[Event]) -> Summary:
        need: Need | None = None
        begins: tuple[str, int] | None = None
        here = str(self.source.path)
        for event in events:
            if not event.seen.caller:
                continue
            if event.kind in ("api", "own") and (need is None or need.conditional):
                inner = event.need
                way = ((self.function.name, here, event.start), *(inner.way if inner else ()))
                conditional = event.seen.conditional or bool(inner and inner.conditional)
                if need is None or not conditional:
                    need = Need(inner.name if inner else event.name, way, conditional)
            elif event.kind == "begin" and begins is None:
                begins = (here, event.start)
            elif event.kind == "begins" and begins is None:
                begins = event.detail
        if any(event.kind == "end" and event.seen.caller for event in events):
            begins = None  # it is made for callers that have released the GIL
            need = replace(need, conditional=True) if need is not None else None
        if not self.exits:
            return Summary(need, begins, "", returns=False)
        return Summary(need, begins, self._effect())

    def _effect(self) -> str:
        ends = set()
        for state in self.exits:
            if state.gil == UNKNOWN:
                ends.add("unknown")
            elif state.gil == RELEASED:
                ends.add("" if state.entered_released else "release")
            elif (state.gil == HELD and state.entered_released) or any(
                tag == "ensure" for tag, *_ in state.saved
            ):
                ends.add("acquire")
            else:
                ends.add("")
        return ends.pop() if len(ends) == 1 else "unknown"

    def _parsed(self, text: str, place: Callable[[int], int], level: int) -> _Code:
        """Parse text and mark what matters in it."""
        readable = self._without_statement_arguments(text)
        if self.source.cpp and "CATCH" in readable:
            for pattern, replacement in MFC:
                readable = pattern.sub(partial(_padded, replacement), readable)
        root = parse_body(readable[len(HEAD) :], self.source.cpp)
        marks = [
            mark
            for mark in MARK.finditer(text, len(HEAD))
            if mark[3] is not None
            or mark[2] in JUMPS
            or _may_matter(mark[2])
            or text[mark.start(2) - 1] in "&:"
            or _is_label(text, mark.end())
        ]
        return _Code(text, root, place, marks, [mark.start(2) for mark in marks], level)

    def _without_statement_arguments(self, text: str) -> str:
        """Return the text with a number for each macro argument that is a statement."""
        position = len(HEAD)
        while (match := STATEMENT_ARGUMENT.search(text, position)) is not None:
            position = match.end()
            opening = text.find("(", match.start())
            closing = closing_paren(text, opening)
            inside = text[opening + 1 : closing]
            statement = STATEMENT.search(inside) and self.world.takes_statements(match[1])
            if closing > 0 and (statement or match[1] in ASSERTS):
                text = text[: opening + 1] + "0".ljust(len(inside)) + text[closing:]
                position = closing
        return text

    # -- events ----------------------------------------------------------------------------

    def note(
        self, kind: str, name: str, span: tuple[int, int], states: States, **more: Any
    ) -> Event:
        key = (kind, span[0], name)
        event = self.events.get(key)
        if event is None:
            event = Event(kind, name, *span, Seen(), loop=self.loops > 0, **more)
            self.events[key] = event
        for state in states:
            event.seen.add(state, self.function.parameters)
        return event

    def leave(self, kind: str, start: int, stop: int, states: States) -> None:
        """Leave the function: guard objects go first."""
        states = tuple(self._unwound(state, 0) for state in states)
        if not states:
            return
        self.exits.update(s._replace(facts=frozenset(), locks=()) for s in states)
        meant = (s for s in states if not (s.gil == RELEASED and s.entered_released))
        self.note("exit", kind, (start, stop), tuple(meant))
        ensured = tuple(s for s in states if any(tag == "ensure" for tag, *_ in s.saved))
        event = self.note("exit-ensured", kind, (start, stop), ())
        event.detail = {
            *(event.detail or ()),
            *(place for s in ensured for tag, _, _, _, place in s.saved if tag == "ensure"),
        }
        if len(ensured) < len(states):
            event.seen.held = True

    # -- statements ------------------------------------------------------------------------

    def statement(self, code: _Code, node: Any, states: States) -> States:
        """Execute a statement; return the states behind it."""
        kind = node.type
        start, end = node.start_byte, node.end_byte
        if not self._matters(code, start, end):
            self._region(code, start, end, states)
            return states
        self.work += 1
        if self.work > MAX_WORK or self.nesting > MAX_DEPTH:
            raise TooMuch
        self.nesting += 1
        try:
            method = _STATEMENTS.get(kind)
            if method is not None:
                return method(self, code, node, states)
            if kind in _CONTAINERS:
                return self._in_order(code, node.children, states)
            return self.expression(code, node, states)
        finally:
            self.nesting -= 1

    def _matters(self, code: _Code, start: int, end: int) -> bool:
        index = bisect_left(code.starts, start)
        return index < len(code.starts) and code.starts[index] < end

    def _in_order(self, code: _Code, nodes: Iterable[Any], states: States) -> States:
        for node in nodes:
            if node.is_named:
                states = self.statement(code, node, states)
        return states

    def _compound(self, code: _Code, node: Any, states: States) -> States:
        self.scope += 1
        depth = self.scope
        states = self._in_order(code, node.children, states)
        self.scope -= 1
        return joined(self._unwound(state, depth) for state in states)

    def _unwound(self, state: State, depth: int) -> State:
        """Return the state after the guard objects of a scope and of those in it have gone."""
        saved = list(state.saved)
        gil, since = state.gil, state.since
        locks = tuple(lock for lock in state.locks if not lock[0].startswith(f"{depth}|"))
        while saved and any(tag == "guard" and at >= depth for tag, at, *_ in saved):
            index = max(
                i for i, (tag, at, *_) in enumerate(saved) if tag == "guard" and at >= depth
            )
            _, _, before, its_since, _ = saved.pop(index)
            if gil != UNKNOWN:
                gil, since = before, its_since
        if len(saved) == len(state.saved) and locks == state.locks:
            return state
        return state._replace(gil=gil, since=since, saved=tuple(saved), locks=locks)

    def _if(self, code: _Code, node: Any, states: States) -> States:
        then, otherwise = self.condition(code, node.child_by_field_name("condition"), states)
        consequence = node.child_by_field_name("consequence")
        alternative = node.child_by_field_name("alternative")
        if consequence is not None:
            then = self.statement(code, consequence, then)
        if alternative is not None:
            otherwise = self.statement(code, alternative, otherwise)
        return joined((*then, *otherwise))

    def _loop(
        self, code: _Code, states: States, condition: Any, body: Any, update: Any, first: bool
    ) -> States:
        """Execute a loop until no new state comes round; ``first`` for do-while."""
        self.loops += 1
        self.breaks.append(set())
        self.continues.append(set())
        head: States = states
        out: States = ()
        for _ in range(MAX_PASSES):
            if first:
                inside: States = head
            else:
                inside, out = self._maybe(code, condition, head)
            inside = self.statement(code, body, inside) if body is not None else inside
            inside = joined((*inside, *self.continues[-1]))
            if update is not None:
                inside = self.expression(code, update, inside)
            if first:
                inside, out = self._maybe(code, condition, inside)
            grown = joined((*head, *inside))
            if set(grown) == set(head):
                break
            head = grown
        self.loops -= 1
        self.continues.pop()
        return joined((*out, *self.breaks.pop()))

    def _maybe(self, code: _Code, condition: Any, states: States) -> tuple[States, States]:
        if condition is None:
            return states, ()
        return self.condition(code, condition, states)

    def _while(self, code: _Code, node: Any, states: States) -> States:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        return self._loop(code, states, condition, body, None, first=False)

    def _do(self, code: _Code, node: Any, states: States) -> States:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        return self._loop(code, states, condition, body, None, first=True)

    def _for(self, code: _Code, node: Any, states: States) -> States:
        initializer = node.child_by_field_name("initializer")
        if initializer is not None:
            states = self.statement(code, initializer, states)
        condition, update = (
            node.child_by_field_name("condition"),
            node.child_by_field_name("update"),
        )
        body = node.child_by_field_name("body")
        return self._loop(code, states, condition, body, update, first=False)

    def _for_each(self, code: _Code, node: Any, states: States) -> States:
        right = node.child_by_field_name("right")
        if right is not None:
            states = self.expression(code, right, states)
        body = node.child_by_field_name("body")
        after = self._loop(code, states, None, body, None, first=False)
        return joined((*states, *after))

    def _switch(self, code: _Code, node: Any, states: States) -> States:
        condition = node.child_by_field_name("condition")
        states = self.expression(code, condition, states)
        text = " ".join(code.text[condition.start_byte : condition.end_byte].split())
        key = text.strip("() ")
        if len(key) <= facts.MAX_LENGTH:
            entered = tuple(
                s._replace(facts=facts.assume(s.facts, f"switch {key}", True)) for s in states
            )
        else:
            entered = states
        self.breaks.append(set())
        body = node.child_by_field_name("body")
        inside: States = ()
        default = False
        for child in body.children if body is not None else ():
            if child.type == "case_statement":
                colon = next((i for i, c in enumerate(child.children) if c.type == ":"), 0)
                default = default or (bool(child.children) and child.children[0].type == "default")
                inside = joined((*inside, *entered))
                inside = self._in_order(code, child.children[colon + 1 :], inside)
            elif child.is_named:
                inside = self.statement(code, child, inside)
        if not default:
            inside = (*inside, *states)
        return joined((*inside, *self.breaks.pop()))

    def _label(self, code: _Code, node: Any, states: States) -> States:
        label = node.child_by_field_name("label")
        name = code.text[label.start_byte : label.end_byte] if label is not None else ""
        states = joined((*states, *self.gotos.get(name, ())))
        rest = [
            child for child in node.children if label is None or child.start_byte > label.start_byte
        ]
        return self._in_order(code, rest, states)

    def _return(self, code: _Code, node: Any, states: States) -> States:
        states = self.expression(code, node, states)
        start = code.place(node.start_byte)
        self.leave("return", start, max(code.place(node.end_byte - 1) + 1, start + 1), states)
        return ()

    def _throw(self, code: _Code, node: Any, states: States) -> States:
        states = self.expression(code, node, states)
        if self.thrown:
            self.thrown[-1].update(states)
        else:
            start = code.place(node.start_byte)
            self.leave("throw", start, max(code.place(node.end_byte - 1) + 1, start + 1), states)
        return ()

    def _goto(self, code: _Code, node: Any, states: States) -> States:
        label = node.child_by_field_name("label")
        if label is not None:
            name = code.text[label.start_byte : label.end_byte]
            known = self.gotos.setdefault(name, set())
            known.update(joined((*known, *states)))
        return ()

    def _break(self, code: _Code, node: Any, states: States) -> States:
        if self.breaks:
            self.breaks[-1].update(states)
        return ()

    def _continue(self, code: _Code, node: Any, states: States) -> States:
        if self.continues:
            self.continues[-1].update(states)
        return ()

    def _try(self, code: _Code, node: Any, states: States) -> States:
        self.thrown.append(set())
        depth = self.scope + 1
        body = node.child_by_field_name("body")
        after = self.statement(code, body, states) if body is not None else states
        caught = (*states, *(self._unwound(s, depth) for s in self.thrown.pop()))
        result = list(after)
        for child in node.children:
            if child.type == "catch_clause":
                inner = child.child_by_field_name("body")
                if inner is not None:
                    result += self.statement(code, inner, joined(caught))
        return joined(result)

    def _seh(self, code: _Code, node: Any, states: States) -> States:
        """Execute Windows' ``__try``: the handler runs in place of the rest."""
        after: States = ()
        caught: States = ()
        for child in node.named_children:
            if child.type == "seh_except_clause":
                caught = self._in_order(code, child.children, states)
            elif child.type == "seh_finally_clause":
                after = self._in_order(code, child.children, after)
            else:
                after = self.statement(code, child, states)
        return joined((*after, *caught))

    def _nothing(self, code: _Code, node: Any, states: States) -> States:
        return states

    # -- expressions -----------------------------------------------------------------------

    def condition(self, code: _Code, node: Any, states: States) -> tuple[States, States]:
        """Execute a condition; return the states in which it is true and those where not."""
        while (
            node.type in ("parenthesized_expression", "condition_clause")
            and node.named_child_count == 1
        ):
            node = node.named_children[0]
        if node.type == "binary_expression":
            operator = node.child_by_field_name("operator").type
            if operator in ("&&", "||", "and", "or"):
                left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
                yes, no = self.condition(code, left, states)
                if operator in ("&&", "and"):
                    both, not_right = self.condition(code, right, yes)
                    return both, joined((*no, *not_right))
                right_yes, neither = self.condition(code, right, no)
                return joined((*yes, *right_yes)), neither
        if node.type == "unary_expression" and code.text[node.start_byte] == "!":
            yes, no = self.condition(code, node.child_by_field_name("argument"), states)
            return no, yes
        if node.type == "call_expression":
            name = node.child_by_field_name("function")
            arguments = node.child_by_field_name("arguments")
            if code.text[name.start_byte : name.end_byte] in LIKELY and arguments.named_child_count:
                return self.condition(code, arguments.named_children[0], states)
        states = self.expression(code, node, states)
        return self._split(code.text[node.start_byte : node.end_byte], states)

    def _split(self, text: str, states: States) -> tuple[States, States]:
        if text.startswith("PyEval_ThreadsInitialized"):
            return states, ()
        if text.startswith("PyGILState_Check"):
            yes = tuple(s if s.gil == HELD else s._replace(gil=HELD, since=-1) for s in states)
            return yes, tuple(s._replace(gil=UNKNOWN) for s in states)
        form = facts.normal(text)
        value = facts.constant(text)
        if value is not None:
            return (states, ()) if value else ((), states)
        if form is None:
            return states, states
        key, as_written = form
        true: list[State] = []
        false: list[State] = []
        for state in states:
            known = facts.truth(key, state.facts)
            if known is not False:
                true.append(
                    state if known else state._replace(facts=facts.assume(state.facts, key, True))
                )
            if known is not True:
                false.append(
                    state._replace(facts=facts.assume(state.facts, key, False))
                    if known is None
                    else state
                )
        pair = tuple(true), tuple(false)
        return pair if as_written else (pair[1], pair[0])

    def expression(self, code: _Code, node: Any, states: States) -> States:
        """Execute an expression or a declaration."""
        start, end = node.start_byte, node.end_byte
        text = code.text[start:end]
        if (
            states
            and ("&&" in text or "||" in text or "?" in text)
            and self._matters(code, start, end)
        ):
            inner = self._short_circuit(node)
            if inner is not None:
                if inner.type == "conditional_expression":
                    return self._conditional(code, inner, node, states)
                before = self._run_marks(code, start, inner.start_byte, states)
                yes, no = self.condition(code, inner, before)
                return self._run_marks(code, inner.end_byte, end, joined((*yes, *no)))
        return self._run_marks(code, start, end, states)

    def _conditional(self, code: _Code, inner: Any, node: Any, states: States) -> States:
        states = self._run_marks(code, node.start_byte, inner.start_byte, states)
        yes, no = self.condition(code, inner.child_by_field_name("condition"), states)
        first, second = (inner.child_by_field_name(n) for n in ("consequence", "alternative"))
        if first is not None:
            yes = self.expression(code, first, yes)
        if second is not None:
            no = self.expression(code, second, no)
        return self._run_marks(code, inner.end_byte, node.end_byte, joined((*yes, *no)))

    def _short_circuit(self, node: Any) -> Any:
        """Return the outermost ``&&``, ``||`` or ``?:`` of an expression, if there is one."""
        waiting = [node]
        for _ in range(200):
            if not waiting:
                return None
            current = waiting.pop(0)
            if current.type == "conditional_expression":
                return current
            operator = current.child_by_field_name("operator")
            if operator is not None and operator.type in ("&&", "||", "and", "or"):
                return current
            if current.type not in ("lambda_expression", "ERROR"):
                waiting += current.named_children
        return None

    def _run_marks(self, code: _Code, start: int, end: int, states: States) -> States:
        """Execute what matters between two offsets, in the order of the text."""
        self._region(code, start, end, states)
        index = bisect_left(code.starts, start)
        skip_to = start
        while index < len(code.starts) and code.starts[index] < end:
            mark = code.marks[index]
            index += 1
            if mark.start(2) < skip_to or not states:
                continue
            states, skip_to = self._mark(code, mark, states, skip_to)
        return states

    def _region(self, code: _Code, start: int, end: int, states: States) -> None:
        """Note a stretch of the function that runs with the GIL released."""
        if code.level or end <= start or not states:
            return
        if all(state.gil == RELEASED for state in states):
            locked = any(state.locks for state in states)
            span = code.place(start), code.place(end - 1) + 1
            self.regions.setdefault(span, (states[0].since, locked))

    def _mark(
        self, code: _Code, mark: re.Match[str], states: States, skip_to: int
    ) -> tuple[States, int]:
        name, tail = mark[2], mark[3]
        prefix = mark[1].rstrip()
        called = tail is not None and tail.endswith("(")
        if name in words.SWITCHES and not prefix:
            return self._switch_word(code, mark, states), skip_to
        if "->" in prefix or prefix.endswith("."):
            if called:
                return self._method(code, mark, states), skip_to
            if tail:
                return self._assigned(code, mark, states), skip_to
            return states, skip_to
        guard = self.world.guard(name)
        if guard is not None:
            return self._guarded(code, mark, guard, states), skip_to
        if name in ASSERTS and called:
            return states, max(closing_paren(code.text, mark.end() - 1), skip_to)
        macro = self.world.macro(name, self.source)
        if macro is not None and (called or macro.parameters is None):
            return self._expand(code, mark, macro, states)
        if called:
            return self._call(code, mark, states), skip_to
        if name.startswith("Py_RETURN_"):
            self.leave("return", *self._span(code, mark), states)
            return (), skip_to
        if tail is not None:
            return self._assigned(code, mark, states), skip_to
        if code.text[mark.start(2) - 1] == "&" and code.text[mark.start(2) - 2] != "&":
            return tuple(s._replace(facts=facts.forget(s.facts, name)) for s in states), skip_to
        return states, skip_to

    def _span(self, code: _Code, mark: re.Match[str]) -> tuple[int, int]:
        start = code.place(mark.start(2))
        return start, max(code.place(mark.end(2) - 1) + 1, start + 1)

    def _assigned(self, code: _Code, mark: re.Match[str], states: States) -> States:
        name = "".join((mark[1] + mark[2]).split())
        value = None
        if mark[3].strip() == "=":
            after = re.match(r"[^;,()]*", code.text[mark.end() : mark.end() + 24])
            value = facts.constant(after.group()) if after is not None else None
        result = []
        for state in states:
            known = facts.forget(state.facts, name)
            if value is not None and len(known) < facts.MAX_FACTS:
                known |= {(f"{name}#", value)}
            result.append(state._replace(facts=known))
        return joined(result)

    # -- what releases and takes back ------------------------------------------------------

    def _switch_word(self, code: _Code, mark: re.Match[str], states: States) -> States:
        name = mark[2]
        span = self._span(code, mark)
        self.switches[span[0]] = Switch(name)
        if name in words.UNKNOWN:
            return joined(s._replace(gil=UNKNOWN, since=span[0], saved=()) for s in states)
        if name in words.RELEASE or name in words.MAYBE_RELEASE:
            return self._release(code, mark, name, span, states)
        if name in words.MAYBE_ACQUIRE:
            self._locks_at_end(span, tuple(s for s in states if s.gil == RELEASED))
            passed = "_save" in self.function.parameters
            return joined(
                s._replace(gil=HELD, since=span[0])
                if s.gil == RELEASED
                else s._replace(gil=HELD, since=span[0], entered_released=True)
                if passed and s.gil == CALLER
                else s
                for s in states
            )
        if name in words.ACQUIRE:
            return self._acquire(name, span, states)
        if name in words.ENSURE:
            frame = "ensure", self.scope
            return joined(
                s._replace(
                    gil=HELD if s.gil != UNKNOWN else UNKNOWN,
                    since=span[0],
                    saved=(*s.saved, (*frame, s.gil, s.since, span[0])),
                )
                if len(s.saved) < 4
                else s
                for s in states
            )
        return joined(self._unensured(state) for state in states)

    def _unensured(self, state: State) -> State:
        for index in reversed(range(len(state.saved))):
            tag, _, gil, since, _ = state.saved[index]
            if tag == "ensure":
                saved = state.saved[:index] + state.saved[index + 1 :]
                return state._replace(gil=gil, since=since, saved=saved)
        return state._replace(gil=UNKNOWN)

    def _release(
        self, code: _Code, mark: re.Match[str], name: str, span: tuple[int, int], states: States
    ) -> States:
        self.note("begin", name, span, states)
        variable = _variable(code.text, mark)
        after = []
        for state in states:
            if state.gil == UNKNOWN:
                after.append(state)
                continue
            known = facts.forget(state.facts, variable) if variable else state.facts
            if variable and len(known) < facts.MAX_FACTS:
                known |= {(variable, 1)}
            if name.startswith("NPY_"):
                known |= {(fact, 0) for fact in NEEDS_API if facts.truth(fact, known) is None}
            after.append(state._replace(gil=RELEASED, since=span[0], facts=known))
            if name in words.MAYBE_RELEASE:
                after.append(state)
        self.switches[span[0]] = Switch(name, self._is_paired(code, name, variable))
        return joined(after)

    def _is_paired(self, code: _Code, name: str, variable: str) -> bool:
        """Tell whether only this function can take back what it releases here.

        So it is where the thread state is kept in a local variable that goes nowhere else.
        """
        if name != "PyEval_SaveThread":
            return name.startswith(("NPY_", "Py_"))
        if not variable.isidentifier():
            return False
        text = self.body if re.search(rf"\b{variable}\b", self.body) else code.text
        if not re.search(rf"PyThreadState\s*\*\s*{variable}\b", text):
            return False
        return not re.search(rf"(?:=|\breturn|&)\s*{variable}\s*[;,)]", text + code.text)

    def _acquire(self, name: str, span: tuple[int, int], states: States) -> States:
        self.note("end", name, span, states)
        self._locks_at_end(span, tuple(s for s in states if s.gil == RELEASED))
        after = []
        for state in states:
            if state.gil == UNKNOWN:
                after.append(state)
            elif state.gil == CALLER:
                after.append(state._replace(gil=HELD, since=span[0], entered_released=True))
            else:
                after.append(state._replace(gil=HELD, since=span[0]))
        return joined(after)

    def _guarded(self, code: _Code, mark: re.Match[str], guard: str, states: States) -> States:
        """Begin the life of an object that releases the GIL, or holds it, until its scope ends."""
        declared = re.match(
            r"(?:\s*<[^;<>]*>)?\s*([A-Za-z_]\w*)\s*[;({=]",
            code.text[mark.end(2) : mark.end(2) + 160],
        )
        if declared is None:
            return states
        self.guards[declared[1]] = guard
        span = self._span(code, mark)
        self.switches[span[0]] = Switch(mark[2])
        gil = RELEASED if guard == "release" else HELD
        if guard == "release":
            self.note("begin", mark[2], span, states)
        return joined(
            s
            if s.gil == UNKNOWN or len(s.saved) > 3
            else s._replace(
                gil=gil,
                since=span[0],
                saved=(*s.saved, ("guard", self.scope, s.gil, s.since, span[0])),
            )
            for s in states
        )

    # -- calls -----------------------------------------------------------------------------

    def _method(self, code: _Code, mark: re.Match[str], states: States) -> States:
        """Note a call through a pointer or of an object's method, which is not followed."""
        owner = re.split(r"->|\.", mark[1].strip())[0].strip()
        if owner in self.guards:
            return joined(s._replace(gil=UNKNOWN, since=-1) for s in states)
        if mark[2] in ("lock", "unlock") and self.source.cpp:
            text = "".join(mark[1].split()).rstrip("->.")
            return self._lock(text, mark[2] == "lock", self._span(code, mark), states)
        self.note("pointer", mark[2], self._span(code, mark), states)
        return states

    def _call(self, code: _Code, mark: re.Match[str], states: States) -> States:
        name = mark[2]
        span = self._span(code, mark)
        if name in KEYWORDS or name in JUMPS:
            return states
        if name in self.function.parameters or name in self.pointers:
            self.note("pointer", name, span, states)
            return states
        if name in PYBIND_CALLS and PYBIND.search(mark[1]):
            self.note("api", f"py::{name}", span, states)
            return states
        if name in words.NO_RETURN:
            return ()
        if name in FORKS:
            return joined(s._replace(gil=UNKNOWN, since=-1) for s in states)
        if name in LOCKS or name in UNLOCKS:
            argument = _argument(code.text, mark.end() - 1, 0)
            text = "".join(argument.split()).lstrip("&")
            waits = _argument(code.text, mark.end() - 1, 1) not in ("0", "NOWAIT_LOCK")
            return self._lock(text, name in LOCKS, span, states, waits)
        kind = api.kind_of(name) if not mark[1] else None
        own = None
        if kind is None or (name.startswith("_") and kind != "free"):
            own = self.world.summary(name, self.function, self.depth)
        if own is not None:
            return self._own(name, own, span, states)
        if kind == "free" and name in api.ONLY_WITH_MESSAGE:
            argument = _argument(code.text, mark.end() - 1, api.ONLY_WITH_MESSAGE[name])
            kind = "needs" if facts.constant(argument) == 0 else kind
        if kind == "needs":
            self.note("api", name, span, states)
        elif kind == "reads":
            self.note("read", name, span, states)
        elif (
            kind is None
            and not mark[1]
            and api.looks_like_api(name)
            and not self.world.defines(name)
        ):
            variable = re.search(rf"\b{name}\s*(?:=(?!=)|;|\))", self.source.code)
            self.note("pointer" if variable else "looks-like-api", name, span, states)
        return states

    def _own(self, name: str, own: Summary, span: tuple[int, int], states: States) -> States:
        if own.need is not None:
            self.note("own", name, span, states, need=own.need)
        if own.begins is not None:
            self.note("begins", name, span, states, detail=own.begins)
        if not own.returns:
            return ()
        if own.effect == "unknown":
            return joined(s._replace(gil=UNKNOWN, since=-1) for s in states)
        if own.effect == "release":
            self.switches[span[0]] = Switch(name)
            self.note("begin", name, span, states)
            return joined(
                s if s.gil == UNKNOWN else s._replace(gil=RELEASED, since=span[0]) for s in states
            )
        if own.effect == "acquire":
            self.switches[span[0]] = Switch(name)
            return self._acquire(name, span, states)
        return states

    def _lock(
        self, text: str, locks: bool, span: tuple[int, int], states: States, waits: bool = True
    ) -> States:
        if locks:
            if waits:
                self.note("lock", text, span, states)
            return joined(
                s._replace(locks=(*s.locks, (text, span[0]))) if len(s.locks) < 4 else s
                for s in states
            )
        return joined(
            s._replace(locks=tuple(lock for lock in s.locks if lock[0] != text)) for s in states
        )

    def _locks_at_end(self, span: tuple[int, int], states: States) -> None:
        for state in states:
            for text, at in state.locks:
                if at > state.since:
                    self.note("end-with-lock", text, span, (state,), detail=at)

    # -- macros ----------------------------------------------------------------------------

    def _expand(
        self, code: _Code, mark: re.Match[str], macro: Macro, states: States
    ) -> tuple[States, int]:
        """Execute a macro's body where the macro is used."""
        if code.level >= MAX_EXPANSION:
            return states, mark.end()
        end = mark.end(2)
        arguments: list[tuple[int, int]] = []
        if macro.parameters is not None:
            opening = mark.end() - 1
            closing = closing_paren(code.text, opening)
            if closing < 0:
                return states, mark.end()
            arguments = split_arguments(code.text, opening + 1, closing)
            end = closing + 1
        site = mark.start(2)
        text, places = expanded(macro, code.text, arguments, site)
        if len(text) > MAX_BODY // 10:
            return states, end
        starts = [place[0] for place in places]

        def place(at: int) -> int:
            index = bisect_right(starts, at) - 1
            begin, target, moves = places[max(index, 0)]
            return code.place(target + (at - begin if moves else 0))

        text = with_semicolons(text, self.world.statement_macros())
        inner = self._parsed(text, place, code.level + 1)
        had_error, outer = self.opaque, self.scope
        definition = next((c for c in inner.root.children if c.type == "function_definition"), None)
        block = definition.child_by_field_name("body") if definition is not None else None
        nodes = [inner.root] if block is None else block.children
        states = self._in_order(inner, nodes, states)
        self.opaque, self.scope = had_error, outer
        return states, end


_STATEMENTS: dict[str, Callable[[_Walker, _Code, Any, States], States]] = {
    "compound_statement": _Walker._compound,
    "if_statement": _Walker._if,
    "while_statement": _Walker._while,
    "do_statement": _Walker._do,
    "for_statement": _Walker._for,
    "for_range_loop": _Walker._for_each,
    "switch_statement": _Walker._switch,
    "labeled_statement": _Walker._label,
    "return_statement": _Walker._return,
    "co_return_statement": _Walker._return,
    "throw_statement": _Walker._throw,
    "goto_statement": _Walker._goto,
    "break_statement": _Walker._break,
    "continue_statement": _Walker._continue,
    "try_statement": _Walker._try,
    "seh_try_statement": _Walker._seh,
    "comment": _Walker._nothing,
    "field_declaration_list": _Walker._nothing,
    "type_definition": _Walker._nothing,
}
_CONTAINERS = frozenset(
    [
        "translation_unit",
        "else_clause",
        "ERROR",
        "case_statement",
        "function_definition",
        "linkage_specification",
        "declaration_list",
        "attributed_statement",
        "init_statement",
    ]
)


def joined(states: Iterable[State]) -> States:
    """Join the states that agree on the GIL; keep what is known of conditions on all ways."""
    known: dict[State, Facts] = {}
    none: Facts = frozenset()
    for state in states:
        key = state._replace(facts=none) if state.facts else state
        known[key] = known[key] & state.facts if key in known else state.facts
    if len(known) > MAX_STATES:
        raise TooMuch
    return tuple(key._replace(facts=its) if its else key for key, its in known.items())


def _padded(replacement: str, match: re.Match[str]) -> str:
    return replacement.ljust(len(match.group()))


def _has_error(root: Any) -> bool:
    """Tell whether text was left over; a semicolon that is missing changes nothing."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or (node.is_missing and node.type != ";"):
            return True
        waiting += [child for child in node.children if child.has_error or child.is_missing]
    return False


def _is_label(text: str, end: int) -> bool:
    return text[end : end + 1] == ":" or text[end : end + 2] == " :"


def _may_matter(name: str) -> bool:
    """Tell whether a name without parentheses may be a switch, a guard or a macro."""
    return name in words.SWITCHES or "_" in name or name.isupper() or name[:1].isupper()


def with_semicolons(text: str, macros: frozenset[str]) -> str:
    """Return the text with a semicolon for a blank behind each macro that is a statement."""
    names = macros.intersection(re.findall(r"\w+", text))
    if not names:
        return text
    places: list[int] = []
    for match in re.finditer(rf"\b(?:{'|'.join(sorted(names))})\b(?:[ \t]*\()?", text):
        end = match.end()
        if match.group().endswith("("):
            end = closing_paren(text, end - 1) + 1
            if not end:
                continue
        before = text[max(match.start() - 200, 0) : match.start()].rstrip()[-1:]
        follows = bool(places) and not text[places[-1] + 1 : match.start()].strip()
        if before and before not in ";{})" and not follows:
            continue
        following = text[end : end + 200].lstrip()[:1]
        if text[end : end + 1].isspace() and (following.isalnum() or following in "_{}*(~#"):
            places.append(end)
    pieces = []
    position = 0
    for place in places:
        pieces += [text[position:place], ";"]
        position = place + 1
    return "".join((*pieces, text[position:]))


def split_arguments(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where each argument of a call begins and ends."""
    found = []
    depth = 0
    begin = start
    for match in re.finditer(r"[(){}\[\],]", text[start:end]):
        at = start + match.start()
        if match.group() in "([{":
            depth += 1
        elif match.group() in ")]}":
            depth -= 1
        elif not depth:
            found.append((begin, at))
            begin = at + 1
    found.append((begin, end))
    return found


def expanded(
    macro: Macro, text: str, arguments: list[tuple[int, int]], site: int
) -> tuple[str, list[tuple[int, int, bool]]]:
    """Return a macro's body as a function's, with arguments, and where each part is from.

    Braces that the body opens and does not close, or the other way round, are added.
    """
    parameters = list(macro.parameters or ())
    rest = (parameters and parameters[-1] in ("...", "args...")) or (
        parameters and parameters[-1].endswith("...")
    )
    names: dict[str, tuple[int, int]] = {}
    for index, parameter in enumerate(parameters):
        if index >= len(arguments):
            break
        if rest and index == len(parameters) - 1:
            names[parameter.removesuffix("...") or "__VA_ARGS__"] = (
                arguments[index][0],
                arguments[-1][1],
            )
        else:
            names[parameter] = arguments[index]
    opened, depth, lowest = 0, 0, 0
    for match in re.finditer(r"[{}]", macro.body):
        depth += 1 if match.group() == "{" else -1
        lowest = min(lowest, depth)
    opened = depth - lowest
    pieces = [HEAD, "{" * (1 - lowest)]
    size = len(HEAD) + 1 - lowest
    places: list[tuple[int, int, bool]] = [(0, site, False)]
    position = 0
    for match in re.finditer(r"#{0,2}\s*\b([A-Za-z_]\w*)\b", macro.body):
        span = names.get(match[1])
        if span is None:
            continue
        before = macro.body[position : match.start()]
        inside = text[span[0] : span[1]]
        if match.group().startswith("#"):
            inside = '""' if not match.group().startswith("##") else match[1]
            moves = False
        else:
            moves = True
        pieces += [before, inside]
        size += len(before)
        places.append((size, span[0] if moves else site, moves))
        size += len(inside)
        places.append((size, site, False))
        position = match.end()
    pieces += [macro.body[position:], " ;", "}" * (opened + 1)]
    return "".join(pieces), places


def _argument(text: str, opening: int, index: int) -> str:
    closing = closing_paren(text, opening)
    if closing < 0:
        return ""
    found = split_arguments(text, opening + 1, closing)
    return text[found[index][0] : found[index][1]].strip() if index < len(found) else ""


def _variable(text: str, mark: re.Match[str]) -> str:
    """Return the variable that a call of PyEval_SaveThread is assigned to, or ``_save``."""
    if mark[2] == "PyEval_SaveThread":
        found = re.search(r"([\w>.-]+)\s*=\s*$", text[max(mark.start(2) - 80, 0) : mark.start(2)])
        return found[1] if found else ""
    return "_save" if mark[2].startswith(("NPY_", "Py_")) else ""
