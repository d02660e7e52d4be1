/* leaves-block: A library's callback gives up early and keeps the GIL. */

#include <Python.h>

static void on_message_before(const library *from, const char *text)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *self = library_data(from);
    if (PyErr_Occurred())
        return;
    PyObject_CallFunction(self, "s", text);
    PyGILState_Release(state);
}

static void on_message_after(const library *from, const char *text)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *self = library_data(from);
    if (!PyErr_Occurred())
        PyObject_CallFunction(self, "s", text);
    PyGILState_Release(state);
}
