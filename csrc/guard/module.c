/* gil_demo._guard: guarded array data, as Python sees them. gil_demo/native/guard.py
   is its only user. Every function is entered by a thread that is attached. The
   allocator has locks of its own, as it must: NumPy also calls it without the GIL.
   Only install, report_into and label are for one thread at a time. */

#define PY_SSIZE_T_CLEAN
#include "common/numpy_api.h"

#include "facts.h"
#include "faults.h"
#include "frames.h"
#include "guard.h"
#include "handler.h"
#include "heap.h"
#include "pages.h"
#include "process.h"
#include "protect.h"
#include "region.h"

#include <string.h>

static atomic_bool installed;

static PyObject *refuse(const char *reason)
{
    PyErr_SetString(PyExc_OSError, reason);
    return NULL;
}

static PyObject *install(PyObject *Py_UNUSED(module), PyObject *args, PyObject *named)
{
    static char *names[] = {"edge",       "alignment",         "sample",
                            "method",     "quarantine_blocks", "quarantine_bytes",
                            "waste_bytes", "live_blocks",      NULL};
    int edge, method;
    unsigned long long alignment, sample, blocks, bytes, waste, live;
    if (!PyArg_ParseTupleAndKeywords(args, named, "$iKKiKKKK", names, &edge, &alignment, &sample,
                                     &method, &blocks, &bytes, &waste, &live))
        return NULL;
    if (installed)
        return refuse("the guard is installed already");
    guard_options = (struct options){
        .edge = (enum edge)edge,
        .alignment = alignment,
        .sample = sample,
        .method = (enum method)method,
        .quarantine_blocks = blocks,
        .quarantine_bytes = bytes,
        .waste_bytes = waste,
        .live_blocks = live,
    };
    guard_counts->method = guard_options.method;
    const char *reason = handler_find(); /* first: whoever is refused here has taken nothing */
    if (reason != NULL)
        return refuse(reason);
    if (!heap_start())
        return refuse("there is too little address space (ulimit -v)");
    if (!process_start() || !faults_take())
        return refuse("the system gives no signal handler");
    handler_patch();
    installed = true;
    Py_RETURN_NONE;
}

static PyObject *is_installed(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    return PyBool_FromLong(installed);
}

static PyObject *switch_on(PyObject *Py_UNUSED(module), PyObject *on)
{
    const int wanted = PyObject_IsTrue(on);
    if (wanted < 0)
        return NULL;
    return PyBool_FromLong(atomic_exchange(&guard_on, installed && wanted));
}

static PyObject *force(PyObject *Py_UNUSED(module), PyObject *on)
{
    const int wanted = PyObject_IsTrue(on);
    if (wanted < 0)
        return NULL;
    heap_force(installed && wanted);
    Py_RETURN_NONE;
}

static PyObject *check(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    return PyLong_FromUnsignedLongLong(installed ? heap_check() : 0);
}

