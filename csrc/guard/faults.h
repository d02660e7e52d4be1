#ifndef GIL_DEMO_GUARD_FAULTS_H
#define GIL_DEMO_GUARD_FAULTS_H

#include "guard.h"

/* Takes SIGSEGV, and SIGTRAP for protect.c; what had them before gets them after us. */
bool faults_take(void);

#endif
