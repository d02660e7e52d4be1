"""The faulty accesses to array data in a guarded program, and how many arrays were guarded."""

from dataclasses import dataclass, field
from typing import Literal

from gil_demo.results.patterns import Frame

Edge = Literal["end", "start"]

Method = Literal["markers", "mappings", "poison"]
"""How freed and neighbouring memory is made inaccessible; poison only fills and checks it."""

What = Literal[
    "past-end",
    "before-start",
    "freed",
    "protected",
    "frozen",
    "inside",
    "null",
    "impossible",
    "elsewhere",
    "freed-twice",
    "not-a-start",
    "damaged",
]
"""What was wrong with an access.

`inside`: the data could be accessed again when the report was made. `null`: near address 0.
`impossible`: no program can have such an address. `elsewhere`: not near guarded data. `damaged`:
a write that left the data was noticed later. `not-a-start`: memory was freed by an address at
which no array's data begin.
"""


@dataclass(frozen=True)
class Settings:
    """How arrays are guarded.

    `alignment` is that of the data in bytes, 0 for the largest power of two that divides their
    size, at most 16. `sample` guards one array in so many. `quarantine_blocks` and
    `quarantine_bytes` (of address space) bound the freed arrays that stay inaccessible,
    `waste_bytes` the memory that rounding up to pages costs, `live_blocks` the arrays alive at
    once that take mappings of their own.
    """

    edge: Edge
    alignment: int
    sample: int
    method: Method
    quarantine_blocks: int
    quarantine_bytes: int
    waste_bytes: int
    live_blocks: int


@dataclass(frozen=True)
class Deed:
    """An allocation or a release: when (seconds since the guard began), by which thread, where."""

    seconds: float
    thread: int
    python: tuple[Frame, ...]


@dataclass(frozen=True)
class Block:
    """The data of one array, and where an address lies as seen from them.

    `place` and `distance`: byte number so many inside, so many bytes past the byte after the
    last, or so many before the first. `number` counts the guarded arrays of the process.
    """

    place: Literal["inside", "past-end", "before-start"]
    distance: int
    size: int
    start: int
    number: int
    state: Literal["alive", "freed"]
    allocated: Deed
    freed: Deed | None


@dataclass(frozen=True)
class NativeFrame:
    """A C function on a thread's stack; file and line where the module has line numbers."""

    module: str
    offset: int
    function: str | None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Variable:
    """A Python variable whose array lies in the data: `name`, or `name[key]`."""

    scope: Literal["local", "global"]
    name: str
    key: str | int | None
    function: str
    file: str
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    read_only: bool


@dataclass(frozen=True)
class Damage:
    """Bytes beside the data that something wrote to: how many, and the first ones."""

    bytes: int
    found: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """One faulty access. A part that the dying process could not tell is empty."""

    what: What
    access: str
    address: int
    process: int
    thread: int
    seconds: float
    label: str | None
    blocks: tuple[Block, ...]
    damage: Damage | None
    python: tuple[Frame, ...]
    native: tuple[NativeFrame, ...]
    variables: tuple[Variable, ...]
    told: bool


@dataclass(frozen=True)
class Counts:
    """How many arrays were asked for and guarded, over all processes of a program.

    `asked` is the sum of `guarded`, `sampled_out`, `over_waste`, `over_live` (the two budgets)
    and `no_room` (address space). `methods` are the methods in use.
    """

    processes: int
    asked: int
    guarded: int
    sampled_out: int
    over_waste: int
    over_live: int
    no_room: int
    peak_alive: int
    stacks: int
    stacks_lost: int
    damaged: int
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class Run:
    """One run of a program.

    `exit_code` is 128 + `signal` where a signal ended it. `frames_known` says whether this
    interpreter's frames can be read: without that, reports have no Python code.
    """

    settings: Settings
    exit_code: int
    signal: int | None
    counts: Counts
    reports: tuple[Report, ...]
    frames_known: bool


@dataclass(frozen=True)
class GuardResult:
    """What came of a program that was run guarded, once for each edge."""

    command: tuple[str, ...]
    runs: tuple[Run, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """The program's own; 1 where that is 0 but something wrote outside of an array."""
        for run in self.runs:
            if run.exit_code:
                return run.exit_code
        return int(any(run.reports for run in self.runs))


@dataclass(frozen=True)
class Write:
    """A write to a watched array: its first byte, counted from the array's, who, when and where."""

    offset: int
    thread: int
    seconds: float
    python: tuple[Frame, ...]
