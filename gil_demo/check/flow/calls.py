"""The interpreter's calls: of Python's C API, of own functions, through pointers, of locks."""

import re

from gil_demo.check import api, facts, words
from gil_demo.check.flow.arguments import argument_of
from gil_demo.check.flow.code import Code
from gil_demo.check.flow.events import Summary
from gil_demo.check.flow.names import (
    DETACHING,
    FORKS,
    JUMPS,
    KEYWORDS,
    LOCKS,
    PYBIND,
    PYBIND_CALLS,
    UNLOCKS,
)
from gil_demo.check.flow.state import RELEASED, UNKNOWN, States, joined
from gil_demo.check.flow.switches import Switches


class Calls(Switches):
    """A walk that knows what each call means for the GIL."""

    def method(self, code: Code, mark: re.Match[str], states: States) -> States:
        """Note a call through a pointer or of an object's method, which is not followed."""
        owner = re.split(r"->|\.", mark[1].strip())[0].strip()
        if owner in self.guards:
            return joined(s._replace(gil=UNKNOWN, since=-1) for s in states)
        if mark[2] in ("lock", "unlock") and self.source.cpp:
            text = "".join(mark[1].split()).rstrip("->.")
            return self._lock(text, mark[2] == "lock", self.span_of(code, mark), states)
        self.note("pointer", mark[2], self.span_of(code, mark), states)
        return states

    def call(self, code: Code, mark: re.Match[str], states: States) -> States:
        """Execute a call by name: of the C API, of a function of the project, of a lock."""
        name = mark[2]
        span = self.span_of(code, mark)
        if name in KEYWORDS or name in JUMPS:
            return states
        if name in self.function.parameters or name in self.pointers:
            self.note("pointer", name, span, states)
            return states
        if name == "invoke" and mark[1].startswith("std"):
            called = argument_of(code.text, mark.end() - 1, 0)
            if called in self.function.parameters:
                self.note("pointer", called, span, states)
            return states
        if name in PYBIND_CALLS and PYBIND.search(mark[1]):
            self.note("api", f"py::{name}", span, states)
            return states
        if name in words.NO_RETURN:
            return ()
        if name in FORKS:
            return joined(s._replace(gil=UNKNOWN, since=-1) for s in states)
        if name in LOCKS or name in UNLOCKS:
            argument = argument_of(code.text, mark.end() - 1, 0)
            text = "".join(argument.split()).lstrip("&")
            only_tries = argument_of(code.text, mark.end() - 1, 1) in ("0", "NOWAIT_LOCK")
            waits = not only_tries and name not in DETACHING
            return self._lock(text, name in LOCKS, span, states, waits)
        kind = api.kind_of(name) if not mark[1] else None
        own = None
        if kind is None or (name.startswith("_") and kind != "free"):
            own = self.world.summary(name, self.function, self.depth)
        if own is not None:
            return self._own(name, own, span, states)
        if kind == "free" and name in api.ONLY_WITH_MESSAGE:
            argument = argument_of(code.text, mark.end() - 1, api.ONLY_WITH_MESSAGE[name])
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
            variable = name in self.source.variables
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
            self.switched(span[0], name)
            self.note("begin", name, span, states)
            return joined(
                s if s.gil == UNKNOWN else s._replace(gil=RELEASED, since=span[0]) for s in states
            )
        if own.effect == "acquire":
            self.switched(span[0], name)
            return self.acquire(name, span, states)
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
