"""The interpreter's expressions and conditions, in the order of their text."""

import re
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any

from gil_demo.check import facts, words
from gil_demo.check.flow.arguments import split_arguments
from gil_demo.check.flow.calls import Calls
from gil_demo.check.flow.code import TEXT_OF_A_STEP, Code, parsed, with_semicolons
from gil_demo.check.flow.expansion import expanded
from gil_demo.check.flow.names import ASSERTS, LIKELY, OBJECTS
from gil_demo.check.flow.state import (
    CALLER,
    HELD,
    OBJECTS_ASKED,
    RELEASED,
    UNKNOWN,
    State,
    States,
    joined,
)
from gil_demo.check.source.macros import Macro
from gil_demo.check.source.pairs import closing_paren

MAX_EXPANSION = 6
"""How deep macros are followed through others."""
MAX_EXPANDED = 40_000
"""The longest text that a macro may stand for."""
MAX_LOOKED_AT = 200
"""How many parts of an expression are looked through for its outermost ``&&`` or ``?``."""
DECIDES = re.compile(r"&&|\|\||\?")
ALIVE = re.compile(r"(?:Py_IsInitialized|(_?Py_IsFinalizing))\s*\(\s*\)")
"""The question whether there is an interpreter; where there is none, nobody needs a GIL."""
ASSIGNED = re.compile(r"([A-Za-z_]\w*)\s*=\s*$")


