/* A NumPy data allocator (NEP 49) that turns misuse of array data into an
   immediate SIGSEGV. Each block has pages of its own and ends at a page that
   nobody may touch; freeing makes the block untouchable for good. Address
   space is never reused, so this is for short-lived processes only. What it
   cannot see: reads past the end that stay below the next multiple of 16
   bytes, and reads before the beginning that stay in the first page.

   Layout, in pages: header | untouchable | data … | untouchable
   NumPy calls these with the GIL held or released; they share nothing that
   is not atomic. */

#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */

#include "guard.h"

#include "common/numpy_api.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGNMENT = 16 }; /* what malloc promises, and SIMD code relies on */

struct header {
    size_t size, pages;
    atomic_bool freed;
};

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *guard_allocate(size_t size)
{
    const size_t page = page_size();
    if (size > SIZE_MAX - 5 * page)
        return NULL;
    const size_t room = (size + (size == 0) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    const size_t data_pages = (room + page - 1) / page;
    const size_t pages = data_pages + 3;
    char *base = mmap(NULL, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    if (mprotect(base, page, PROT_READ | PROT_WRITE) != 0
        || mprotect(base + 2 * page, data_pages * page, PROT_READ | PROT_WRITE) != 0) {
        munmap(base, pages * page);
        return NULL;
    }
    struct header *header = (struct header *)base;
    header->size = size;
    header->pages = pages;
    atomic_init(&header->freed, false);
    return base + (pages - 1) * page - room;
}

/* Data begin in their first page, which comes two pages after the header. */
static struct header *header_of(void *data)
{
    const uintptr_t page = page_size();
    return (struct header *)(((uintptr_t)data & ~(page - 1)) - 2 * page);
}

static void *guard_malloc(void *Py_UNUSED(context), size_t size)
{
    return guard_allocate(size);
}

/* Fresh anonymous pages are zero. */
static void *guard_calloc(void *Py_UNUSED(context), size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? NULL : guard_allocate(count * size);
}

static void guard_free(void *Py_UNUSED(context), void *data, size_t Py_UNUSED(size))
{
    if (data == NULL)
        return;
    struct header *header = header_of(data);
    if (atomic_exchange(&header->freed, true)) {
        static const char message[] = "guard: array data freed twice\n";
        /* abort() follows whether or not this is written; the ! satisfies a compiler that
           warns where the result of write() is not used, which a cast alone does not. */
        (void)!write(STDERR_FILENO, message, sizeof message - 1);
        abort();
    }
    const size_t page = page_size();
    char *first = (char *)header + 2 * page;
    const size_t length = (header->pages - 3) * page;
    madvise(first, length, MADV_DONTNEED);
    mprotect(first, length, PROT_NONE);
}

/* Always moves, as realloc may: a pointer kept across it is stale for sure. */
static void *guard_realloc(void *context, void *data, size_t size)
{
    void *moved = guard_allocate(size);
    if (moved == NULL || data == NULL)
        return moved;
    const size_t before = header_of(data)->size;
    memcpy(moved, data, before < size ? before : size);
    guard_free(context, data, before);
    return moved;
}

static PyDataMem_Handler guard_handler = {
    "gil_demo_guard", 1,
    {NULL, guard_malloc, guard_calloc, guard_realloc, guard_free},
};

int guard_install(void)
{
    PyObject *capsule = PyCapsule_New(&guard_handler, "mem_handler", NULL);
    if (capsule == NULL)
        return -1;
    PyObject *previous = PyDataMem_SetHandler(capsule);
    Py_DECREF(capsule); /* the context keeps it, and so does every array that uses it */
    if (previous == NULL)
        return -1;
    Py_DECREF(previous);
    return 0;
}
