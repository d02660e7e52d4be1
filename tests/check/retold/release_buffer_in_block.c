/* api-in-block: The buffer is given back as soon as C has done, which is before END. */

#include <Python.h>

static int compress_before(stream *to, Py_buffer *view)
{
    int code;
    Py_BEGIN_ALLOW_THREADS
    code = stream_write(to, view->buf, view->len);
    PyBuffer_Release(view);
    Py_END_ALLOW_THREADS
    return code;
}

static int compress_after(stream *to, Py_buffer *view)
{
    int code;
    Py_BEGIN_ALLOW_THREADS
    code = stream_write(to, view->buf, view->len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(view);
    return code;
}