class Expressions(Calls, ABC):
    """A walk that executes conditions, expressions and the macros in them."""

    @abstractmethod
    def in_order(self, code: Code, nodes: Iterable[Any], states: States) -> States:
        """Execute the statements that a macro's body consists of."""

    def condition(self, code: Code, node: Any, states: States) -> tuple[States, States]:
        """Execute a condition; return the states in which it is true and those where not."""
        while (
            node.type in ("parenthesized_expression", "condition_clause")
            and node.named_child_count == 1
        ):
            node = node.named_children[0]
        if node.type == "binary_expression":
            operator = node.child_by_field_name("operator").type
            if operator in ("&&", "||", "and", "or"):
                return self._chain(code, node, operator, states)
        if node.type == "unary_expression" and code.text[node.start_byte] == "!":
            yes, no = self.condition(code, node.child_by_field_name("argument"), states)
            return no, yes
        if node.type == "call_expression":
            name = node.child_by_field_name("function")
            arguments = node.child_by_field_name("arguments")
            if code.text[name.start_byte : name.end_byte] in LIKELY and arguments.named_child_count:
                return self.condition(code, arguments.named_children[0], states)
        states = self.expression(code, node, states)
        text = code.text[node.start_byte : node.end_byte]
        yes, no = self._split(text, states)
        if OBJECTS.search(text) and any(state.gil in (CALLER, HELD) for state in yes):
            # code that keeps the GIL on some ways mostly keeps it for Python's objects
            yes = tuple(
                s._replace(facts=s.facts | {OBJECTS_ASKED}) if s.gil == RELEASED else s for s in yes
            )
        return yes, no

    def _chain(self, code: Code, node: Any, operator: str, states: States) -> tuple[States, States]:
        """Execute ``a && b && c`` or ``a || b || c`` from left to right, however long it is."""
        operands = []
        while node.type == "binary_expression" and (
            node.child_by_field_name("operator").type == operator
        ):
            operands.append(node.child_by_field_name("right"))
            node = node.child_by_field_name("left")
        all_true = operator in ("&&", "and")
        decided: States = ()
        for operand in (node, *reversed(operands)):
            self.effort.spend()
            yes, no = self.condition(code, operand, states)
            states, out = (yes, no) if all_true else (no, yes)
            decided = joined((*decided, *out))
        return (states, decided) if all_true else (decided, states)

    def _split(self, text: str, states: States) -> tuple[States, States]:
        if text.startswith("PyEval_ThreadsInitialized"):
            return states, ()
        if text.startswith("PyGILState_Check"):
            yes = tuple(s if s.gil == HELD else s._replace(gil=HELD, since=-1) for s in states)
            return yes, tuple(s._replace(gil=UNKNOWN) for s in states)
        alive = ALIVE.fullmatch(text)
        if alive is not None:
            gone = tuple(s._replace(gil=UNKNOWN, since=-1, saved=()) for s in states)
            return (gone, states) if alive[1] else (states, gone)
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
            if known is None and state.gil == RELEASED and self.kept_in.get(state.since) == key:
                known = True  # the thread state is kept there until the GIL is taken back
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

    def expression(self, code: Code, node: Any, states: States) -> States:
        """Execute an expression or a declaration."""
        start, end = node.start_byte, node.end_byte
        if states and DECIDES.search(code.text, start, end) and self.matters(code, start, end):
            inner = self._short_circuit(node)
            if inner is not None:
                if inner.type == "conditional_expression":
                    return self._conditional(code, inner, node, states)
                before = self._run_marks(code, start, inner.start_byte, states)
                yes, no = self.condition(code, inner, before)
                return self._run_marks(code, inner.end_byte, end, joined((*yes, *no)))
        return self._run_marks(code, start, end, states)

    def _conditional(self, code: Code, inner: Any, node: Any, states: States) -> States:
        states = self._run_marks(code, node.start_byte, inner.start_byte, states)
        yes, no = self.condition(code, inner.child_by_field_name("condition"), states)
        variable = ASSIGNED.search(code.text[node.start_byte : inner.start_byte])
        after: States = ()
        for way, field in ((yes, "consequence"), (no, "alternative")):
            branch = inner.child_by_field_name(field)
            if branch is not None:
                way = self.expression(code, branch, way)
                value = facts.constant(code.text[branch.start_byte : branch.end_byte])
                if variable is not None and value is not None:
                    way = _with_value(way, variable[1], value)
            after = (*after, *way)
        return self._run_marks(code, inner.end_byte, node.end_byte, joined(after))

    def _short_circuit(self, node: Any) -> Any:
        """Return the outermost ``&&``, ``||`` or ``?:`` of an expression, if there is one."""
        waiting = [node]
        for _ in range(MAX_LOOKED_AT):
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

    def _run_marks(self, code: Code, start: int, end: int, states: States) -> States:
        """Execute what matters between two offsets, in the order of the text."""
        self.region(code, start, end, states)
        index = bisect_left(code.starts, start)
        skip_to = start
        while index < len(code.starts) and code.starts[index] < end:
            mark = code.marks[index]
            index += 1
            self.effort.spend()
            if mark.start(2) < skip_to or not states:
                continue
            states, skip_to = self._mark(code, mark, states, skip_to)
        return states

    def _mark(
        self, code: Code, mark: re.Match[str], states: States, skip_to: int
    ) -> tuple[States, int]:
        name, tail = mark[2], mark[3]
        prefix = mark[1].rstrip()
        called = tail is not None and tail.endswith("(")
        if name in words.SWITCHES and not prefix:
            return self.switch(code, mark, states), skip_to
        if "->" in prefix or prefix.endswith("."):
            if called:
                return self.method(code, mark, states), skip_to
            if tail:
                return self.assigned(code, mark, states), skip_to
            return states, skip_to
        guard = self.world.guard(name)
        if guard is not None:
            return self.guarded(code, mark, guard, states), skip_to
        if name in ASSERTS and called:
            return states, max(closing_paren(code.text, mark.end() - 1), skip_to)
        macro = self.world.macro(name, self.source)
        if macro is not None and (called or macro.parameters is None):
            return self._expand(code, mark, macro, states)
        if called:
            return self.call(code, mark, states), skip_to
        if name.startswith("Py_RETURN_"):
            self.leave("return", *self.span_of(code, mark), states)
            return (), skip_to
        if tail is not None:
            return self.assigned(code, mark, states), skip_to
        if code.text[mark.start(2) - 1] == "&" and code.text[mark.start(2) - 2] != "&":
            return tuple(s._replace(facts=facts.forget(s.facts, name)) for s in states), skip_to
        return states, skip_to

    def assigned(self, code: Code, mark: re.Match[str], states: States) -> States:
        """Forget what was known of a variable, and note the constant that it gets."""
        name = "".join((mark[1] + mark[2]).split())
        value = None
        if mark[3].strip() == "=":
            after = re.match(r"[^;,()]*", code.text[mark.end() : mark.end() + 24])
            value = facts.constant(after.group()) if after is not None else None
        return _with_value(states, name, value)

    def _expand(
        self, code: Code, mark: re.Match[str], macro: Macro, states: States
    ) -> tuple[States, int]:
        """Execute a macro's body where the macro is used."""
        if code.level >= MAX_EXPANSION or len(macro.body) > MAX_EXPANDED:
            self.whole = False
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
        self.effort.spend(len(macro.body) // TEXT_OF_A_STEP)
        text, places = expanded(macro, code.text, arguments, site, MAX_EXPANDED)
        if len(text) > MAX_EXPANDED:
            self.whole = False
            return states, end
        starts = [place[0] for place in places]

        def place(at: int) -> int:
            index = bisect_right(starts, at) - 1
            begin, target, moves = places[max(index, 0)]
            return code.place(target + (at - begin if moves else 0))

        text = with_semicolons(text, self.world.statement_macros())
        inner = parsed(text, place, code.level + 1, self.source.cpp, self.world, self.effort)
        block = inner.block
        nodes = [inner.root] if block is None else block.children
        return self.in_order(inner, nodes, states), end


def _with_value(states: States, name: str, value: int | None) -> States:
    """Return the states in which a variable has another value, which may be known."""
    result = []
    for state in states:
        known = facts.forget(state.facts, name)
        if value is not None and len(known) < facts.MAX_FACTS:
            known |= {(f"{name}#", value)}
        result.append(state._replace(facts=known))
    return joined(result)
