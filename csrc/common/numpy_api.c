/* The one place of an extension that holds and fills NumPy's table of functions. */

#define GIL_DEMO_HOLDS_NUMPY_API
#include "numpy_api.h"

int fill_numpy_api(void)
{
    /* PyArray_ImportNumPyAPI(), which NumPy 2 has, prints the exception and sets another. */
    return PyArray_API == NULL ? _import_array() : 0;
}
