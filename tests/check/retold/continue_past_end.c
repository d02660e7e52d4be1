/* leaves-block: `continue` leaves the block, and the next turn of the loop begins another. */

#include <Python.h>

static long poll_all_before(entry *entries, int size)
{
    long ready = 0;
    for (int i = 0; i < size; i++) {
        Py_BEGIN_ALLOW_THREADS
        if (!entry_is_open(&entries[i]))
            continue;
        entry_poll(&entries[i]);
        Py_END_ALLOW_THREADS
        ready += PyLong_AsLong(entries[i].number);
    }
    return ready;
}

static long poll_all_after(entry *entries, int size)
{
    long ready = 0;
    for (int i = 0; i < size; i++) {
        if (!entry_is_open(&entries[i]))
            continue;
        Py_BEGIN_ALLOW_THREADS
        entry_poll(&entries[i]);
        Py_END_ALLOW_THREADS
        ready += PyLong_AsLong(entries[i].number);
    }
    return ready;
}
