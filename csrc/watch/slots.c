/* Replaces the addresses through which libpython calls functions of libc, and puts them back.
 *
 * An ELF object calls a function of another object through a slot that the dynamic linker
 * filled with its address. We find the slots by the function's name in the object's own
 * relocation tables. Slots often lie in a page that is read-only after loading (RELRO): it is
 * made writable for the moment of the change only.
 */
#include "handovers.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_SLOTS = 8 };

static struct slot {
    _Atomic(void *) *place;
    void *before, *ours;
    int protection; /* of the slot's page, as it was before */
} slots[MAX_SLOTS];
static int filled;

struct search {
    const replacement *wanted;
    int count;
    bool found_object;
};

/* Notes the slots of one relocation table whose symbols are wanted. */
static void search_table(const struct search *search, ElfW(Addr) base, const ElfW(Rela) *table,
                         size_t bytes, const ElfW(Sym) *symbols, const char *names)
{
    for (size_t i = 0; table != NULL && i < bytes / sizeof *table; i++) {
#if __SIZEOF_POINTER__ == 8
        size_t symbol = ELF64_R_SYM(table[i].r_info);
#else
        size_t symbol = ELF32_R_SYM(table[i].r_info);
#endif
        if (symbol == 0 || table[i].r_addend != 0)
            continue;
        const char *name = names + symbols[symbol].st_name;
        for (int w = 0; w < search->count; w++)
            if (strcmp(name, search->wanted[w].name) == 0 && filled < MAX_SLOTS) {
                _Atomic(void *) *place = (_Atomic(void *) *)(base + table[i].r_offset);
                slots[filled++] =
                    (struct slot){place, atomic_load(place), search->wanted[w].ours, -1};
            }
    }
}

/* Whether `address` lies in one of the object's segments. */
static bool contains(const struct dl_phdr_info *object, ElfW(Addr) address)
{
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        ElfW(Addr) start = object->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && address >= start && address < start + part->p_memsz)
            return true;
    }
    return false;
}

static int search_object(struct dl_phdr_info *object, size_t size, void *data)
{
    (void)size;
    struct search *search = data;
    if (!contains(object, (ElfW(Addr))(uintptr_t)PyEval_RestoreThread))
        return 0;
    search->found_object = true;
    const ElfW(Dyn) *entry = NULL;
    for (int i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
            entry = (const ElfW(Dyn) *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
    const char *names = NULL;
    const ElfW(Sym) *symbols = NULL;
    const ElfW(Rela) *calls = NULL, *others = NULL;
    size_t call_bytes = 0, other_bytes = 0;
    bool rela = true;
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        /* glibc has made these addresses absolute; musl leaves them relative to the object. */
        ElfW(Addr) at = entry->d_un.d_ptr;
        if (at < object->dlpi_addr)
            at += object->dlpi_addr;
        switch (entry->d_tag) {
        case DT_STRTAB: names = (const char *)at; break;
        case DT_SYMTAB: symbols = (const ElfW(Sym) *)at; break;
        case DT_JMPREL: calls = (const ElfW(Rela) *)at; break;
        case DT_RELA: others = (const ElfW(Rela) *)at; break;
        case DT_PLTRELSZ: call_bytes = entry->d_un.d_val; break;
        case DT_RELASZ: other_bytes = entry->d_un.d_val; break;
        case DT_PLTREL: rela = entry->d_un.d_val == DT_RELA; break;
        }
    }
    if (names != NULL && symbols != NULL && rela) {
        search_table(search, object->dlpi_addr, calls, call_bytes, symbols, names);
        search_table(search, object->dlpi_addr, others, other_bytes, symbols, names);
    }
    return 1; /* enough: the object was found */
}

/* The protection of the page that `address` lies in, or -1. */
static int protection_of(void *address)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], mode[5];
    unsigned long start, end, at = (unsigned long)(uintptr_t)address;
    int protection = -1;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) == 3 && start <= at && at < end)
            protection = (mode[0] == 'r' ? PROT_READ : 0) | (mode[1] == 'w' ? PROT_WRITE : 0) |
                         (mode[2] == 'x' ? PROT_EXEC : 0);
    if (maps != NULL)
        fclose(maps);
    return protection;
}

/* Stores `value` in a slot; its page's protection is afterwards as it was. */
static bool store(_Atomic(void *) *place, void *value, int protection)
{
    uintptr_t page = (uintptr_t)place & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    size_t bytes = (uintptr_t)(place + 1) - page;
    bool locked = (protection & PROT_WRITE) == 0;
    if (locked && mprotect((void *)page, bytes, protection | PROT_WRITE) != 0)
        return false;
    atomic_store(place, value);
    return !locked || mprotect((void *)page, bytes, protection) == 0;
}

const char *slots_replace(const replacement *wanted, int count)
{
    struct search search = {wanted, count, false};
    filled = 0;
    dl_iterate_phdr(search_object, &search);
    for (int w = 0; w < count; w++) {
        bool found = false;
        for (int i = 0; i < filled; i++)
            found |= slots[i].ours == wanted[w].ours;
        if (!found) {
            filled = 0;
            return search.found_object ? "this Python does not call libc through slots"
                                       : "the object that contains CPython was not found";
        }
    }
    for (int i = 0; i < filled; i++) {
        slots[i].protection = protection_of((void *)slots[i].place);
        if (slots[i].protection < 0 ||
            !store(slots[i].place, slots[i].ours, slots[i].protection)) {
            slots_restore();
            return "this system does not let a program change its own slots";
        }
    }
    return NULL;
}

/* Runs in a forked child too, where a lock of malloc may be locked for ever: only system calls. */
const char *slots_restore(void)
{
    const char *why = NULL;
    for (int i = 0; i < filled; i++) {
        if (atomic_load(slots[i].place) != slots[i].ours)
            continue; /* never replaced, or replaced again by somebody else: not ours to change */
        if (!store(slots[i].place, slots[i].before, slots[i].protection))
            why = "the slots could not be put back";
    }
    filled = 0;
    return why;
}

PyObject *slots_state(void)
{
    static const replacement wanted[] = {{"pthread_mutex_lock", NULL},
                                         {"pthread_mutex_unlock", NULL},
                                         {"pthread_cond_timedwait", NULL}};
    struct slot kept[MAX_SLOTS];
    int kept_count = filled;
    memcpy(kept, slots, sizeof kept);
    struct search search = {wanted, sizeof wanted / sizeof *wanted, false};
    filled = 0;
    dl_iterate_phdr(search_object, &search);
    PyObject *rows = PyList_New(0);
    for (int i = 0; rows != NULL && i < filled; i++) {
        PyObject *row = Py_BuildValue("(KKi)", (unsigned long long)(uintptr_t)slots[i].place,
                                      (unsigned long long)(uintptr_t)slots[i].before,
                                      protection_of((void *)slots[i].place));
        if (row == NULL || PyList_Append(rows, row) != 0)
            Py_CLEAR(rows);
        Py_XDECREF(row);
    }
    memcpy(slots, kept, sizeof kept);
    filled = kept_count;
    return rows;
}
