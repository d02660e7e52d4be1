/* Two calls work in one static buffer, and one gets the other's numbers.

   The unsafe half is wrong on purpose. Its page: gil-demo show shared-scratch */

#include "lab.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 1001 }; /* elements an array: odd, so that one is in the middle */

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts in place, which is why a median needs a copy to work on. */
static double middle(double *numbers)
{
    qsort(numbers, SIZE, sizeof *numbers, ascending);
    return numbers[SIZE / 2];
}

/* The first call waits until the second has made its copy too. */
double shared_scratch_unsafe(const double *data, int64_t call, lab *lab)
{
    static double scratch[SIZE]; /* one for all calls: right only while each of them keeps the GIL */
    double median;

    Py_BEGIN_ALLOW_THREADS
    memcpy(scratch, data, sizeof scratch);
    reach(lab, call);
    wait_for(lab, 2);
    median = middle(scratch);
    Py_END_ALLOW_THREADS
    return median;
}

/* The unsafe half where there is no GIL. A second call can come while C is
   attached: the same, without a block. */
double shared_scratch_no_gil(const double *data, int64_t call, lab *lab)
{
    static double scratch[SIZE];

    memcpy(scratch, data, sizeof scratch);
    reach(lab, call);
    wait_for(lab, 2);
    return middle(scratch);
}

double shared_scratch_safe(const double *data, int64_t call, lab *lab)
{
    double scratch[SIZE]; /* on the stack: one for each call */
    double median;

    Py_BEGIN_ALLOW_THREADS
    memcpy(scratch, data, sizeof scratch);
    reach(lab, call);
    wait_for(lab, 2);
    median = middle(scratch);
    Py_END_ALLOW_THREADS
    return median;
}

/* Nothing is forced. Returns how many medians were right; all elements are the same here. */
int64_t shared_scratch_unforced(const double *data, int64_t times, lab *lab)
{
    static double scratch[SIZE];
    int64_t right = 0;

    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together */
    for (int64_t i = 0; i < times; i++) {
        memcpy(scratch, data, sizeof scratch);
        right += middle(scratch) == data[0];
    }
    Py_END_ALLOW_THREADS
    return right;
}
