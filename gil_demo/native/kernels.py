"""The door to the kernels: the held module, the released one, and native threads.

A `Call` describes one kernel call on an array's own memory; `run` makes it from
the thread that asks, `run_on_native_threads` makes several at once on threads
that Python does not know.
"""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.errors import BadInput
from gil_demo.native.loading import load
from gil_demo.words import Kernel, Mode

WRITING_KERNELS: frozenset[Kernel] = frozenset({"scale"})
"""The kernels that write into the array they are given."""


class UnsuitableArray(BadInput, ValueError):
    """An array that a kernel must not be given; the message names the fix."""


_held = load("_held")
_released = load("_released")

_MODULES: dict[Mode, Any] = {"held": _held, "released": _released, "native": _released}


def refuse_unsuitable(array: object, kernel: Kernel) -> None:
    """Raise `UnsuitableArray` unless `kernel` may work on the memory of `array`."""
    if not isinstance(array, np.ndarray):
        raise UnsuitableArray(f"{type(array).__name__} is not a NumPy array: use np.asarray(x)")
    writes = kernel in WRITING_KERNELS
    faults = (
        (
            isinstance(array, np.ma.MaskedArray),
            "is masked, and C would read the masked elements too: use x.compressed()",
        ),
        (array.ndim == 0, "is a single number: use np.atleast_1d(x)"),
        (array.size == 0, "is empty: give it at least one element"),
        (
            array.dtype != np.float64,
            f"has dtype {array.dtype.str}, and C reads native float64: use x.astype(np.float64)",
        ),
        (
            not array.flags.c_contiguous,
            "is not contiguous, and C reads one element after another: use np.ascontiguousarray(x)",
        ),
        (
            not array.flags.aligned,
            "is not aligned for float64: use np.require(x, requirements='A')",
        ),
        (
            writes and not array.flags.writeable,
            f"is read-only, and {kernel} writes into it: use x.copy()",
        ),
    )
    for found, fault in faults:
        if found:
            raise UnsuitableArray(f"the array {fault}")


class Call:
    """One kernel call: `passes` over the elements of `array`, without a copy.

    C borrows the array's memory, so a Call keeps the array alive as long as it
    lives itself. Arrays are one or more dimensions of native float64, contiguous
    and aligned, and writable if the kernel writes; anything else raises
    `UnsuitableArray`.
    """

    __slots__ = ("_buffer", "kernel", "mode", "struct")

    def __init__(self, mode: Mode, kernel: Kernel, array: NDArray[np.float64], passes: int) -> None:
        """Describe the call. Nothing runs yet."""
        refuse_unsuitable(array, kernel)
        ffi = _MODULES[mode].ffi
        self._buffer = ffi.from_buffer(
            "double[]", array, require_writable=kernel in WRITING_KERNELS
        )
        self.mode = mode
        self.kernel = kernel
        self.struct = ffi.new(
            "kernel_call *", {"data": self._buffer, "size": array.size, "passes": passes}
        )

    @property
    def address(self) -> int:
        """The address that C reads from, as a number."""
        return int(_MODULES[self.mode].ffi.cast("uintptr_t", self.struct.data))

    @property
    def result(self) -> float:
        """What the kernel's last pass returned."""
        return float(self.struct.result)

    @property
    def enter_ns(self) -> int:
        """When the call entered C, 0 before that; the clock is that of `time.monotonic_ns`."""
        return int(_MODULES[self.mode].lib.entered_ns(self.struct))

    @property
    def exit_ns(self) -> int:
        """When the call left C, by the same clock."""
        return int(self.struct.exit_ns)

    @property
    def cpu_ns(self) -> int:
        """The processor time that the calling thread spent in the call."""
        return int(self.struct.cpu_ns)


def run(call: Call) -> None:
    """Make a held or a released call from this thread."""
    module = _MODULES[call.mode]
    module.lib.run_kernel(_number(module, call.kernel), call.struct)


def run_on_native_threads(calls: list[Call]) -> None:
    """Make all of these native calls at once, one POSIX thread each.

    Raises OSError where the system has no such number of threads to give.
    """
    ffi, lib = _released.ffi, _released.lib
    structs = ffi.new("kernel_call[]", [call.struct[0] for call in calls])
    error = lib.run_on_native_threads(_number(_released, calls[0].kernel), structs, len(calls))
    if error:
        threads = "1 native thread" if len(calls) == 1 else f"{len(calls)} native threads"
        raise OSError(error, f"cannot start {threads}: {os.strerror(error)}")
    for call, struct in zip(calls, structs, strict=True):
        call.struct[0] = struct


def set_cancelled(raised: bool) -> None:
    """Make every kernel call end after its present pass, until lowered again."""
    _held.lib.set_cancelled(raised)
    _released.lib.set_cancelled(raised)


def compiler() -> str:
    """Return the compiler that built the C, and its version."""
    text: bytes = _released.ffi.string(_released.lib.compiler())
    return text.decode()


def kernels() -> tuple[str, ...]:
    """Return the names of the kernels, as the C declares them."""
    names: dict[str, int] = _released.ffi.typeof("kernel").relements
    return tuple(name.lower() for name in sorted(names, key=names.__getitem__))


def direct(mode: Mode, kernel: Kernel) -> Any:
    """Return the bare C function of a kernel, called through cffi without span or passes."""
    return getattr(_MODULES[mode].lib, kernel)


def _number(module: Any, kernel: Kernel) -> int:
    return int(getattr(module.lib, kernel.upper()))
