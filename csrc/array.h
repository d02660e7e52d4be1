/* NumPy's C API, for patterns that take array objects rather than bare memory.

   One table of NumPy's functions serves all files; guard.c fills it. */

#ifndef GIL_DEMO_ARRAY_H
#define GIL_DEMO_ARRAY_H

#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL gil_demo_array_api
#ifndef GIL_DEMO_FILLS_ARRAY_API
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#endif
