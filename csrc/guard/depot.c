/* Keeps each different Python stack once; a block remembers its number.

   Programs make millions of arrays from some ten thousand different stacks, so
   almost every look-up finds its stack and writes nothing. The code objects of a
   stack are kept alive from its first use on: a number stays readable for good. */

#include "depot.h"

#include "frames.h"
#include "pages.h"

#include <pthread.h>
#include <string.h>

struct stack {
    uint64_t hash;
    uint32_t next, depth; /* in its bucket */
    struct call calls[];
};

enum { BUCKETS = 1 << 16, WORD = 8 };

static const size_t depot_bytes = (size_t)256 << 20;

static char *depot; /* a stack's number is its place here, in words */
static size_t used = WORD;
static _Atomic uint32_t *buckets;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool depot_reserve(void)
{
    depot = pages_table(depot_bytes);
    buckets = pages_table(BUCKETS * sizeof *buckets);
    if (depot != NULL && buckets != NULL)
        return true;
    depot_release();
    return false;
}

void depot_release(void)
{
    pages_release(depot, depot_bytes);
    pages_release(buckets, BUCKETS * sizeof *buckets);
    depot = NULL;
    buckets = NULL;
}

static struct stack *stack_at(uint32_t number)
{
    return (struct stack *)(depot + (size_t)number * WORD);
}

static uint64_t hash_of(const struct call *calls, uint32_t depth)
{
    uint64_t hash = 14695981039346656037u;
    for (uint32_t i = 0; i < depth; i++) {
        hash = (hash ^ (uintptr_t)calls[i].code) * 1099511628211u;
        hash = (hash ^ (uint32_t)calls[i].instruction) * 1099511628211u;
    }
    return hash ^ hash >> 29;
}

static bool same(const struct stack *stack, uint64_t hash, const struct call *calls, uint32_t depth)
{
    if (stack->hash != hash || stack->depth != depth)
        return false;
    for (uint32_t i = 0; i < depth; i++)
        if (stack->calls[i].code != calls[i].code
            || stack->calls[i].instruction != calls[i].instruction)
            return false;
    return true;
}

static uint32_t find(uint32_t number, uint64_t hash, const struct call *calls, uint32_t depth)
{
    while (number != 0 && !same(stack_at(number), hash, calls, depth))
        number = stack_at(number)->next;
    return number;
}

/* With the GIL and the lock: references are taken. */
static uint32_t add(_Atomic uint32_t *bucket, uint64_t hash, const struct call *calls,
                    uint32_t depth)
{
    const size_t bytes = sizeof(struct stack) + depth * sizeof *calls;
    if (used + bytes > depot_bytes) {
        count(&guard_counts->stacks_lost, 1);
        return 0;
    }
    const uint32_t number = (uint32_t)(used / WORD);
    struct stack *stack = stack_at(number);
    used += (bytes + WORD - 1) / WORD * WORD;
    *stack = (struct stack){.hash = hash, .next = atomic_load(bucket), .depth = depth};
    memcpy(stack->calls, calls, depth * sizeof *calls);
    for (uint32_t i = 0; i < depth; i++)
        Py_INCREF(calls[i].code);
    atomic_store(bucket, number);
    count(&guard_counts->stacks, 1);
    return number;
}

uint32_t depot_stack(void)
{
    PyThreadState *state = attached_state();
    if (depot == NULL || state == NULL)
        return 0;
    struct call calls[MAX_FRAMES];
    uint32_t depth = 0;
    for (struct frame frame = innermost_frame(state); frame.frame != NULL && depth < MAX_FRAMES;
         frame = outer_frame(frame))
        calls[depth++] = (struct call){frame.code, frame.instruction};
    if (depth == 0)
        return 0;
    const uint64_t hash = hash_of(calls, depth);
    _Atomic uint32_t *bucket = &buckets[hash % BUCKETS];
    uint32_t number = find(atomic_load(bucket), hash, calls, depth);
    if (number == 0) {
        pthread_mutex_lock(&lock);
        number = find(atomic_load(bucket), hash, calls, depth);
        if (number == 0)
            number = add(bucket, hash, calls, depth);
        pthread_mutex_unlock(&lock);
    }
    return number;
}

uint32_t depot_calls(uint32_t number, const struct call **calls)
{
    if (number == 0)
        return 0;
    *calls = stack_at(number)->calls;
    return stack_at(number)->depth;
}

void depot_lock(void)
{
    pthread_mutex_lock(&lock);
}

void depot_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
