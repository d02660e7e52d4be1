/* nested-begin: A helper has learned to release the GIL, and one of its callers already does. */

#include <Python.h>

static int transfer(device *from, void *into, size_t size)
{
    int got;
    Py_BEGIN_ALLOW_THREADS
    got = device_read(from, into, size);
    Py_END_ALLOW_THREADS
    return got;
}

static int transfer_all_before(device *from, char *into, int parts)
{
    int got = 0;
    Py_BEGIN_ALLOW_THREADS
    for (int part = 0; part < parts; part++)
        got += transfer(from, into + part * 512, 512);
    Py_END_ALLOW_THREADS
    return got;
}

static int transfer_all_after(device *from, char *into, int parts)
{
    int got = 0;
    for (int part = 0; part < parts; part++)
        got += transfer(from, into + part * 512, 512);
    return got;
}
