/* leaves-block: The common way out for errors lies behind END. */

#include <Python.h>

static int make_nonblocking_before(int fd, int wanted)
{
    int flags, result = -1;
    Py_BEGIN_ALLOW_THREADS
    flags = fcntl(fd, F_GETFL, 0);
    if (flags < 0)
        goto done;
    flags = wanted ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (fcntl(fd, F_SETFL, flags) < 0)
        goto done;
    result = 0;
    Py_END_ALLOW_THREADS
done:
    if (result < 0)
        PyErr_SetFromErrno(PyExc_OSError);
    return result;
}

static int make_nonblocking_after(int fd, int wanted)
{
    int flags, result = -1;
    Py_BEGIN_ALLOW_THREADS
    flags = fcntl(fd, F_GETFL, 0);
    if (flags < 0)
        goto done;
    flags = wanted ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (fcntl(fd, F_SETFL, flags) < 0)
        goto done;
    result = 0;
done:;
    Py_END_ALLOW_THREADS
    if (result < 0)
        PyErr_SetFromErrno(PyExc_OSError);
    return result;
}
