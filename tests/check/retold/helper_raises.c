/* api-in-block: A helper works in the block, and raises by itself where it fails. */

#include <Python.h>

static int feed(digest *state, const unsigned char *data, size_t size)
{
    while (size > 0) {
        const size_t part = size < 4096 ? size : 4096;
        const int ok = digest_update(state, data, part);
        if (!ok) {
            PyErr_SetString(PyExc_ValueError, "the digest failed");
            return -1;
        }
        data += part;
        size -= part;
    }
    return 0;
}

static int feed_quietly(digest *state, const unsigned char *data, size_t size)
{
    return digest_update(state, data, size) ? 0 : -1;
}

static int update_before(digest *state, Py_buffer *view)
{
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = feed(state, view->buf, view->len);
    Py_END_ALLOW_THREADS
    return failed;
}

static int update_after(digest *state, Py_buffer *view)
{
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = feed_quietly(state, view->buf, view->len);
    Py_END_ALLOW_THREADS
    if (failed)
        PyErr_SetString(PyExc_ValueError, "the digest failed");
    return failed;
}
