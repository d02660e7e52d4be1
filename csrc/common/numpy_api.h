/* NumPy's C API, for an extension of several C files.

   All files of an extension share one table of NumPy's functions. numpy_api.c is
   compiled into each such extension and holds the table. fill_numpy_api must be
   called once, when the extension is loaded, before anything that uses NumPy. */

#ifndef GIL_DEMO_NUMPY_API_H
#define GIL_DEMO_NUMPY_API_H

#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#define NPY_TARGET_VERSION NPY_1_22_API_VERSION /* the first with PyDataMem_SetHandler */
#define PY_ARRAY_UNIQUE_SYMBOL gil_demo_numpy_api
#ifndef GIL_DEMO_HOLDS_NUMPY_API
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

/* Imports NumPy and fills the table, unless it is filled already. Call it with the
   GIL held. Returns 0, or -1 with an exception set. */
int fill_numpy_api(void);

#endif
