/* The Python stacks at which threads dropped the GIL, each stored once.
 *
 * A stack is a path in a tree: a node is a place in Python code and points to the node of its
 * caller. stacks_take() runs while its thread still has the GIL to itself (it owns the GIL's
 * mutex), so frames and reference counts hold still. It allocates nothing, runs no Python and
 * gives up no reference: it may only add one reference to a code object it has not seen yet,
 * so that the object's address stays its own until stacks_forget().
 */
#include "handovers.h"

#include <string.h>
#include <sys/mman.h>

typedef struct {
    uint32_t caller, code; /* code 0: a root */
    int32_t offset;        /* in bytes from the start of the code */
} node;

static struct tree {
    node nodes[MAX_NODES];
    PyCodeObject *codes[MAX_CODES];
    uint32_t node_index[2 * MAX_NODES], code_index[2 * MAX_CODES]; /* hash tables, 0: empty */
    uint32_t node_count, code_count;
    uint64_t lost;
} *tree;

const char *stacks_start(void)
{
    tree = mmap(NULL, sizeof *tree, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (tree == MAP_FAILED) {
        tree = NULL;
        return "there is no memory for stacks";
    }
    tree->node_count = CUT_STACK + 1;
    tree->code_count = 1;
    return NULL;
}

static uint32_t hash(uint64_t value)
{
    value *= 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio: spreads neighbours */
    return (uint32_t)(value >> 32);
}

/* The number of a code object, or 0: there are too many, or it is being destroyed. */
static uint32_t code_number(PyCodeObject *code)
{
    uint32_t at = hash((uintptr_t)code) % (2 * MAX_CODES);
    for (; tree->code_index[at] != 0; at = (at + 1) % (2 * MAX_CODES))
        if (tree->codes[tree->code_index[at]] == code)
            return tree->code_index[at];
    if (tree->code_count == MAX_CODES || Py_REFCNT(code) <= 0)
        return 0;
    tree->codes[tree->code_count] = (PyCodeObject *)Py_NewRef((PyObject *)code);
    tree->code_index[at] = tree->code_count;
    return tree->code_count++;
}

/* The node of a place below its caller, or UNKNOWN_STACK if there are too many. */
static uint32_t node_number(uint32_t caller, uint32_t code, int32_t offset)
{
    uint64_t key = ((uint64_t)caller << 32) ^ ((uint64_t)code << 16) ^ (uint32_t)offset;
    uint32_t at = hash(key ^ (key >> 29)) % (2 * MAX_NODES);
    for (; tree->node_index[at] != 0; at = (at + 1) % (2 * MAX_NODES)) {
        const node *known = &tree->nodes[tree->node_index[at]];
        if (known->caller == caller && known->code == code && known->offset == offset)
            return tree->node_index[at];
    }
    if (tree->node_count == MAX_NODES)
        return UNKNOWN_STACK;
    tree->nodes[tree->node_count] = (node){caller, code, offset};
    tree->node_index[at] = tree->node_count;
    return tree->node_count++;
}

uint32_t stacks_take(PyThreadState *tstate)
{
    struct _PyInterpreterFrame *frame = innermost_frame(tstate);
    uint32_t codes[MAX_FRAMES], count = 0;
    int32_t offsets[MAX_FRAMES];
    for (; frame != NULL && count < MAX_FRAMES; frame = frame->previous) {
        PyCodeObject *code = frame_code(frame);
        if (code == NULL)
            continue;
        codes[count] = code_number(code);
        if (codes[count] == 0) {
            tree->lost++;
            return UNKNOWN_STACK;
        }
        offsets[count++] = (int32_t)(frame_instruction(frame) - (char *)_PyCode_CODE(code));
    }
    uint32_t at = frame == NULL ? UNKNOWN_STACK : CUT_STACK;
    while (count-- > 0) {
        at = node_number(at, codes[count], offsets[count]);
        if (at == UNKNOWN_STACK) {
            tree->lost++;
            return UNKNOWN_STACK;
        }
    }
    return at;
}

PyObject *stacks_frames(uint32_t at)
{
    PyObject *frames = PyList_New(0);
    while (frames != NULL && tree != NULL && at != UNKNOWN_STACK && at < tree->node_count) {
        const node *place = &tree->nodes[at];
        PyObject *row;
        if (at == CUT_STACK) {
            row = Py_BuildValue("(ssi)", "...", "", 0);
            at = UNKNOWN_STACK;
        } else {
            PyCodeObject *code = tree->codes[place->code];
            int line = PyCode_Addr2Line(code, place->offset);
            at = place->caller;
            if (line <= 0 && code->co_firstlineno <= 0)
                continue; /* code that CPython makes for itself, of no file */
            row = Py_BuildValue("(OOi)", code->co_qualname, code->co_filename,
                                line > 0 ? line : code->co_firstlineno);
        }
        if (row == NULL || PyList_Append(frames, row) != 0)
            Py_CLEAR(frames);
        Py_XDECREF(row);
    }
    return frames;
}

bool stacks_place(uint32_t *at, PyCodeObject **code, int32_t *offset)
{
    if (tree == NULL || *at <= CUT_STACK)
        return false;
    const node *place = &tree->nodes[*at];
    *code = tree->codes[place->code];
    *offset = place->offset;
    *at = place->caller;
    return true;
}

uint64_t stacks_lost(void)
{
    return tree == NULL ? 0 : tree->lost;
}

void stacks_forget(void)
{
    struct tree *forgotten = tree;
    tree = NULL; /* first: the end of a code object may run Python, which may come here */
    if (forgotten == NULL)
        return;
    for (uint32_t i = 1; i < forgotten->code_count; i++)
        Py_DECREF(forgotten->codes[i]);
    munmap(forgotten, sizeof *forgotten);
}
