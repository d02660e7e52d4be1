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
    struct block *block; /* NULL: this place is free */
    const char *from, *to;
    enum shield kind;
    int notes;
    _Atomic uint32_t noted;
};

static struct shielded shields[MAX_SHIELDS];
static atomic_flag busy = ATOMIC_FLAG_INIT; /* of shields, and of pages that open and shut */
static int stepping; /* threads that are in the middle of a step */
static HANDLER_LOCAL struct block *stepped;

/* Spins: it is taken in signal handlers, for microseconds. */
static void lock_shields(void)
{
    while (atomic_flag_test_and_set(&busy))
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
}

static void unlock_shields(void)
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

int shield_add(const char *from, size_t bytes, enum shield kind, int notes)
{
    int number = -1;
    struct block *block = block_at(from);
    if (block == NULL || block->state != ALIVE || from < block->data
        || from + bytes > block->data + block->size)
        return -1;
    lock_shields();
    for (int i = 0; i < MAX_SHIELDS && number < 0; i++)
        if (shields[i].block == NULL)
            number = i;
    if (number >= 0) {
        shields[number].block = block;
        shields[number].from = from;
        shields[number].to = from + bytes;
        shields[number].kind = kind;
        shields[number].notes = notes;
        atomic_store(&shields[number].noted, 0);
        if (!block_shield(block, strongest(block))) {
            shields[number].block = NULL;
            number = -1;
        }
    }
    unlock_shields();
    return number;
}

void shield_remove(int number)
{
    if (number < 0 || number >= MAX_SHIELDS)
        return;
    lock_shields();
    struct block *block = shields[number].block;
    shields[number].block = NULL;
    if (block != NULL && block->state == ALIVE)
        block_shield(block, strongest(block));
    unlock_shields();
}

void shields_forked(void)
{
    atomic_flag_clear(&busy);
    for (int i = 0; i < MAX_SHIELDS && stepping > 0; i++) /* by threads that are not here */
        if (shields[i].block != NULL && shields[i].block->state == ALIVE)
            block_shield(shields[i].block, strongest(shields[i].block));
    stepping = 0;
}

static void note_write(struct shielded *shield, const char *address)
{
    if (atomic_fetch_add(&shield->noted, 1) >= MAX_NOTES || !facts_note_begin(shield->notes))
        return;
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

bool shield_lets_pass(const char *address, void *context)
{
    struct block *block = block_at(address);
    if (block == NULL || !can_step() || address >= area_end(block))
        return false;
    lock_shields();
    if (block->state != ALIVE || strongest(block) == NO_SHIELD) {
        unlock_shields();
        return block->state == ALIVE && may_try_again(address);
    }
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].kind != WATCHED && covers(&shields[i], block, address)) {
            unlock_shields();
            return false;
        }
    stepping++;
    stepped = block;
    block_shield(block, NO_SHIELD);
    unlock_shields();
    for (int i = 0; i < MAX_SHIELDS; i++)
        if (shields[i].kind == WATCHED && covers(&shields[i], block, address))
            note_write(&shields[i], address);
    set_step(context, true);
    return true;
}

bool shield_after_step(void *context)
{
    struct block *block = stepped;
    if (block == NULL)
        return false;
    stepped = NULL;
    set_step(context, false);
    lock_shields();
    if (--stepping == 0 && block->state == ALIVE)
        block_shield(block, strongest(block));
    unlock_shields();
    return true;
}
