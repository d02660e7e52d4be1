/* C enters a critical section, and BEGIN suspends it: in the block another thread
   enters the same section.

   The unsafe half is wrong on purpose. Its page: gil-demo show section-across-block */

#include "common/numpy_api.h"
#include "lab.h"

#if PY_VERSION_HEX < 0x030D0000 /* older than 3.13. Later ones do nothing either, with a GIL */
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }
#endif

/* What to add. It takes so long that another call comes meanwhile. Any thread, no GIL. */
static int64_t compute(lab *lab)
{
    reach(lab, 1);
    wait_for(lab, 2);
    return 1;
}

/* The caller keeps a reference to the array, of one int64, until we return. All
   that change the element do it in the array's section. */
void section_across_block_unsafe(PyObject *array, lab *lab)
{
    int64_t *counter = PyArray_DATA((PyArrayObject *)array);
    int64_t more;

    Py_BEGIN_CRITICAL_SECTION(array);
    const int64_t before = *counter;
    Py_BEGIN_ALLOW_THREADS /* detaches, and so suspends the section */
    more = compute(lab);
    Py_END_ALLOW_THREADS
    *counter = before + more;
    Py_END_CRITICAL_SECTION();
}

void section_across_block_safe(PyObject *array, lab *lab)
{
    int64_t *counter = PyArray_DATA((PyArrayObject *)array);
    int64_t more;

    Py_BEGIN_ALLOW_THREADS
    more = compute(lab);
    Py_END_ALLOW_THREADS
    Py_BEGIN_CRITICAL_SECTION(array); /* with no block between the read and the write */
    const int64_t before = *counter;
    *counter = before + more;
    Py_END_CRITICAL_SECTION();
}

/* The call of the other thread. */
void section_across_block_add_one(PyObject *array)
{
    int64_t *counter = PyArray_DATA((PyArrayObject *)array);

    Py_BEGIN_CRITICAL_SECTION(array);
    *counter += 1;
    Py_END_CRITICAL_SECTION();
}
