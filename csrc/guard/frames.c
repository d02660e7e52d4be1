/* Walks Python's frames. No other file here knows their layout, which differs by version.

   These functions only read. PyThreadState_GetFrame would make frame objects, in the
   middle of NumPy's allocator, and up to 3.11 that can begin a garbage collection. */

#define Py_BUILD_CORE 1

#include "frames.h"

#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030E0000
#define FRAMES_ARE_KNOWN 1
#include <internal/pycore_frame.h>
#elif PY_VERSION_HEX < 0x03100000
#define FRAMES_ARE_KNOWN 1
#include <internal/pycore_interpframe_structs.h>
#else
#define FRAMES_ARE_KNOWN 0
#endif

bool frames_known(void)
{
    return FRAMES_ARE_KNOWN;
}

PyThreadState *attached_state(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#elif PY_VERSION_HEX >= 0x030C0000
    return _PyThreadState_UncheckedGet();
#else
    /* Up to 3.11 this is the state of whichever thread holds the GIL. */
    PyThreadState *holder = _PyThreadState_UncheckedGet();
    return holder == PyGILState_GetThisThreadState() ? holder : NULL;
#endif
}

#if FRAMES_ARE_KNOWN

#if PY_VERSION_HEX >= 0x030E0000

/* A reference with a tag in its lowest bits; both set: a number, and no object. */
static PyObject *object_of(_PyStackRef reference)
{
    const uintptr_t tag = 3;
    return (reference.bits & tag) == tag ? NULL : (PyObject *)(reference.bits & ~tag);
}

#endif

static PyCodeObject *code_of(const _PyInterpreterFrame *frame)
{
#if PY_VERSION_HEX >= 0x030E0000
    PyObject *found = object_of(frame->f_executable);
    return found != NULL && PyCode_Check(found) ? (PyCodeObject *)found : NULL;
#elif PY_VERSION_HEX >= 0x030D0000
    return PyCode_Check(frame->f_executable) ? (PyCodeObject *)frame->f_executable : NULL;
#else
    return frame->f_code;
#endif
}

/* Where a frame's bytecode begins; without the GIL, threads have copies of their own. */
static const char *bytecode_of(const _PyInterpreterFrame *frame)
{
#if PY_VERSION_HEX >= 0x030E0000 && defined(Py_GIL_DISABLED)
    /* the array may be replaced by a longer one at any time */
    const _PyCodeArray *all = __atomic_load_n(&code_of(frame)->co_tlbc, __ATOMIC_ACQUIRE);
    return all->entries[frame->tlbc_index];
#else
    return code_of(frame)->co_code_adaptive;
#endif
}

static int instruction_of(const _PyInterpreterFrame *frame)
{
#if PY_VERSION_HEX >= 0x030D0000
    const void *at = frame->instr_ptr;
#else
    const void *at = frame->prev_instr;
#endif
    return (int)((const char *)at - bytecode_of(frame));
}

/* Whether it is a call of Python code that has begun. The interpreter has frames of its own
   between these: from 3.12 on where C calls Python, from 3.13 on below a call of __init__.
   It leaves them out by the same rule, _PyFrame_IsIncomplete. */
static bool is_real(const _PyInterpreterFrame *frame)
{
    enum { FIRST_OWNER_OF_OTHER_FRAMES = 3 }; /* FRAME_OWNED_BY_CSTACK, in 3.14 ..._INTERPRETER */
    if (frame->owner >= FIRST_OWNER_OF_OTHER_FRAMES || code_of(frame) == NULL)
        return false;
    const int first = code_of(frame)->_co_firsttraceable * (int)sizeof(_Py_CODEUNIT);
    return frame->owner == FRAME_OWNED_BY_GENERATOR || instruction_of(frame) >= first;
}

static struct frame first_real(_PyInterpreterFrame *frame)
{
    while (frame != NULL && !is_real(frame))
        frame = frame->previous;
    if (frame == NULL)
        return (struct frame){NULL, NULL, 0};
    return (struct frame){frame, code_of(frame), instruction_of(frame)};
}

struct frame innermost_frame(PyThreadState *state)
{
#if PY_VERSION_HEX >= 0x030D0000
    return first_real(state->current_frame);
#else
    return first_real(state->cframe->current_frame);
#endif
}

struct frame outer_frame(struct frame inner)
{
    return first_real(((_PyInterpreterFrame *)inner.frame)->previous);
}

PyObject *frame_local(struct frame frame, int i)
{
#if PY_VERSION_HEX >= 0x030E0000
    return object_of(((_PyInterpreterFrame *)frame.frame)->localsplus[i]);
#else
    return ((_PyInterpreterFrame *)frame.frame)->localsplus[i];
#endif
}

PyObject *frame_globals(struct frame frame)
{
    return ((_PyInterpreterFrame *)frame.frame)->f_globals;
}

int code_locals(PyCodeObject *code)
{
    return code->co_nlocalsplus;
}

PyObject *code_local_name(PyCodeObject *code, int i)
{
    return PyTuple_GET_ITEM(code->co_localsplusnames, i);
}

#else /* an interpreter newer than this file: reports have no Python stack */

struct frame innermost_frame(PyThreadState *Py_UNUSED(state))
{
    return (struct frame){NULL, NULL, 0};
}

struct frame outer_frame(struct frame Py_UNUSED(inner))
{
    return (struct frame){NULL, NULL, 0};
}

PyObject *frame_local(struct frame Py_UNUSED(frame), int Py_UNUSED(i))
{
    return NULL;
}

PyObject *frame_globals(struct frame Py_UNUSED(frame))
{
    return NULL;
}

int code_locals(PyCodeObject *Py_UNUSED(code))
{
    return 0;
}

PyObject *code_local_name(PyCodeObject *Py_UNUSED(code), int Py_UNUSED(i))
{
    return NULL;
}

#endif