static PyObject *counts(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    PyObject *found = PyDict_New();
    bool filled = found != NULL;
#define ADD(name) \
    if (filled) { \
        PyObject *value = PyLong_FromUnsignedLongLong(atomic_load(&guard_counts->name)); \
        filled = value != NULL && PyDict_SetItemString(found, #name, value) == 0; \
        Py_XDECREF(value); \
    }
    COUNTS(ADD)
#undef ADD
    if (!filled)
        Py_CLEAR(found);
    return found;
}

static bool copy_text(char *to, size_t room, const char *from)
{
    if (strlen(from) >= room) {
        PyErr_SetString(PyExc_ValueError, "the text is too long");
        return false;
    }
    strcpy(to, from);
    return true;
}

static PyObject *report_into(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *directory;
    PyObject *teller;
    int errors;
    const size_t room = sizeof facts_to.teller / sizeof *facts_to.teller;
    if (!PyArg_ParseTuple(args, "sO!i", &directory, &PyTuple_Type, &teller, &errors)
        || !copy_text(facts_to.directory, sizeof facts_to.directory, directory))
        return NULL;
    const Py_ssize_t words = PyTuple_GET_SIZE(teller);
    if ((size_t)words >= room)
        return PyErr_Format(PyExc_ValueError, "a teller has at most %zu words", room - 1);
    for (Py_ssize_t i = 0; i < words; i++) {
        const char *word = PyUnicode_AsUTF8(PyTuple_GET_ITEM(teller, i));
        facts_to.teller[i] = word ? strdup(word) : NULL; /* for the process's life */
        if (facts_to.teller[i] == NULL)
            return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    facts_to.teller[words] = NULL;
    facts_to.errors = errors;
    if (!facts_prepare())
        return PyErr_NoMemory();
    if (directory[0] != '\0' && !counts_into(directory))
        return PyErr_SetFromErrnoWithFilename(PyExc_OSError, directory);
    Py_RETURN_NONE;
}

static PyObject *label(PyObject *Py_UNUSED(module), PyObject *text)
{
    const char *wanted = PyUnicode_AsUTF8(text);
    if (wanted == NULL)
        return NULL;
    snprintf(facts_to.label, sizeof facts_to.label, "%s", wanted);
    Py_RETURN_NONE;
}

static PyObject *block(PyObject *Py_UNUSED(module), PyObject *address)
{
    const char *wanted = PyLong_AsVoidPtr(address);
    if (wanted == NULL && PyErr_Occurred())
        return NULL;
    heap_lock(); /* without a GIL, another thread may free the block meanwhile */
    const struct block *found = block_at(wanted);
    const bool inside = found != NULL && found->state == ALIVE && wanted >= found->data
        && wanted <= found->data + found->size;
    const unsigned long long data = inside ? (uintptr_t)found->data : 0;
    const unsigned long long size = inside ? found->size : 0;
    heap_unlock();
    if (!inside)
        Py_RETURN_NONE;
    return Py_BuildValue("KK", data, size);
}

static PyObject *shield(PyObject *Py_UNUSED(module), PyObject *args)
{
    unsigned long long from, bytes;
    int kind, notes;
    if (!PyArg_ParseTuple(args, "KKii", &from, &bytes, &kind, &notes))
        return NULL;
    const char *start = (const char *)(uintptr_t)from;
    return PyLong_FromLong(shield_add(start, bytes, (enum shield)kind, notes));
}

static PyObject *unshield(PyObject *Py_UNUSED(module), PyObject *number)
{
    const long wanted = PyLong_AsLong(number);
    if (wanted == -1 && PyErr_Occurred())
        return NULL;
    shield_remove((int)wanted);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"install", (PyCFunction)(void (*)(void))install, METH_VARARGS | METH_KEYWORDS,
     "Patch NumPy's allocator and take SIGSEGV; raise OSError where that cannot be."},
    {"is_installed", is_installed, METH_NOARGS, "Say whether install() was called."},
    {"switch_on", switch_on, METH_O, "Guard new arrays, or do not; return what was before."},
    {"force", force, METH_O, "Guard each new array of this thread, whatever the options."},
    {"check", check, METH_NOARGS, "Report blocks with changed canaries; return how many."},
    {"counts", counts, METH_NOARGS, "Return what was counted so far."},
    {"report_into", report_into, METH_VARARGS,
     "Say where reports go (directory or ''), who tells them, and on which descriptor."},
    {"label", label, METH_O, "Put a text into each report from now on."},
    {"block", block, METH_O, "Return start and size of the live block at an address, or None."},
    {"shield", shield, METH_VARARGS, "Shield bytes (address, size, kind, notes); -1 if refused."},
    {"unshield", unshield, METH_O, "Take back a shield."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gil_demo._guard",
    .m_doc = "Array data in pages of their own, and reports of faulty accesses to them.",
    .m_size = -1, /* NumPy's allocator is one for the whole process */
    .m_methods = methods,
};

static bool add_count_names(PyObject *module)
{
#define NAME(name) #name,
    static const char *const names[] = {COUNTS(NAME)};
#undef NAME
    const Py_ssize_t size = sizeof names / sizeof *names;
    PyObject *tuple = PyTuple_New(size);
    for (Py_ssize_t i = 0; tuple != NULL && i < size; i++) {
        PyObject *name = PyUnicode_FromString(names[i]);
        if (name == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, name);
    }
    const bool added = tuple != NULL && PyModule_AddObjectRef(module, "COUNTS", tuple) == 0;
    Py_XDECREF(tuple);
    return added;
}

PyMODINIT_FUNC PyInit__guard(void)
{
    if (fill_numpy_api() != 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || !add_count_names(module)
        || PyModule_AddIntConstant(module, "HAS_MARKERS", pages_have_markers()) < 0
        || PyModule_AddIntConstant(module, "CAN_STEP", can_step()) < 0
        || PyModule_AddIntConstant(module, "KNOWS_FRAMES", frames_known()) < 0)
        Py_CLEAR(module);
#ifdef Py_GIL_DISABLED /* what threads change has locks of its own; a report reads without */
    if (module != NULL && PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED) < 0)
        Py_CLEAR(module);
#endif
    return module;
}
