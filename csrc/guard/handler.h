#ifndef GIL_DEMO_GUARD_HANDLER_H
#define GIL_DEMO_GUARD_HANDLER_H

#include "guard.h"

/* Finds NumPy's default handler, and sees to it that it can be written to. With the GIL.
   NULL, or why it cannot be guarded. */
const char *handler_find(void);

/* Puts our functions into it. */
void handler_patch(void);

#endif
