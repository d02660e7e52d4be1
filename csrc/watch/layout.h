/* Where CPython keeps its GIL and a thread's frames: all that differs from version to version.
 *
 * The interpreter's own internal headers, installed beside the public ones, give the layout of
 * the very version this is compiled for. session.c checks at each start that it holds here.
 */
#ifndef GIL_DEMO_WATCH_LAYOUT_H
#define GIL_DEMO_WATCH_LAYOUT_H

#define Py_BUILD_CORE_MODULE 1
#include <Python.h>

#include <sched.h>
#include <stdbool.h>

#include "internal/pycore_frame.h"
#include "internal/pycore_gil.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_runtime.h"
#if PY_VERSION_HEX >= 0x030E0000
#include "internal/pycore_interpframe.h"
#endif

typedef struct _gil_runtime_state gil_state;

/* A debug build has more in PyInterpreterState (pycore_object_state.h, from 3.12 on), and loads
 * modules that were compiled for a release build. */
#ifdef Py_REF_DEBUG
#define COMPILED_FOR_DEBUG_BUILD true
#else
#define COMPILED_FOR_DEBUG_BUILD false
#endif

/* The mutex that guards the GIL; a test watches another one and sees it refused. */
#ifndef WATCHED_MUTEX
#define WATCHED_MUTEX mutex
#endif

/* The GIL of the interpreter that `tstate` belongs to. */
static inline gil_state *gil_of(PyThreadState *tstate)
{
#if PY_VERSION_HEX < 0x030C0000
    (void)tstate;
    return &_PyRuntime.ceval.gil; /* one for all interpreters */
#else
    return tstate->interp->ceval.gil;
#endif
}

/* How many interpreters have a GIL other than this one. The caller has that GIL.
 *
 * Interpreters with a GIL of their own come and go meanwhile, but not while the list is locked.
 * Nobody waits for a GIL while he owns that lock, so it may be waited for with the GIL.
 */
static inline long gils_other_than(gil_state *ours)
{
    long others = 0;
#if PY_VERSION_HEX < 0x030C0000
    (void)ours;
#else
#if PY_VERSION_HEX < 0x030D0000
    HEAD_LOCK(&_PyRuntime);
#else /* HEAD_LOCK() calls what libpython hides; PyMutex_Lock() would release the GIL to wait */
    for (uint8_t unlocked = 0; !_Py_atomic_compare_exchange_uint8(
             &_PyRuntime.interpreters.mutex._bits, &unlocked, _Py_LOCKED);
         unlocked = 0)
        sched_yield();
#endif
    PyInterpreterState *one = PyInterpreterState_Head();
    for (; one != NULL; one = PyInterpreterState_Next(one))
        others += one->ceval.gil != NULL && one->ceval.gil != ours;
    HEAD_UNLOCK(&_PyRuntime);
#endif
    return others;
}

/* Whether a thread has the GIL; without a race only for the owner of its mutex. */
static inline int gil_locked(gil_state *gil)
{
#if PY_VERSION_HEX < 0x030D0000
    return _Py_atomic_load_relaxed(&gil->locked);
#else
    return _Py_atomic_load_int_relaxed(&gil->locked);
#endif
}

/* The thread state that has the GIL or had it last. */
static inline PyThreadState *gil_last_holder(gil_state *gil)
{
#if PY_VERSION_HEX < 0x030D0000
    return (PyThreadState *)_Py_atomic_load_relaxed(&gil->last_holder);
#else
    return (PyThreadState *)_Py_atomic_load_ptr_relaxed(&gil->last_holder);
#endif
}

static inline struct _PyInterpreterFrame *innermost_frame(PyThreadState *tstate)
{
#if PY_VERSION_HEX < 0x030D0000
    return tstate->cframe->current_frame;
#else
    return tstate->current_frame;
#endif
}

/* What a frame executes: its code object, or something else for an entry from C. Not followed. */
static inline PyObject *frame_executable(struct _PyInterpreterFrame *frame)
{
#if PY_VERSION_HEX >= 0x030E0000
    return PyStackRef_AsPyObjectBorrow(frame->f_executable);
#elif PY_VERSION_HEX >= 0x030D0000
    return frame->f_executable;
#elif PY_VERSION_HEX >= 0x030C0000
    return frame->owner == FRAME_OWNED_BY_CSTACK ? NULL : (PyObject *)frame->f_code;
#else
    return (PyObject *)frame->f_code;
#endif
}

/* The code a frame runs, or NULL for a frame that runs none, or has not begun: sys._getframe()
 * leaves that out, too. While CPython makes a frame, the collector may run finalizers. */
static inline PyCodeObject *frame_code(struct _PyInterpreterFrame *frame)
{
    PyObject *code = frame_executable(frame);
    if (code == NULL || !PyCode_Check(code) || _PyFrame_IsIncomplete(frame))
        return NULL;
    return (PyCodeObject *)code;
}

/* The instruction a frame is at. */
static inline char *frame_instruction(struct _PyInterpreterFrame *frame)
{
#if PY_VERSION_HEX >= 0x030D0000
    return (char *)frame->instr_ptr;
#else
    return (char *)frame->prev_instr;
#endif
}

#endif
