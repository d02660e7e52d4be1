/* Gives each array a block of its own, and keeps what is freed shut for a while.

   NumPy calls from any thread, now and then without the GIL, so this has a lock of
   its own and touches no Python object. The lock covers the lists and the records'
   state. Pages are opened, filled and shut outside of it: until a block is alive,
   and again from when it is freed until it is in quarantine, one thread has it. */

#include "heap.h"

#include "depot.h"
#include "pages.h"
#include "protect.h"
#include "region.h"
#include "report.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

static const size_t max_small = (size_t)1 << 20;

/* Before data whose pages stay accessible, as much as the gap behind them has. */
enum { FRONT = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Freed blocks, the oldest first. */
static struct {
    uint32_t first, last;
    uint64_t blocks, bytes;
} quarantine;

static uint64_t numbered, alive_in[REGIONS]; /* with the lock */
static HANDLER_LOCAL bool forced;
static HANDLER_LOCAL uint64_t dice;

bool heap_start(void)
{
    if (!depot_reserve())
        return false;
    if (!regions_reserve()) {
        depot_release();
        return false;
    }
    return true;
}

static bool by_pattern(const struct block *block)
{
    return regions[block->region].method == BY_PATTERN;
}

/* Whether as many blocks are alive as may have mappings of their own, and this region's
   need them. With the lock. */
static bool mappings_are_used_up(const struct region *region)
{
    uint64_t taken = 0;
    for (int i = 0; i < REGIONS; i++)
        if (pages_take_mappings(regions[i].method))
            taken += alive_in[i];
    return pages_take_mappings(region->method) && taken >= guard_options.live_blocks;
}

char *area_end(const struct block *block)
{
    if (by_pattern(block)) /* with the gap */
        return block->slot + slot_bytes(block) + ((size_t)1 << regions[block->region].shift);
    const size_t page = page_size(), used = block->size ? block->size : 1;
    return block->slot + (used + page - 1) / page * page;
}

static size_t area_bytes(const struct block *block)
{
    return (size_t)(area_end(block) - block->slot);
}

static size_t alignment_for(size_t size)
{
    if (guard_options.alignment != 0)
        return guard_options.alignment;
    const size_t natural = size & -size; /* the largest power of two that divides it */
    return natural == 0 ? 1 : natural < 16 ? natural : 16;
}

static char *place(const struct block *block)
{
    if (by_pattern(block))
        return block->slot + FRONT;
    if (guard_options.edge == EDGE_START)
        return block->slot;
    const uintptr_t start = (uintptr_t)area_end(block) - (block->size ? block->size : 1);
    return (char *)(start & ~(alignment_for(block->size) - 1));
}

void heap_force(bool force)
{
    forced = force;
}

/* One in so many, by a generator for each thread (xorshift). */
static bool sampled(void)
{
    if (guard_options.sample <= 1 || forced)
        return true;
    if (dice == 0)
        dice = ((uint64_t)guard_thread() << 32 | 1) * 0x9E3779B97F4A7C15u;
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice % guard_options.sample == 0;
}

static struct deed deed_now(void)
{
    return (struct deed){guard_nanoseconds(), guard_thread(), depot_stack()};
}

/* The oldest freed block may be used again. False if there is none. With the lock. */
static bool evict(void)
{
    struct block *block = block_by_id(quarantine.first);
    if (block == NULL)
        return false;
    quarantine.first = block->next;
    quarantine.blocks--;
    quarantine.bytes -= slot_bytes(block);
    count(&guard_counts->quarantined, -1);
    if (by_pattern(block)) {
        const struct damage damage = freed_damage(block->data, block->size);
        if (damage.from != NULL)
            report_damage(block, damage);
    }
    block->state = UNUSED;
    region_give_back(block);
    return true;
}

/* With the lock. */
static struct block *take(size_t size)
{
    struct region *region = &regions[size <= max_small ? SMALL : LARGE];
    if (mappings_are_used_up(region)) {
        count(&guard_counts->over_live, 1);
        return NULL;
    }
    const size_t bytes = (size ? size : 1) + (region->method == BY_PATTERN ? FRONT : 0);
    struct block *block = NULL;
    while (region_could_hold(region, size) && (block = region_take(region, bytes)) == NULL
           && evict())
        ;
    if (block == NULL) {
        count(&guard_counts->no_room, 1);
        return NULL;
    }
    block->size = size;
    const uint64_t waste = area_bytes(block) - size;
    if (atomic_load(&guard_counts->waste) + waste > guard_options.waste_bytes) {
        region_give_back(block);
        count(&guard_counts->over_waste, 1);
        return NULL;
    }
    count(&guard_counts->waste, (int64_t)waste);
    alive_in[block->region]++;
    block->number = ++numbered;
    return block;
}

static bool open_area(struct block *block)
{
    return by_pattern(block)
        || pages_open(regions[block->region].method, block->slot, area_bytes(block));
}

/* Takes back what take() did: the system has not opened the pages. */
static void untake(struct block *block)
{
    const bool mapped = pages_take_mappings(regions[block->region].method);
    pthread_mutex_lock(&lock);
    count(&guard_counts->waste, -(int64_t)(area_bytes(block) - block->size));
    count(mapped ? &guard_counts->over_live : &guard_counts->no_room, 1);
    alive_in[block->region]--;
    region_give_back(block);
    pthread_mutex_unlock(&lock);
}

static void come_alive(struct block *block)
{
    pthread_mutex_lock(&lock);
    block->gone = (struct deed){0};
    block->shield = NO_SHIELD;
    atomic_store(&block->damaged, false);
    block->state = ALIVE;
    count(&guard_counts->guarded, 1);
    count(&guard_counts->alive, 1);
    if (atomic_load(&guard_counts->alive) > atomic_load(&guard_counts->peak_alive))
        atomic_store(&guard_counts->peak_alive, atomic_load(&guard_counts->alive));
    pthread_mutex_unlock(&lock);
}

void *heap_allocate(size_t size, bool zeroed)
{
    if (!atomic_load_explicit(&guard_on, memory_order_relaxed) && !forced)
        return NULL;
    count(&guard_counts->asked, 1);
    if (!sampled()) {
        count(&guard_counts->sampled_out, 1);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    struct block *block = take(size);
    pthread_mutex_unlock(&lock);
    if (block == NULL)
        return NULL;
    if (!open_area(block)) {
        untake(block);
        return NULL;
    }
    block->data = place(block);
    fill_canary(block->slot, block->data);
    fill_canary(block->data + size, area_end(block));
    if (!zeroed)
        fill_fresh(block->data, size);
    else if (by_pattern(block))
        memset(block->data, 0, size); /* pages that were just opened are zero */
    block->made = deed_now();
    come_alive(block);
    return block->data;
}

struct damage block_damage(const struct block *block)
{
    const struct damage front = canary_damage(block->slot, block->data);
    const struct damage back = canary_damage(block->data + block->size, area_end(block));
    return front.from != NULL ? front : back;
}

/* With the lock: NULL if no live block begins there. */
static struct block *alive_at(void *data)
{
    struct block *block = block_at(data);
    return block != NULL && block->data == data && block->state == ALIVE ? block : NULL;
}

struct block *heap_block(void *data, const char *doing)
{
    pthread_mutex_lock(&lock);
    struct block *block = alive_at(data);
    pthread_mutex_unlock(&lock);
    if (block == NULL)
        report_misuse(doing, data);
    return block;
}

void heap_free(void *data)
{
    const struct deed gone = deed_now();
    pthread_mutex_lock(&lock);
    struct block *block = alive_at(data);
    if (block != NULL) {
        block->gone = gone;
        block->state = LEAVING;
    }
    pthread_mutex_unlock(&lock);
    if (block == NULL)
        report_misuse("free", data);
    shields_forget(block);
    const struct damage damage = block_damage(block);
    if (damage.from != NULL)
        report_damage(block, damage);
    if (by_pattern(block))
        fill_freed(block->data, block->size);
    else
        pages_shut(regions[block->region].method, block->slot, area_bytes(block));
    pthread_mutex_lock(&lock);
    count(&guard_counts->alive, -1);
    count(&guard_counts->waste, -(int64_t)(area_bytes(block) - block->size));
    alive_in[block->region]--;
    block->state = FREED;
    block->next = 0;
    if (quarantine.first == 0)
        quarantine.first = id_of(block);
    else
        block_by_id(quarantine.last)->next = id_of(block);
    quarantine.last = id_of(block);
    quarantine.blocks++;
    quarantine.bytes += slot_bytes(block);
    count(&guard_counts->quarantined, 1);
    while (quarantine.blocks > guard_options.quarantine_blocks
           || quarantine.bytes > guard_options.quarantine_bytes)
        evict();
    pthread_mutex_unlock(&lock);
}

uint64_t heap_check(void)
{
    uint64_t damaged = 0;
    struct block *block;
    for (uint32_t id = 1; (block = block_by_id(id)) != NULL; id++) {
        struct damage damage = {NULL, NULL};
        pthread_mutex_lock(&lock); /* nobody frees it before it is reported */
        if (block->state == ALIVE)
            damage = block_damage(block);
        else if (block->state == FREED && by_pattern(block))
            damage = freed_damage(block->data, block->size);
        if (damage.from != NULL) {
            report_damage(block, damage);
            damaged++;
        }
        pthread_mutex_unlock(&lock);
    }
    return damaged;
}

bool block_shield(struct block *block, enum shield shield)
{
    const int access = shield == NO_SHIELD ? PROT_READ | PROT_WRITE : PROT_READ;
    if (by_pattern(block) || mprotect(block->slot, area_bytes(block), access) != 0)
        return false;
    block->shield = (uint8_t)shield;
    return true;
}

void heap_lock(void)
{
    pthread_mutex_lock(&lock);
}

void heap_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
