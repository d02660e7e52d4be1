/* Pages that nobody may write to, or whose writers are noted.

   A page is the least that the machine can protect, and a block may hold more than
   the bytes in question: a write beside them, or one that is only noted, must happen.
   The handler opens the pages and sets the processor's trap flag; after that one
   instruction SIGTRAP shuts them. Another thread's write can slip through meanwhile. */

#include "protect.h"

#include "facts.h"
#include "heap.h"
#include "region.h"
#include "report.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

enum { MAX_SHIELDS = 64, MAX_NOTES = 100000, MAX_TRIES = 1000 };

struct shielded {
    struct block *block; /* alive; NULL: this place is free */
    const char *from, *to;
    enum shield kind;
    int number; /* no two have the same: a place is used again */
    int notes;
    uint32_t noted;
};

static struct shielded shields[MAX_SHIELDS];
static _Atomic int shields_used;
static int stepping; /* threads that are in the middle of a step */
static HANDLER_LOCAL bool steps; /* this one is */
static atomic_flag busy = ATOMIC_FLAG_INIT; /* of these, and of pages that open and shut */

/* Spins: it is taken in signal handlers, for microseconds. */
void shields_lock(void)
{
    while (atomic_flag_test_and_set(&busy))
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
}

void shields_unlock(void)
{
    atomic_flag_clear(&busy);
}

static enum shield strongest(const struct block *block)
{
    enum shield found = NO_SHIELD;
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].block == block && shields[i].kind > NO_SHIELD
            && (found == NO_SHIELD || shields[i].kind != WATCHED))
            found = shields[i].kind;
    return found;
}

static bool holds(const struct block *block, const char *from, size_t bytes)
{
    return block != NULL && block->state == ALIVE && from >= block->data
        && from + bytes <= block->data + block->size;
}

static struct shielded *free_place(void)
{
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].block == NULL)
            return &shields[i];
    return NULL;
}

int shield_add(const char *from, size_t bytes, enum shield kind, int notes)
{
    static int last_number;
    int number = -1;
    shields_lock();
    struct block *block = block_at(from);
    struct shielded *place = holds(block, from, bytes) ? free_place() : NULL;
    if (place != NULL) {
        *place = (struct shielded){block, from, from + bytes, kind, ++last_number, notes, 0};
        if (block_shield(block, strongest(block))) {
            number = place->number;
            shields_used++;
        } else {
            place->block = NULL;
        }
    }
    shields_unlock();
    return number;
}

void shield_remove(int number)
{
    shields_lock();
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].block != NULL && shields[i].number == number) {
            struct block *block = shields[i].block;
            shields[i].block = NULL;
            block_shield(block, strongest(block));
            shields_used--; /* last: until then whoever frees the block waits for us */
        }
    shields_unlock();
}

void shields_forget(struct block *block)
{
    if (shields_used == 0)
        return;
    shields_lock();
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].block == block) {
            shields[i].block = NULL;
            shields_used--;
        }
    if (block->shield != NO_SHIELD)
        block_shield(block, NO_SHIELD);
    shields_unlock();
}

/* Shuts what was opened for a step. */
static void shut_again(void)
{
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].block != NULL && shields[i].block->shield == NO_SHIELD)
            block_shield(shields[i].block, strongest(shields[i].block));
}

void shields_forked(void)
{
    stepping = 0;
    shut_again();
}

static void note_write(struct shielded *shield, const char *address)
{
    if (shield->noted >= MAX_NOTES || !facts_note_begin(shield->notes))
        return;
    shield->noted++;
    fact_begin("write");
    fact_number("offset", address - shield->from);
    fact_number("thread", guard_thread());
    fact_number("nanoseconds", guard_nanoseconds());
    put_python_frames();
    fact_end();
    facts_note_end();
}

#if defined(__linux__) && defined(__x86_64__)

enum { TRAP_FLAG = 0x100 };

bool can_step(void)
{
    return true;
}

static void set_step(void *context, bool on)
{
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
    *flags = on ? *flags | TRAP_FLAG : *flags & ~TRAP_FLAG;
}

#else

bool can_step(void)
{
    return false;
}

static void set_step(void *Py_UNUSED(context), bool Py_UNUSED(on))
{
}

#endif

static bool covers(const struct shielded *shield, const struct block *block, const char *address)
{
    return block != NULL && shield->block == block && address >= shield->from && address < shield->to;
}

enum shield shield_at(const char *address)
{
    const struct block *block = block_at(address);
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].kind != WATCHED && covers(&shields[i], block, address))
            return shields[i].kind;
    return NO_SHIELD;
}

/* A shield that was there at the fault may be gone: the access is allowed now. One that
   still faults, again and again, has another cause. */
static bool may_try_again(const char *address)
{
    static HANDLER_LOCAL const char *tried;
    static HANDLER_LOCAL int tries;
    tries = tried == address ? tries + 1 : 0;
    tried = address;
    return tries < MAX_TRIES;
}

/* Opens a block's pages for the next instruction. The lock is kept while the write is
   noted, so that nobody closes the file meanwhile. */
static bool open_for_a_step(struct block *block, const char *address, void *context)
{
    if (!block_shield(block, NO_SHIELD))
        return false;
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (covers(&shields[i], block, address))
            note_write(&shields[i], address);
    stepping += !steps; /* one instruction may write to several blocks */
    steps = true;
    set_step(context, true);
    return true;
}

bool shield_lets_pass(const char *address, void *context)
{
    struct block *block = block_at(address);
    if (block == NULL || !can_step() || address >= area_end(block))
        return false;
    shields_lock();
    const bool shielded = strongest(block) != NO_SHIELD;
    const bool passes = shielded && shield_at(address) == NO_SHIELD
        && open_for_a_step(block, address, context);
    shields_unlock();
    return passes || (!shielded && block->state == ALIVE && may_try_again(address));
}

/* The last thread shuts all pages: one that is still in its step needs them open. */
bool shield_after_step(void *context)
{
    if (!steps)
        return false;
    steps = false;
    set_step(context, false);
    shields_lock();
    if (--stepping == 0)
        shut_again();
    shields_unlock();
    return true;
}
