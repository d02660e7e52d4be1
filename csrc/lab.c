/* The lab for Python: its side of a handshake, and the settings of a child. */

#include "lab.h"

#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

void lab_reach(lab *lab, int64_t step)
{
    reach(lab, step);
}

/* Leaves no orphans and no core files, where the system offers a way. */
void lab_die_with_parent(void)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0);
#endif
}
