/* The lab for Python: its side of a handshake. */

#include "lab.h"

void lab_reach(lab *lab, int64_t step)
{
    reach(lab, step);
}
