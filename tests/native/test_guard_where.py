"""The guarded allocator is where it was installed, and nowhere else.

What may end the interpreter, and all that installs the allocator, runs in a child process.
"""

from guarded import GUARDED, Child, Command, passed


def test_it_loads_without_the_patterns(python: Command) -> None:
    """The guard is a C module of its own, and needs neither cffi nor a hazard."""
    without = "import sys; sys.modules['gil_demo._patterns'] = sys.modules['cffi'] = None\n"
    ended = python(without + GUARDED + "survived()")
    assert passed(ended), ended


def test_it_has_a_name_that_numpy_tells(child: Child) -> None:
    """NumPy names the allocator in force, and each array that of its data."""
    ended = child("""
assert get_handler_name() == "gil_demo_guard"
assert get_handler_name(np.ones(3)) == "gil_demo_guard"
assert get_handler_name(np.ones(3)[1:]) is None  # a view has no data of its own
survived()
""")
    assert passed(ended), ended


def test_installing_it_twice_is_installing_it_once(child: Child) -> None:
    """Arrays from before a second installation are freed by the allocator that made them."""
    ended = child("""
array = np.ones(100)
guard.install()
another = np.ones(100)
del array, another
survived()
""")
    assert passed(ended), ended


def test_arrays_from_before_keep_their_own_allocator(child: Child, python: Command) -> None:
    """What was made before the allocator was installed is freed as it was made."""
    before = "before = np.arange(1000.0)\nguard.install()"
    ended = python(
        GUARDED.replace("guard.install()", before)
        + """
assert get_handler_name(before) == "default_allocator"
before.resize(2000, refcheck=False)
assert before[:1000].tolist() == list(range(1000))
del before
survived()
"""
    )
    assert passed(ended), ended


def test_a_thread_that_did_not_ask_has_ordinary_arrays(child: Child) -> None:
    """The allocator is local to the context, and a new thread begins with an empty one.

    From 3.14 on, a thread may be made to inherit its starter's context; then it is guarded.
    """
    ended = child("""
names = []
thread = threading.Thread(target=lambda: names.append(get_handler_name(np.ones(3))))
thread.start()
thread.join()
inherits = getattr(sys.flags, "thread_inherit_context", 0)
assert names == ["gil_demo_guard" if inherits else "default_allocator"]
survived()
""")
    assert passed(ended), ended


PARENT = """
from numpy._core.multiarray import get_handler_name
import numpy as np
from gil_demo.cli import run_command_line
assert run_command_line(["try", "borrowed-reference", "lost-update"]) == 0
assert get_handler_name() == get_handler_name(np.ones(3)) == "default_allocator"
"""


def test_the_parent_never_has_it(python: Command) -> None:
    """After trying patterns the process that started them allocates as it always did."""
    ended = python(PARENT)
    assert ended.returncode == 0, ended.stderr


SERVER = """
import os
os.dup2(os.pipe()[0], 0)  # a parent that says nothing and is still there
from gil_demo.sandbox import server
from numpy._core.multiarray import get_handler_name
assert server.answer("lost-update", "safe").outcome == "ok"
assert get_handler_name() == "default_allocator"
print("survived")
"""


def test_the_server_that_forks_the_children_does_not_have_it_either(python: Command) -> None:
    """Only the child installs it, so that each child begins with an allocator of its own."""
    ended = python(SERVER)
    assert passed(ended), ended
