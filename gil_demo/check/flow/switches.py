"""The interpreter's words that release the GIL and take it back."""

import re
from functools import lru_cache

from gil_demo.check import facts, words
from gil_demo.check.flow.code import Code
from gil_demo.check.flow.events import Switch
from gil_demo.check.flow.names import NEEDS_API
from gil_demo.check.flow.state import CALLER, HELD, RELEASED, UNKNOWN, State, States, joined
from gil_demo.check.flow.walk import Walk

DECLARED = re.compile(r"PyThreadState\s*\*\s*([A-Za-z_]\w*)")
KEPT_IN = re.compile(r"([\w>.-]+)\s*=(?!=)\s*(?:[^;{}?]*\?\s*)?$")
"""``save =``, or ``save = condition ?``, before what it is assigned."""
MAX_BEFORE = 160
"""How far before a call is looked for the variable that it is assigned to."""
HANDED_ON = re.compile(r"(?:=|\breturn|&)\s*([A-Za-z_]\w*)\s*[;,)]")
GIVEN_TO_A_CALL = re.compile(r"\b(?!if\b|while\b|switch\b|Py)[A-Za-z_]\w*\s*\(([^(){};]*)\)")
"""The arguments of a call, but for Python's own functions, which keep nothing."""


class Switches(Walk):
    """A walk that knows which words release the GIL and take it back."""

    def switch(self, code: Code, mark: re.Match[str], states: States) -> States:
        """Execute a word that releases the GIL or takes it."""
        name = mark[2]
        span = self.span_of(code, mark)
        self.switched(span[0], name)
        if name in words.UNKNOWN:
            return joined(s._replace(gil=UNKNOWN, since=span[0], saved=()) for s in states)
        if name in words.RELEASE or name in words.MAYBE_RELEASE:
            return self._release(code, mark, name, span, states)
        if name in words.MAYBE_ACQUIRE:
            self.note("maybe-end", name, span, states)
            self.locks_at_end(span, tuple(s for s in states if s.gil == RELEASED))
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
            return self.acquire(name, span, states)
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

    def switched(self, at: int, name: str, paired: bool = False) -> None:
        """Note a switch; where a macro hides several in one place, one that is paired stays so."""
        known = self.switches.get(at)
        self.switches[at] = Switch(name, paired or (known is not None and known.paired))

    def _unensured(self, state: State) -> State:
        for index in reversed(range(len(state.saved))):
            tag, _, gil, since, _ = state.saved[index]
            if tag == "ensure":
                saved = state.saved[:index] + state.saved[index + 1 :]
                return state._replace(gil=gil, since=since, saved=saved)
        return state._replace(gil=UNKNOWN)

    def _release(
        self, code: Code, mark: re.Match[str], name: str, span: tuple[int, int], states: States
    ) -> States:
        self.note("begin", name, span, states)
        variable = self.kept_in[span[0]] = _variable(code.text, mark)
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
        self.switched(span[0], name, self._is_paired(code, name, variable))
        if self.function.opening in self.source.taken_back_in_lambdas:
            # nobody can say when the lambda runs: it may be kept in an object until a scope ends
            return joined(s._replace(gil=UNKNOWN, since=-1) for s in after)
        return joined(after)

    def _is_paired(self, code: Code, name: str, variable: str) -> bool:
        """Tell whether only this function can take back what it releases here."""
        if name != "PyEval_SaveThread":
            return name.startswith(("NPY_", "Py_"))
        if not variable.isidentifier():
            return False
        declared, escaping = _thread_states(self.body)
        if code.level:
            in_macro = _thread_states(code.text)
            declared, escaping = declared | in_macro[0], escaping | in_macro[1]
        return variable in declared and variable not in escaping

    def acquire(self, name: str, span: tuple[int, int], states: States) -> States:
        """Take the GIL back; a function that had not released it does so for its caller."""
        self.note("end", name, span, states)
        self.locks_at_end(span, tuple(s for s in states if s.gil == RELEASED))
        after = []
        for state in states:
            if state.gil == UNKNOWN:
                after.append(state)
            elif state.gil == CALLER:
                after.append(state._replace(gil=HELD, since=span[0], entered_released=True))
            else:
                after.append(state._replace(gil=HELD, since=span[0]))
        return joined(after)

    def guarded(self, code: Code, mark: re.Match[str], guard: str, states: States) -> States:
        """Begin the life of an object that releases the GIL, or holds it, until its scope ends."""
        declared = re.match(
            r"(?:\s*<[^;<>]*>)?\s*([A-Za-z_]\w*)\s*[;({=]",
            code.text[mark.end(2) : mark.end(2) + 160],
        )
        if declared is None:
            return states
        self.guards[declared[1]] = guard
        span = self.span_of(code, mark)
        self.switched(span[0], mark[2])
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

    def locks_at_end(self, span: tuple[int, int], states: States) -> None:
        """Note each lock that was taken in the block and is still held at its end."""
        for state in states:
            for text, at in state.locks:
                if at > state.since:
                    self.note("end-with-lock", text, span, (state,), detail=at)


@lru_cache(maxsize=16)
def _thread_states(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the thread states that a text declares, and the variables that it hands on."""
    given = (name.strip() for call in GIVEN_TO_A_CALL.findall(text) for name in call.split(","))
    return frozenset(DECLARED.findall(text)), frozenset((*HANDED_ON.findall(text), *given))


def _variable(text: str, mark: re.Match[str]) -> str:
    """Return the variable that a call of PyEval_SaveThread is assigned to, or ``_save``."""
    if mark[2] == "PyEval_SaveThread":
        found = KEPT_IN.search(text[max(mark.start(2) - MAX_BEFORE, 0) : mark.start(2)])
        return found[1] if found else ""
    return "_save" if mark[2].startswith(("NPY_", "Py_")) else ""
