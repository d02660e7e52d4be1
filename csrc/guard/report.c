/* What a report says, the essential first.

   Stages, each written out before the next begins: the fault, the array, the other
   one near it; then what may itself fault, because it follows pointers into whatever
   the program has left: the Python stack, the C stack, the names. */

#include "report.h"

#include "c_stack.h"
#include "depot.h"
#include "facts.h"
#include "frames.h"
#include "names.h"
#include "nearby.h"
#include "protect.h"
#include "region.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NULL_PAGES = 64 << 10, MAX_C_FRAMES = 64 };

static sigjmp_buf next_stage;
static volatile sig_atomic_t in_stage;
static _Atomic int32_t staging; /* the thread that is in one */

bool report_goes_on(void)
{
    if (!in_stage || atomic_load(&staging) != guard_thread())
        return false;
    siglongjmp(next_stage, 1);
}

/* Runs a stage that may fault. */
static void risk(void (*stage)(const void *), const void *argument)
{
    atomic_store(&staging, guard_thread());
    if (sigsetjmp(next_stage, 1) == 0) {
        in_stage = 1;
        stage(argument);
    }
    in_stage = 0;
}

static void put_call(PyCodeObject *code, int instruction)
{
    fact_list(NULL);
    fact_string(NULL, code->co_filename);
    fact_number(NULL, PyCode_Addr2Line(code, instruction));
    fact_string(NULL, code->co_qualname);
    fact_list_end();
}

static void put_stack(const char *key, uint32_t number)
{
    const struct call *calls;
    const uint32_t depth = depot_calls(number, &calls);
    fact_list(key);
    for (uint32_t i = 0; i < depth; i++)
        put_call(calls[i].code, calls[i].instruction);
    fact_list_end();
}

static void put_deed(const char *key, const struct deed *deed)
{
    fact_object(key);
    fact_number("nanoseconds", deed->nanoseconds);
    fact_number("thread", deed->thread);
    put_stack("frames", deed->stack);
    fact_object_end();
}

static void put_block(const struct nearby *nearby)
{
    const struct block *block = nearby->block;
    fact_begin("block");
    fact_text("place", nearby->place);
    fact_number("distance", (int64_t)nearby->distance);
    fact_number("size", (int64_t)block->size);
    fact_number("start", (int64_t)(uintptr_t)block->data);
    fact_number("number", (int64_t)block->number);
    fact_text("state", is_gone(block) ? "freed" : "alive");
    put_deed("allocated", &block->made);
    if (is_gone(block))
        put_deed("freed", &block->gone);
    fact_end();
}

void put_python_frames(void)
{
    PyThreadState *state = PyGILState_GetThisThreadState();
    int depth = 0;
    fact_list("frames");
    for (struct frame frame = state ? innermost_frame(state) : (struct frame){NULL, NULL, 0};
         frame.frame != NULL && depth < MAX_FRAMES; frame = outer_frame(frame), depth++)
        put_call(frame.code, frame.instruction);
    fact_list_end();
}

static void put_python(const void *Py_UNUSED(argument))
{
    fact_begin("python");
    put_python_frames();
    fact_end();
}

/* Module, offset in it, and the function where the module exports its name. From
   `instruction` outward; all of it where that is NULL. */
static void put_native(const void *instruction)
{
    void *addresses[MAX_C_FRAMES];
    int depth = backtrace(addresses, MAX_C_FRAMES);
    int start = 0;
    if (depth == 0 && instruction != NULL)
        addresses[depth++] = (void *)instruction;
    for (int i = 0; i < depth && instruction != NULL; i++)
        if (addresses[i] == instruction)
            start = i;
    fact_begin("native");
    fact_list("frames");
    for (int i = start; i < depth; i++) {
        Dl_info found;
        if (dladdr(addresses[i], &found) == 0 || found.dli_fname == NULL)
            continue;
        /* All but the first are where a call returns to: one byte before is in the call. */
        const bool exact = instruction != NULL && i == start;
        fact_list(NULL);
        fact_text(NULL, found.dli_fname);
        fact_number(NULL, (char *)addresses[i] - (char *)found.dli_fbase - !exact);
        fact_text(NULL, found.dli_sname);
        fact_list_end();
    }
    fact_list_end();
    fact_end();
}

static void put_names(const void *block)
{
    names_of(block);
}

static void put_head(const char *what, const char *access, const void *address)
{
    fact_begin("report");
    fact_text("what", what);
    fact_text("access", access);
    fact_number("address", (int64_t)(uintptr_t)address);
    fact_number("process", getpid());
    fact_number("thread", guard_thread());
    fact_number("nanoseconds", guard_nanoseconds());
    if (facts_to.label[0] != '\0')
        fact_text("label", facts_to.label);
    fact_end();
}

/* The stages that may fault, and the end. */
static void put_rest(const struct block *block, const void *instruction)
{
    risk(put_python, NULL);
    risk(put_native, instruction);
    if (block != NULL && !is_gone(block))
        risk(put_names, block);
    facts_end();
}

static const char *kind_of(const struct nearby *nearest, const char *address)
{
    if (strcmp(nearest->place, "inside") != 0)
        return nearest->place;
    if (is_gone(nearest->block))
        return "freed";
    switch (shield_at(address)) {
    case PROTECTED:
        return "protected";
    case FROZEN:
        return "frozen";
    default:
        return "inside"; /* shut when the instruction ran, open by now */
    }
}

void report_fault(const struct fault *fault)
{
    struct nearby nearby[MAX_NEARBY];
    if (!facts_begin())
        return;
    const unsigned blocks = blocks_nearby(fault->address, nearby);
    const char *what = !fault->possible                     ? "impossible"
        : (uintptr_t)fault->address < (uintptr_t)NULL_PAGES ? "null"
        : blocks > 0                                        ? kind_of(&nearby[0], fault->address)
                                                            : "elsewhere";
    put_head(what, fault->access, fault->address);
    for (unsigned i = 0; i < blocks; i++)
        put_block(&nearby[i]);
    put_rest(blocks > 0 ? nearby[0].block : NULL, fault->instruction);
}

void report_misuse(const char *doing, const void *data)
{
    if (facts_begin()) {
        struct nearby nearby[MAX_NEARBY];
        const unsigned blocks = blocks_nearby(data, nearby);
        const bool twice = blocks > 0 && nearby[0].block->data == data;
        put_head(twice ? "freed-twice" : "not-a-start", doing, data);
        if (blocks > 0)
            put_block(&nearby[0]);
        put_rest(blocks > 0 ? nearby[0].block : NULL, NULL);
    }
    abort();
}

void report_damage(struct block *block, struct damage damage)
{
    enum { SHOWN = 16 };
    if (atomic_exchange(&block->damaged, true))
        return;
    count(&guard_counts->damaged, 1);
    if (!facts_begin())
        return;
    const char *from = (const char *)damage.from;
    const bool inside = from >= block->data && from < block->data + block->size;
    const bool back = from >= block->data + block->size;
    put_head("damaged", "write", from);
    put_block(&(struct nearby){block, inside ? "inside" : back ? "past-end" : "before-start",
                               (uint64_t)(inside     ? from - block->data
                                              : back ? from - (block->data + block->size)
                                                     : block->data - from)});
    fact_begin("damage");
    fact_number("bytes", damage.to - damage.from);
    fact_list("found");
    for (const unsigned char *byte = damage.from; byte < damage.to && byte < damage.from + SHOWN;
         byte++)
        fact_number(NULL, *byte);
    fact_list_end();
    fact_end();
    put_rest(block, NULL);
}
