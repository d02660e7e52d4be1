/* Makes pages accessible and inaccessible.

   A guard marker sits in the page table in place of a page: the kernel needs no
   mapping (VMA) for it, of which a process may have 65,530. Without markers each
   live block costs two mappings, and a block is shut by a fresh mapping over it
   rather than by mprotect(), because fresh neighbours merge into one. */

#include "pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
enum { MADV_GUARD_INSTALL = 102, MADV_GUARD_REMOVE = 103 };
#endif

enum { HUGE_FROM = 4 << 20 }; /* as NumPy does for its own */

static _Atomic bool markers_failed; /* after mlockall(), say: from then on by mappings */

static void give_markers_up(void)
{
    atomic_store(&markers_failed, true);
    atomic_store(&guard_counts->method, BY_MAPPINGS);
}

bool pages_take_mappings(enum method method)
{
    return method == BY_MAPPINGS || (method == BY_MARKERS && atomic_load(&markers_failed));
}

size_t page_size(void)
{
    static size_t size;
    if (size == 0)
        size = (size_t)sysconf(_SC_PAGESIZE);
    return size;
}

static void *map(void *where, size_t bytes, int protection, int flags)
{
    return mmap(where, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

bool pages_have_markers(void)
{
    char *page = map(NULL, page_size(), PROT_READ | PROT_WRITE, 0);
    if (page == MAP_FAILED)
        return false;
    const bool taken = madvise(page, page_size(), MADV_GUARD_INSTALL) == 0;
    munmap(page, page_size());
    return taken;
}

char *pages_reserve(size_t bytes)
{
    char *start = map(NULL, bytes, PROT_NONE, 0);
    return start == MAP_FAILED ? NULL : start;
}

void *pages_table(size_t bytes)
{
    void *table = map(NULL, bytes, PROT_READ | PROT_WRITE, 0);
    return table == MAP_FAILED ? NULL : table;
}

void pages_release(void *start, size_t bytes)
{
    if (start != NULL)
        munmap(start, bytes);
}

bool pages_prepare(char *start)
{
    if (mprotect(start, CHUNK, PROT_READ | PROT_WRITE) != 0)
        return false;
#ifdef MADV_NOHUGEPAGE
    madvise(start, CHUNK, MADV_NOHUGEPAGE); /* two megabytes for eight bytes, else */
#endif
    if (madvise(start, CHUNK, MADV_GUARD_INSTALL) != 0) {
        give_markers_up();
        return map(start, CHUNK, PROT_NONE, MAP_FIXED) != MAP_FAILED;
    }
    return true;
}

bool pages_open(enum method method, char *start, size_t bytes)
{
    if (method == BY_MARKERS && madvise(start, bytes, MADV_GUARD_REMOVE) != 0)
        return false;
    if (pages_take_mappings(method) && mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0)
        return false;
#ifdef MADV_HUGEPAGE
    if (bytes >= HUGE_FROM)
        madvise(start, bytes, MADV_HUGEPAGE);
#endif
    return true;
}

void pages_shut(enum method method, char *start, size_t bytes)
{
    if (method == BY_MARKERS) {
        if (madvise(start, bytes, MADV_GUARD_INSTALL) == 0)
            return;
        give_markers_up();
    }
    if (map(start, bytes, PROT_NONE, MAP_FIXED) == MAP_FAILED) { /* no mapping is left */
        if (madvise(start, bytes, MADV_DONTNEED) != 0)
            memset(start, 0, bytes); /* what is opened again is zero */
        mprotect(start, bytes, PROT_NONE);
    }
}
