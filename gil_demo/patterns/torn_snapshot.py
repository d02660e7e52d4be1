"""C adds up an array while another thread is in the middle of changing two of its elements.

Mechanism:
    Ten accounts hold 1,000 together, and every reader must see that total. A transfer takes 100
    from one account and then adds it to another: two stores, and between them the money is on
    neither account. A reader that comes then sees a state that no reader was meant to see. If
    every transfer and every reader keeps the GIL from its first element to its last, none can
    come in between. In the block nothing prevents it; without a GIL nothing does outside the
    block either.

What you will see:
    One thread takes 100 from the first account and parks. The other adds up all ten: 900.
    Each element that it read is whole and up to date; only together they are wrong. So it
    would not help to make each element atomic.

Why the safe half is safe:
    The transfer holds a mutex from its first store to its last, and the reader copies the
    accounts under the same mutex. So the copy shows the accounts before a transfer or
    after it. The reader adds up the copy without the mutex, so writers wait only for
    the copying. Every writer must take that mutex: NumPy code in another thread that
    assigns to the array does not know of it.

Forced:
    The transfer parks between its two stores. In the unsafe half the reader adds up before
    it lets the transfer go on. In the safe half it cannot: it lets the transfer go on, and
    then waits for the mutex. ``--unforced`` makes a million transfers without a handshake
    while the other thread adds up until a sum is wrong. There the reader must read between
    the two stores, or a whole transfer must come between two reads: from another core, or
    after a switch of threads on the same core.
    ThreadSanitizer flags the unsafe half only in that form, because the handshake of the
    forced form orders the threads; AddressSanitizer cannot, because every access is to memory
    that is there.

In your own code:
    ``with gil_demo.protect(a):`` ends the process at the first write to ``a`` while C reads it,
    under ``gil-demo guard`` with the line that wrote. ``gil-demo check`` has no rule for it,
    because the writer is elsewhere. ThreadSanitizer finds it.

    It looks the same through pybind11, nanobind, Cython, Numba, SWIG, cffi and ctypes: each of
    them passes an address, and none makes a copy for the reader. The lock must be one that both
    sides take: a ``threading.Lock`` in Python around both calls will do.

    Reports are few, and that proves little: a sum that is wrong once in a day is taken for
    noise.

Sources:
    - https://numpy.org/doc/stable/reference/thread_safety.html
    - https://docs.python.org/3/howto/free-threading-extensions.html#protecting-internal-extension-state
"""

import numpy as np
from numpy.typing import NDArray

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "reading"
QUESTION = "May C read while another thread writes, if each element is whole?"
UNSAFE = "wrong-value"

ACCOUNTS = 10
EACH = 100.0
UNFORCED_TIMES = 1_000_000


def unsafe(lab: Lab) -> Finding:
    """Take the sum in the middle of a transfer."""
    memory = lab.ffi.from_buffer("double[]", _accounts(), require_writable=True)
    writer = Thread(lab.c.torn_snapshot_unsafe_transfer, memory, lab.pointer)
    total = lab.c.torn_snapshot_unsafe_total(memory, lab.pointer)
    writer.result()
    return _judge(lab, total)


def safe(lab: Lab) -> Finding:
    """Take the sum of a copy, made under the mutex that the transfer holds."""
    memory = lab.ffi.from_buffer("double[]", _accounts(), require_writable=True)
    writer = Thread(lab.c.torn_snapshot_safe_transfer, memory, lab.pointer)
    total = lab.c.torn_snapshot_safe_total(memory, lab.pointer)
    writer.result()
    return _judge(lab, total)


def unforced(lab: Lab) -> Finding:
    """Make a million transfers, and take sums until one is wrong."""
    memory = lab.ffi.from_buffer("double[]", _accounts(), require_writable=True)
    transfer = lab.c.torn_snapshot_unforced_transfer
    writer = Thread(transfer, memory, UNFORCED_TIMES, lab.pointer)
    total = lab.c.torn_snapshot_unforced_total(memory, lab.pointer)
    writer.result()
    return _judge(lab, total)


def _accounts() -> NDArray[np.float64]:
    return np.full(ACCOUNTS, EACH)


def _judge(lab: Lab, total: float) -> Finding:
    return lab.compare("money on all accounts", total, ACCOUNTS * EACH)
