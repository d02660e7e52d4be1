/* The lab for Python: its side of a handshake, the order of what a child leaves, and
   the address that a conversion by NumPy leads to. All are entered with the GIL held. */

#include "common/numpy_api.h"
#include "lab.h"

void lab_reach(lab *lab, int64_t step)
{
    reach(lab, step);
}

int64_t lab_step(lab *lab)
{
    return atomic_load(&lab->step);
}

/* The child finished an entry: store how many bytes there are now. Whoever loads this
   length finds those bytes written. The reader is another process, which no lock of
   Python orders, so the order must stand here: release and acquire. */
void lab_publish(lab *lab, int64_t length)
{
    atomic_store_explicit(&lab->length, length, memory_order_release);
}

int64_t lab_published(lab *lab)
{
    return atomic_load_explicit(&lab->length, memory_order_acquire);
}

/* The address from which C would read an object that it converts with these
   flags. Where that is a copy, the copy is freed here. */
static uintptr_t address_read(PyObject *object, int flags)
{
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_OTF(object, NPY_DOUBLE, flags);
    if (array == NULL)
        return 0; /* with the exception set */
    const uintptr_t address = (uintptr_t)PyArray_DATA(array);
    Py_DECREF(array);
    return address;
}

/* With the flags of csrc/question/gilexample.c. */
uintptr_t lab_address_read_unsafe(PyObject *object)
{
    return address_read(object, NPY_ARRAY_ALIGNED);
}

/* With the flags of csrc/question/gilexample_safe.c. */
uintptr_t lab_address_read_safe(PyObject *object)
{
    return address_read(object, NPY_ARRAY_IN_ARRAY);
}
