/* Address space in units: slots, size classes, which block is where.

   Small arrays: a unit is a page (in poison mode 64 bytes). Large ones, above a
   megabyte: 2 MiB, so that huge pages fit. Records lie apart from the data, out
   of reach of any overrun. A slot keeps its record and its class for good. */

#include "region.h"

#include "pages.h"

_Static_assert(sizeof(size_t) == 8, "the regions take terabytes of address space");

enum { POISON_SHIFT = 6, LARGE_SHIFT = 21 };

enum { LOG2_SMALL_BYTES = 38 };
static const size_t small_bytes = (size_t)1 << LOG2_SMALL_BYTES, large_bytes = (size_t)4 << 40;
static const size_t poison_bytes = (size_t)32 << 30; /* accessible, so it is no more than needed */
static const size_t max_blocks = (size_t)32 << 20;
enum { MAX_HALVINGS = 12 };
_Static_assert((size_t)1 << (LOG2_SMALL_BYTES - MAX_HALVINGS - 1) >= CHUNK,
               "what is prepared at a time must not reach past the end of a region");

struct region regions[REGIONS];

static struct block *blocks; /* the first is not used: 0 is "none" */
static size_t block_room;
static _Atomic uint32_t block_count = 1;

static unsigned log2_of(size_t value)
{
    unsigned log2 = 0;
    while (value >>= 1)
        log2++;
    return log2;
}

static bool reserve(struct region *region, size_t bytes, unsigned shift, enum method method)
{
    const bool accessible = method == BY_PATTERN;
    region->shift = shift;
    region->method = method;
    region->units = (uint32_t)(bytes >> shift);
    region->carved = 1; /* a gap before the first slot */
    region->base = accessible ? pages_table(bytes) : pages_reserve(bytes);
    region->map = pages_table((size_t)region->units * sizeof *region->map);
    return region->base != NULL && region->map != NULL;
}

static void release(struct region *region)
{
    pages_release(region->base, (size_t)region->units << region->shift);
    pages_release(region->map, (size_t)region->units * sizeof *region->map);
    *region = (struct region){0};
}

static bool reserve_all(unsigned halvings)
{
    const bool poison = guard_options.method == BY_PATTERN;
    const size_t small = (poison ? poison_bytes : small_bytes) >> halvings;
    const size_t large = halvings ? small_bytes >> halvings : large_bytes;
    block_room = max_blocks >> halvings;
    blocks = pages_table(block_room * sizeof *blocks);
    if (reserve(&regions[SMALL], small, poison ? POISON_SHIFT : log2_of(page_size()),
                guard_options.method)
        && reserve(&regions[LARGE], large, LARGE_SHIFT, BY_MAPPINGS) && blocks != NULL)
        return true;
    for (int i = 0; i < REGIONS; i++)
        release(&regions[i]);
    pages_release(blocks, block_room * sizeof *blocks);
    return false;
}

bool regions_reserve(void)
{
    unsigned halvings = 0;
    while (!reserve_all(halvings))
        if (++halvings > MAX_HALVINGS)
            return false;
    if (halvings == 0)
        return true;
    /* A limit (ulimit -v): the program needs room too, so take half of what there is. */
    for (int i = 0; i < REGIONS; i++)
        release(&regions[i]);
    pages_release(blocks, block_room * sizeof *blocks);
    return reserve_all(halvings + 1);
}

struct block *block_by_id(uint32_t id)
{
    return id == 0 || id >= atomic_load(&block_count) ? NULL : blocks + id;
}

uint32_t id_of(const struct block *block)
{
    return (uint32_t)(block - blocks);
}

struct region *region_of(const void *address)
{
    for (int i = 0; i < REGIONS; i++) {
        struct region *region = &regions[i];
        const uintptr_t offset = (uintptr_t)address - (uintptr_t)region->base;
        if (region->base != NULL && offset < (uintptr_t)region->units << region->shift)
            return region;
    }
    return NULL;
}

struct block *block_at(const void *address)
{
    struct region *region = region_of(address);
    if (region == NULL)
        return NULL;
    return block_by_id(region->map[((uintptr_t)address - (uintptr_t)region->base) >> region->shift]);
}

size_t slot_bytes(const struct block *block)
{
    return (size_t)block->units << regions[block->region].shift;
}

struct block *block_after(const struct block *block)
{
    const struct region *region = &regions[block->region];
    const char *next = block->slot + slot_bytes(block) + ((size_t)1 << region->shift);
    return region_of(next) == region ? block_at(next) : NULL;
}

/* Sizes in steps of an eighth of a power of two: rounds `units` up to the class's. */
static unsigned class_of(uint32_t *units)
{
    if (*units <= 8)
        return *units - 1;
    const unsigned shift = log2_of(*units - 1) - 3;
    const uint32_t steps = ((*units - 1) >> shift) + 1;
    *units = steps << shift;
    return 8 * shift + steps - 1;
}

static bool prepared(struct region *region, uint32_t up_to)
{
    while (region->method == BY_MARKERS && region->prepared < (size_t)up_to << region->shift) {
        if (!pages_prepare(region->base + region->prepared))
            return false;
        region->prepared += CHUNK;
    }
    return true;
}

static struct block *carve(struct region *region, uint32_t units)
{
    const uint32_t id = atomic_load(&block_count);
    if (units >= region->units - region->carved || id >= block_room
        || !prepared(region, region->carved + units + 1))
        return NULL;
    struct block *block = blocks + id;
    block->slot = region->base + ((size_t)region->carved << region->shift);
    block->units = units;
    block->region = (uint8_t)(region - regions);
    for (uint32_t i = 0; i <= units; i++)
        region->map[region->carved + i] = id;
    region->carved += units + 1;
    atomic_store(&block_count, id + 1);
    return block;
}

bool region_could_hold(const struct region *region, size_t bytes)
{
    return bytes >> region->shift < region->units / 2;
}

struct block *region_take(struct region *region, size_t bytes)
{
    const size_t unit = (size_t)1 << region->shift;
    uint32_t units = (uint32_t)((bytes + unit - 1) >> region->shift);
    uint32_t *list = &region->free[class_of(&units)];
    struct block *block = block_by_id(*list);
    if (block == NULL)
        return carve(region, units);
    *list = block->next;
    return block;
}

void region_give_back(struct block *block)
{
    uint32_t units = block->units;
    uint32_t *list = &regions[block->region].free[class_of(&units)];
    block->next = *list;
    *list = id_of(block);
}
