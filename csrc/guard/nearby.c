/* An address → the blocks near it. Runs in a signal handler: it only reads. */

#include "nearby.h"

#include "region.h"

bool is_gone(const struct block *block)
{
    return block->state != ALIVE;
}

static struct nearby seen_from(const struct block *block, const char *address)
{
    const char *end = block->data + block->size;
    if (address < block->data)
        return (struct nearby){block, "before-start", (uint64_t)(block->data - address)};
    if (address >= end)
        return (struct nearby){block, "past-end", (uint64_t)(address - end)};
    return (struct nearby){block, "inside", (uint64_t)(address - block->data)};
}

static bool is_inside(const struct nearby *nearby)
{
    return nearby->place[0] == 'i';
}

/* The last block that begins at or before an address in a region. */
static const struct block *block_before(const struct region *region, const char *address)
{
    enum { FAR = 4096 }; /* units */
    const uint32_t unit = (uint32_t)((size_t)(address - region->base) >> region->shift);
    for (uint32_t back = 0; back <= unit && back < FAR; back++)
        if (region->map[unit - back] != 0)
            return block_by_id(region->map[unit - back]);
    return NULL;
}

unsigned blocks_nearby(const char *address, struct nearby found[MAX_NEARBY])
{
    const struct region *region = region_of(address);
    if (region == NULL)
        return 0;
    unsigned count = 0;
    const struct block *before = block_before(region, address);
    const struct block *after = before != NULL
        ? block_after(before)
        : block_at(address + ((size_t)1 << region->shift)); /* in the gap before the first slot */
    if (before != NULL && before->number != 0)
        found[count++] = seen_from(before, address);
    if (count == 1 && is_inside(&found[0]))
        return 1;
    if (after != NULL && after->number != 0)
        found[count++] = seen_from(after, address);
    if (count == 2 && found[1].distance < found[0].distance) {
        const struct nearby nearer = found[1];
        found[1] = found[0];
        found[0] = nearer;
    }
    return count;
}
