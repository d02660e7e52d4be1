/* The one place of an extension that holds and fills NumPy's table of functions. */

#define GIL_DEMO_HOLDS_NUMPY_API
#include "numpy_api.h"

int fill_numpy_api(void)
{
    return _import_array(); /* PyArray_ImportNumPyAPI() is the same, from NumPy 2 on */
}
