#ifndef GIL_DEMO_GUARD_FRAMES_H
#define GIL_DEMO_GUARD_FRAMES_H

#include "guard.h"

/* One of Python's frames; `frame` is NULL after the last. No reference is taken:
   valid while the thread that it belongs to does not run Python. */
struct frame {
    void *frame;
    PyCodeObject *code;
    int instruction; /* its offset in bytes, for PyCode_Addr2Line */
};

/* Whether this version's frames are known here. */
bool frames_known(void);

/* The thread state that holds the GIL, if it is this thread's. NULL otherwise. */
PyThreadState *attached_state(void);

/* Innermost first. */
struct frame innermost_frame(PyThreadState *state);
struct frame outer_frame(struct frame inner);

/* Local variable number i of code's co_localsplusnames; NULL if unset. Borrowed. */
PyObject *frame_local(struct frame frame, int i);
PyObject *frame_globals(struct frame frame);

int code_locals(PyCodeObject *code);
PyObject *code_local_name(PyCodeObject *code, int i); /* borrowed */

#endif
