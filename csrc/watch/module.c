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
    if (watch.running)
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
    if (watch.running)
        return refuse("the watch still runs");
    watch_forget();
    Py_RETURN_NONE;
}

static PyObject *running(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBool_FromLong(watch.running);
}

/* The holds as bytes: rows of (asked, taken, dropped, ran: int64; thread, stack: uint32). */
static PyObject *holds(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBytes_FromStringAndSize((const char *)watch.holds,
                                     (Py_ssize_t)(watch.count * sizeof(hold)));
}

static PyObject *row_tuple(const thread_row *row, uint32_t number)
{
    int64_t held = row->held_ns, longest = row->longest_hold_ns;
    if (watch.running && watch.holder == number) { /* the hold that goes on: the caller's own */
        int64_t going_on = now() - watch.taken;
        held += going_on;
        longest = going_on > longest ? going_on : longest;
    }
    return Py_BuildValue("(IIKiLLLLKL)", number, row->serial, (unsigned long long)row->pthread,
                         row->native_id, (long long)held, (long long)row->waited_ns,
                         (long long)longest, (long long)row->longest_wait_ns,
                         (unsigned long long)row->takes, (long long)row->asked);
}

/* A tuple a thread: row, serial, pthread, native_id, held, waited, longest hold, longest wait,
 * takes, asked. The last row sums up the ended threads whose rows were given to others. */
static PyObject *threads(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *rows = PyList_New(0);
    for (uint32_t i = 0; rows != NULL && i <= watch.rows; i++) {
        const thread_row *row = i < watch.rows ? &watch.threads[i] : &watch.ended;
        PyObject *one = row_tuple(row, i);
        if (one == NULL || PyList_Append(rows, one) != 0)
            Py_CLEAR(rows);
        Py_XDECREF(one);
    }
    return rows;
}

/* (started, stopped or now, count of holds, lost holds, lost stacks) */
static PyObject *span(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return Py_BuildValue("(LLKKK)", (long long)watch.started,
                         (long long)(watch.running ? now() : watch.stopped),
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

/* Names the calling thread, for the alarm. */
static PyObject *name_thread(PyObject *module, PyObject *name)
{
    (void)module;
    const char *utf8 = PyUnicode_AsUTF8(name);
    if (utf8 == NULL)
        return NULL;
    if (!watch.running)
        return refuse("nothing is being watched");
    uint32_t row = watch_this_thread();
    snprintf(watch.threads[row].name, sizeof watch.threads[row].name, "%s", utf8);
    return Py_BuildValue("(II)", row, watch.threads[row].serial);
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

/* The number of interpreters with a GIL of their own, which are not watched. */
static PyObject *other_gils(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    long others = 0;
    gil_state *ours = gil_of(PyThreadState_Get());
    for (PyInterpreterState *one = PyInterpreterState_Head(); one; one = PyInterpreterState_Next(one)) {
        PyThreadState *first = PyInterpreterState_ThreadHead(one);
        others += first != NULL && gil_of(first) != ours;
    }
    return PyLong_FromLong(others);
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, NULL},
    {"stop", stop, METH_NOARGS, NULL},
    {"forget", forget, METH_NOARGS, NULL},
    {"running", running, METH_NOARGS, NULL},
    {"holds", holds, METH_NOARGS, NULL},
    {"threads", threads, METH_NOARGS, NULL},
    {"span", span, METH_NOARGS, NULL},
    {"frames", frames, METH_O, NULL},
    {"name_thread", name_thread, METH_O, NULL},
    {"slots", slots, METH_NOARGS, NULL},
    {"alarm_start", begin_alarm, METH_VARARGS, NULL},
    {"alarm_stop", end_alarm, METH_NOARGS, NULL},
    {"other_gils", other_gils, METH_NOARGS, NULL},
    {"hold_gil", duty_hold, METH_VARARGS, NULL},
    {"release_gil", duty_release, METH_VARARGS, NULL},
    {"cycles", duty_cycles, METH_VARARGS, NULL},
    {"pairs", duty_pairs, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "gil_demo._watch", "Stamps every hand-over of the GIL.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__watch(void)
{
    return PyModule_Create(&definition);
}
