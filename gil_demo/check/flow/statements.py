"""The interpreter's statements: which way goes on, and in which states."""

from collections.abc import Callable, Iterable
from typing import Any

from gil_demo.check import facts
from gil_demo.check.flow.code import Code
from gil_demo.check.flow.expressions import Expressions
from gil_demo.check.flow.state import State, States, TooMuch, joined
from gil_demo.check.grammar import MAX_DEPTH

MAX_PASSES = 3


class Statements(Expressions):
    """A walk that executes statements."""

    def statement(self, code: Code, node: Any, states: States) -> States:
        """Execute a statement; return the states behind it."""
        kind = node.type
        start, end = node.start_byte, node.end_byte
        if not self.matters(code, start, end):
            self.region(code, start, end, states)
            return states
        self.effort.spend()
        if self.nesting > MAX_DEPTH:
            raise TooMuch
        self.nesting += 1
        try:
            method = _STATEMENTS.get(kind)
            if method is not None:
                self.scope += kind in _SCOPES
                states = method(self, code, node, states)
                self.scope -= kind in _SCOPES
                return self._outside(states) if kind in _SCOPES else states
            if kind in _CONTAINERS:
                return self.in_order(code, node.children, states)
            return self.expression(code, node, states)
        finally:
            self.nesting -= 1

    def in_order(self, code: Code, nodes: Iterable[Any], states: States) -> States:
        """Execute statements one after the other."""
        for node in nodes:
            if node.is_named:
                states = self.statement(code, node, states)
        return states

    def _compound(self, code: Code, node: Any, states: States) -> States:
        return self.in_order(code, node.children, states)

    def _outside(self, states: Iterable[State]) -> States:
        """Return the states that have left the scopes inside of this one, in order or by a jump."""
        return joined(self.unwound(state, self.scope + 1) for state in states)

    def _if(self, code: Code, node: Any, states: States) -> States:
        after: States = ()
        while True:
            then, states = self.condition(code, node.child_by_field_name("condition"), states)
            consequence = node.child_by_field_name("consequence")
            if consequence is not None:
                then = self.statement(code, consequence, then)
            after = joined((*after, *then))
            alternative = node.child_by_field_name("alternative")
            if alternative is None:
                return joined((*after, *states))
            further = _else_if(alternative)
            if further is None:
                return joined((*after, *self.statement(code, alternative, states)))
            self.effort.spend()
            node = further

    def _loop(
        self,
        code: Code,
        states: States,
        condition: Any,
        body: Any,
        update: Any,
        first: bool,
        asks: bool = True,
    ) -> States:
        """Execute a loop until no new state comes round; ``first`` for do-while.

        Without a condition that it ``asks`` a loop may end before each turn, as for-each does.
        """
        turns = not (first and self._is_never(code, condition))
        self.loops += turns
        self.breaks.append(set())
        self.continues.append(set())
        head: States = states
        out: States = ()
        for _ in range(MAX_PASSES):
            if first:
                inside: States = head
            elif asks:
                inside, out = self._maybe(code, condition, head)
            else:
                inside, out = head, head
            inside = self.statement(code, body, inside) if body is not None else inside
            inside = joined((*inside, *self._outside(self.continues[-1])))
            if update is not None:
                inside = self.expression(code, update, inside)
            if first:
                inside, out = self._maybe(code, condition, inside)
            grown = joined((*head, *inside))
            if set(grown) == set(head):
                break
            head = grown
        self.loops -= turns
        self.continues.pop()
        return joined((*out, *self._outside(self.breaks.pop())))

    def _maybe(self, code: Code, condition: Any, states: States) -> tuple[States, States]:
        if condition is None:
            return states, ()
        return self.condition(code, condition, states)

    def _is_never(self, code: Code, condition: Any) -> bool:
        """Tell whether a condition is the 0 of a macro's ``do { … } while (0)``."""
        text = code.text[condition.start_byte : condition.end_byte] if condition is not None else ""
        return facts.constant(text.strip("() ")) == 0

    def _while(self, code: Code, node: Any, states: States) -> States:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        return self._loop(code, states, condition, body, None, first=False)

    def _do(self, code: Code, node: Any, states: States) -> States:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        return self._loop(code, states, condition, body, None, first=True)

    def _for(self, code: Code, node: Any, states: States) -> States:
        initializer = node.child_by_field_name("initializer")
        if initializer is not None:
            states = self.statement(code, initializer, states)
        condition, update = (
            node.child_by_field_name("condition"),
            node.child_by_field_name("update"),
        )
        body = node.child_by_field_name("body")
        return self._loop(code, states, condition, body, update, first=False)

    def _for_each(self, code: Code, node: Any, states: States) -> States:
        right = node.child_by_field_name("right")
        if right is not None:
            states = self.expression(code, right, states)
        body = node.child_by_field_name("body")
        return self._loop(code, states, right, body, None, first=False, asks=False)

    def _switch(self, code: Code, node: Any, states: States) -> States:
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
                inside = self.in_order(code, child.children[colon + 1 :], inside)
            elif child.is_named:
                inside = self.statement(code, child, inside)
        if not default:
            inside = (*inside, *states)
        return joined((*inside, *self.breaks.pop()))

    def _label(self, code: Code, node: Any, states: States) -> States:
        label = node.child_by_field_name("label")
        name = code.text[label.start_byte : label.end_byte] if label is not None else ""
        states = joined((*states, *self._outside(self.gotos.get(name, ()))))
        rest = [
            child for child in node.children if label is None or child.start_byte > label.start_byte
        ]
        return self.in_order(code, rest, states)

    def _return(self, code: Code, node: Any, states: States) -> States:
        states = self.expression(code, node, states)
        start = code.place(node.start_byte)
        self.leave("return", start, max(code.place(node.end_byte - 1) + 1, start + 1), states)
        return ()

    def _throw(self, code: Code, node: Any, states: States) -> States:
        states = self.expression(code, node, states)
        if self.thrown:
            self.thrown[-1].update(states)
        else:
            start = code.place(node.start_byte)
            self.leave("throw", start, max(code.place(node.end_byte - 1) + 1, start + 1), states)
        return ()

    def _goto(self, code: Code, node: Any, states: States) -> States:
        label = node.child_by_field_name("label")
        if label is not None:
            name = code.text[label.start_byte : label.end_byte]
            known = self.gotos.setdefault(name, set())
            known.update(joined((*known, *states)))
        return ()

    def _break(self, code: Code, node: Any, states: States) -> States:
        if self.breaks:
            self.breaks[-1].update(states)
        return ()

    def _continue(self, code: Code, node: Any, states: States) -> States:
        if self.continues:
            self.continues[-1].update(states)
        return ()

    def _try(self, code: Code, node: Any, states: States) -> States:
        self.thrown.append(set())
        body = node.child_by_field_name("body")
        after = self.statement(code, body, states) if body is not None else states
        caught = joined((*states, *self._outside(self.thrown.pop())))
        result = list(after)
        for child in node.children:
            if child.type == "catch_clause":
                inner = child.child_by_field_name("body")
                if inner is not None:
                    result += self.statement(code, inner, caught)
        return joined(result)

    def _seh(self, code: Code, node: Any, states: States) -> States:
        """Execute Windows' ``__try``: the handler runs in place of the rest."""
        after: States = ()
        caught: States = ()
        for child in node.named_children:
            if child.type == "seh_except_clause":
                caught = self.in_order(code, child.children, states)
            elif child.type == "seh_finally_clause":
                after = self.in_order(code, child.children, after)
            else:
                after = self.statement(code, child, states)
        return joined((*after, *caught))

    def _nothing(self, code: Code, node: Any, states: States) -> States:
        return states


