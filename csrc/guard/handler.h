#ifndef GIL_DEMO_GUARD_HANDLER_H
#define GIL_DEMO_GUARD_HANDLER_H

#include "guard.h"

/* Puts our functions into NumPy's default handler. With the GIL. NULL, or why not. */
const char *handler_patch(void);

#endif
