/* leaves-block: The project has macros of its own, and one method lacks the second. */

#include <Python.h>

#define BEFORE_THE_CALL PyThreadState *_save = PyEval_SaveThread()
#define AFTER_THE_CALL PyEval_RestoreThread(_save)

static PyObject *name_before(component *self)
{
    text name;
    BEFORE_THE_CALL;
    const int code = component_name(self, &name);
    if (code < 0)
        return failure(code);
    return PyUnicode_FromString(name);
}

static PyObject *name_after(component *self)
{
    text name;
    BEFORE_THE_CALL;
    const int code = component_name(self, &name);
    AFTER_THE_CALL;
    if (code < 0)
        return failure(code);
    return PyUnicode_FromString(name);
}
