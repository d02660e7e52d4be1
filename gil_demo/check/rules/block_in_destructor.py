"""C releases the GIL while an object is being destroyed.

Mechanism:
    A ``tp_dealloc`` that releases the GIL lets other threads run Python while the object has no
    references left and its fields are half gone. The garbage collector may still find the object
    if it was not untracked. An exception that is set may get lost.

Not found:
    Destructors that are not named so and release the GIL in a function that they call.

Sources:
    - https://docs.python.org/3/c-api/typeobj.html#c.PyTypeObject.tp_dealloc
    - https://docs.python.org/3/c-api/gcsupport.html#c.PyObject_GC_UnTrack
"""

from collections.abc import Iterator

from gil_demo.check.rule import CheckedFile, Found, destroys
from gil_demo.check.source.source import Function
from gil_demo.words import Level

LEVEL: Level = "advice"
FLAGS: tuple[str, ...] = ()
INSTEAD = "Untrack the object and take its fields into local variables before BEGIN."
EXAMPLES = (
    """\
static void connection_dealloc(connection *self)
{
    Py_BEGIN_ALLOW_THREADS
    disconnect(self->handle); /* other threads run, and this object is half gone */
    Py_END_ALLOW_THREADS
    Py_TYPE(self)->tp_free((PyObject *)self);
}
""",
    """\
static PyObject *connection_close(connection *self, PyObject *Py_UNUSED(ignored))
{
    handle *open = self->handle;
    self->handle = NULL; /* with the GIL: nobody closes it a second time */
    Py_BEGIN_ALLOW_THREADS
    disconnect(open);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}
""",
)


def find(file: CheckedFile) -> Iterator[Found]:
    """Find blocks in functions that are named as destructors are."""
    for flow in file.flows:
        if not destroys(flow.function) or not _is_python(flow.function):
            continue
        for event in flow.events:
            if event.kind == "begin":
                message = (
                    f"{flow.function.name} lets other threads run while its object is half gone."
                )
                yield Found(
                    flow, event.start, event.stop, "advice", message, ("dealloc", event.start)
                )


def _is_python(function: Function) -> bool:
    return "PyObject" in function.header or "PyObject" in function.body
