/* flagged by: thread */
#include "../../csrc/patterns/overlapping_output.c"

#include "harness.h"

enum { HALF = 100 };

static double cells[2 * HALF + 1];
static const double copy[2 * HALF];

static void unsafe(int thread)
{
    const int64_t start = (int64_t)thread * HALF;
    overlapping_output_unsafe(cells + start, cells + 1 + start, HALF);
}

static void safe(int thread)
{
    const int64_t start = (int64_t)thread * HALF;
    if (overlapping_output_safe(cells + start, cells + 1 + start, HALF) != 0)
        overlapping_output_safe(copy + start, cells + 1 + start, HALF);
}

HARNESS(2, unsafe, safe)
