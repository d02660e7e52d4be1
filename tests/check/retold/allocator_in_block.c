/* api-in-block: Memory comes from Python's own allocator in the block, which works up to CPython 3.11. */

#include <Python.h>

static char *expand_before(const char *packed, size_t size)
{
    char *room;
    Py_BEGIN_ALLOW_THREADS
    room = PyMem_Malloc(size);
    if (room != NULL)
        unpack(packed, room, size);
    Py_END_ALLOW_THREADS
    return room;
}

static char *expand_after(const char *packed, size_t size)
{
    char *room;
    Py_BEGIN_ALLOW_THREADS
    room = PyMem_RawMalloc(size);
    if (room != NULL)
        unpack(packed, room, size);
    Py_END_ALLOW_THREADS
    return room;
}