def _else_if(alternative: Any) -> Any:
    """Return the ``if`` that an ``else`` consists of, or None."""
    inside = alternative.named_children
    if alternative.type == "else_clause" and len(inside) == 1:
        return inside[0] if inside[0].type == "if_statement" else None
    return alternative if alternative.type == "if_statement" else None


_STATEMENTS: dict[str, Callable[[Statements, Code, Any, States], States]] = {
    "compound_statement": Statements._compound,
    "if_statement": Statements._if,
    "while_statement": Statements._while,
    "do_statement": Statements._do,
    "for_statement": Statements._for,
    "for_range_loop": Statements._for_each,
    "switch_statement": Statements._switch,
    "labeled_statement": Statements._label,
    "return_statement": Statements._return,
    "co_return_statement": Statements._return,
    "throw_statement": Statements._throw,
    "goto_statement": Statements._goto,
    "break_statement": Statements._break,
    "continue_statement": Statements._continue,
    "try_statement": Statements._try,
    "seh_try_statement": Statements._seh,
    "comment": Statements._nothing,
    "field_declaration_list": Statements._nothing,
    "type_definition": Statements._nothing,
}
_SCOPES = frozenset(
    [
        "compound_statement",
        "if_statement",
        "while_statement",
        "for_statement",
        "for_range_loop",
        "switch_statement",
    ]
)
"""Statements at whose end the objects end that are declared in them, in their heads, too."""
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
