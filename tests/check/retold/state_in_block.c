/* api-in-block: The module's state is looked up in the block. */

#include <Python.h>

#define STATE(module) ((module_state *)PyModule_GetState(module))

static int draw_before(PyObject *module, surface *on)
{
    int drawn;
    Py_BEGIN_ALLOW_THREADS
    drawn = blit(on, STATE(module)->screen);
    Py_END_ALLOW_THREADS
    return drawn;
}

static int draw_after(PyObject *module, surface *on)
{
    int drawn;
    surface *screen = STATE(module)->screen;
    Py_BEGIN_ALLOW_THREADS
    drawn = blit(on, screen);
    Py_END_ALLOW_THREADS
    return drawn;
}
