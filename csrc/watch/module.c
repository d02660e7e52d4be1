/* gil_demo._watch: the door from Python to the watch. Each function is called with the GIL held. */
#include "handovers.h"

static PyObject *refuse(const char *why)
{
    PyErr_SetString(PyExc_RuntimeError, why);
    return NULL;
}

static PyObject *start(PyObject *module, PyObject *args)
{
    (void)module;
    unsigned long long capacity;
    long long stack_after_ns;
    if (!PyArg_ParseTuple(args, "KL:start", &capacity, &stack_after_ns))
        return NULL;
    if (watch_runs())
        return refuse("a watch is running already, and there is one GIL to watch");
    const char *why = watch_start(capacity, stack_after_ns);
    if (why != NULL)
        return refuse(why);
    Py_RETURN_NONE;
}

static PyObject *stop(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    const char *why = watch_stop();
    if (why != NULL)
        return refuse(why);
    Py_RETURN_NONE;
}

static PyObject *forget(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    if (!watch_runs())
        watch_forget();
    Py_RETURN_NONE;
}

static PyObject *running(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBool_FromLong(watch_runs());
}

static PyObject *holds(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBytes_FromStringAndSize((const char *)watch.holds,
                                     (Py_ssize_t)(watch.count * sizeof(hold)));
}

static PyObject *row_tuple(const thread_copy *row, uint32_t number)
{
    int64_t held = row->totals.held_ns, longest = row->totals.longest_hold_ns;
    if (watch_runs() && watch.holder == number) { /* the hold that goes on: the caller's own */
        int64_t going_on = now() - watch.taken;
        held += going_on;
        longest = going_on > longest ? going_on : longest;
    }
    return Py_BuildValue("(IIKiLLLLKL)", number, row->serial, (unsigned long long)row->pthread,
                         row->native_id, (long long)held, (long long)row->totals.waited_ns,
                         (long long)longest, (long long)row->totals.longest_wait_ns,
                         (unsigned long long)row->totals.takes, (long long)row->asked);
}

static PyObject *threads(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    uint32_t count;
    thread_copy *copies = threads_copied(&count);
    if (copies == NULL)
        return PyErr_NoMemory();
    PyObject *rows = PyList_New(0);
    for (uint32_t i = 0; rows != NULL && i < count; i++) {
        PyObject *one = row_tuple(&copies[i], i);
        if (one == NULL || PyList_Append(rows, one) != 0)
            Py_CLEAR(rows);
        Py_XDECREF(one);
    }
    PyMem_Free(copies);
    return rows;
}

static PyObject *span(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return Py_BuildValue("(LLKKK)", (long long)watch.started,
                         (long long)(watch_runs() ? now() : watch.stopped),
                         (unsigned long long)watch.count, (unsigned long long)watch.lost,
                         (unsigned long long)stacks_lost());
}

static PyObject *frames(PyObject *module, PyObject *node)
{
    (void)module;
    unsigned long number = PyLong_AsUnsignedLong(node);
    if (number == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    return stacks_frames((uint32_t)number);
}

static PyObject *name_thread(PyObject *module, PyObject *name)
{
    (void)module;
    const char *utf8 = PyUnicode_AsUTF8(name);
    if (utf8 == NULL)
        return NULL;
    if (!watch_runs())
        return refuse("nothing is being watched");
    uint32_t serial, row = threads_name(utf8, &serial);
    return Py_BuildValue("(II)", row, serial);
}

static PyObject *slots(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return slots_state();
}

static PyObject *begin_alarm(PyObject *module, PyObject *args)
{
    (void)module;
    long long after_ns;
    int fd;
    const char *launcher;
    if (!PyArg_ParseTuple(args, "Lis:alarm_start", &after_ns, &fd, &launcher))
        return NULL;
    const char *why = alarm_start(after_ns, fd, launcher);
    if (why != NULL)
        return refuse(why);
    Py_RETURN_NONE;
}

static PyObject *end_alarm(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyLong_FromUnsignedLongLong(alarm_stop());
}

static PyObject *other_gils(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyLong_FromLong(gils_other_than(gil_of(PyThreadState_Get())));
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS,
     "Start watching, with room for so many holds; take stacks of holds that last so many ns."},
    {"stop", stop, METH_NOARGS, "Stop watching; what was noted stays until forget()."},
    {"forget", forget, METH_NOARGS, "Free what was noted, unless a watch runs."},
    {"running", running, METH_NOARGS, "Say whether a watch runs."},
    {"holds", holds, METH_NOARGS,
     "Return the holds as bytes: asked, taken, dropped, ran: int64; thread, stack: uint32."},
    {"threads", threads, METH_NOARGS,
     "Return a tuple a thread: row, serial, pthread, native_id, held, waited, longest hold,\n"
     "longest wait, takes, asked. The last sums up the threads whose rows were given to others."},
    {"span", span, METH_NOARGS,
     "Return the start, the stop or now, the count of holds, of lost holds, of lost stacks."},
    {"frames", frames, METH_O, "Return a stack as (function, file, line), innermost first."},
    {"name_thread", name_thread, METH_O,
     "Name the calling thread, for the alarm; return its row and its serial number."},
    {"slots", slots, METH_NOARGS,
     "Return (address, value, protection of its page) of each slot that watching replaces."},
    {"alarm_start", begin_alarm, METH_VARARGS,
     "Write to a file when a hold makes another thread wait for so many ns."},
    {"alarm_stop", end_alarm, METH_NOARGS, "Stop the alarm; return how often it spoke."},
    {"other_gils", other_gils, METH_NOARGS,
     "Return how many interpreters have a GIL of their own, which is not watched."},
    {"hold_gil", duty_hold, METH_VARARGS, "Run in C for so many seconds, with the GIL."},
    {"release_gil", duty_release, METH_VARARGS, "Run in C for so many seconds, without the GIL."},
    {"cycles", duty_cycles, METH_VARARGS,
     "Hold and release the GIL in turn: held, released, spinning, cycles, limit;\n"
     "return the start, the end, and the time held at least and at most."},
    {"pairs", duty_pairs, METH_VARARGS,
     "Release and take back the GIL so often; return how many nanoseconds that took."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gil_demo._watch",
    .m_doc = "Notes of every hand-over of the GIL, and C that holds or releases it.",
    .m_size = -1, /* libpython's slots are there once for the whole process */
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__watch(void)
{
    return PyModule_Create(&definition);
}
