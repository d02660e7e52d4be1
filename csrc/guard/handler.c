/* Puts our functions into NumPy's default allocator, in place.

   NumPy lets a program set an allocator (NEP 49), but for one context, which threads
   need not share. Every array's data come by way of one global struct of function
   pointers, though, read at each call. With ours in it all threads have them at once,
   also those that run already and those that C started. It is never undone: guarded
   arrays outlive whoever asked for them, and must be freed by us. */

#include "handler.h"

#include "heap.h"
#include "common/numpy_api.h"
#include "pages.h"
#include "region.h"

#include <string.h>
#include <sys/mman.h>

static PyDataMem_Handler *handler;
static PyDataMemAllocator numpy; /* what was there */

static void *guard_malloc(void *context, size_t size)
{
    void *data = heap_allocate(size, false);
    return data != NULL ? data : numpy.malloc(context, size);
}

static void *guard_calloc(void *context, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL; /* NumPy's own would multiply, and give a small block */
    void *data = heap_allocate(count * size, true);
    return data != NULL ? data : numpy.calloc(context, count, size);
}

static void guard_free(void *context, void *data, size_t size)
{
    if (region_of(data) != NULL) {
        heap_free(data);
        return;
    }
    count(&guard_counts->foreign_frees, 1);
    numpy.free(context, data, size); /* the size tells NumPy whether it caches the block */
}

/* Always moves, as realloc may: a pointer kept across it is stale for certain. */
static void *guard_realloc(void *context, void *data, size_t size)
{
    if (data == NULL)
        return guard_malloc(context, size);
    if (region_of(data) == NULL)
        return numpy.realloc(context, data, size);
    const size_t before = heap_block(data, "realloc")->size;
    void *moved = guard_malloc(context, size);
    if (moved != NULL) {
        memcpy(moved, data, before < size ? before : size);
        heap_free(data);
    }
    return moved;
}

/* A context of its own, so that a handler which the program has set is not met. */
static PyDataMem_Handler *default_handler(void)
{
    PyDataMem_Handler *found = NULL;
    PyObject *context = PyContext_New();
    if (context == NULL || PyContext_Enter(context) != 0) {
        Py_XDECREF(context);
        return NULL;
    }
    PyObject *capsule = PyDataMem_GetHandler();
    if (capsule != NULL)
        found = PyCapsule_GetPointer(capsule, "mem_handler");
    Py_XDECREF(capsule);
    PyContext_Exit(context);
    Py_DECREF(context);
    return found;
}

/* NumPy's struct is not const. Where a build has it in read-only pages all the same, these
   become writable. */
static bool make_writable(const void *start, size_t bytes)
{
    const uintptr_t page = page_size();
    const uintptr_t first = (uintptr_t)start & ~(page - 1);
    return mprotect((void *)first, (uintptr_t)start + bytes - first, PROT_READ | PROT_WRITE) == 0;
}

const char *handler_find(void)
{
    handler = default_handler();
    if (handler == NULL) {
        PyErr_Clear();
        return "this NumPy has no data allocator that could be guarded";
    }
    if (handler->version != 1 || strcmp(handler->name, "default_allocator") != 0)
        return "this NumPy's default allocator has a version that is not known here";
    if (!make_writable(handler, sizeof *handler))
        return "the system does not let NumPy's default allocator be changed";
    numpy = handler->allocator;
    return NULL;
}

void handler_patch(void)
{
    /* What frees comes first: no guarded block may meet the old one. */
    __atomic_store_n(&handler->allocator.free, guard_free, __ATOMIC_SEQ_CST);
    __atomic_store_n(&handler->allocator.realloc, guard_realloc, __ATOMIC_SEQ_CST);
    __atomic_store_n(&handler->allocator.calloc, guard_calloc, __ATOMIC_SEQ_CST);
    __atomic_store_n(&handler->allocator.malloc, guard_malloc, __ATOMIC_SEQ_CST);
}
