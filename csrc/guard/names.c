/* The Python variables whose arrays lie in a block: locals, cells, globals, and
   what is directly in a list, a tuple or a dict of these. */

#include "names.h"

#include "facts.h"
#include "frames.h"
#include "common/numpy_api.h"

enum { MAX_NAMES = 12, MAX_FRAMES_LOOKED_AT = 20, MAX_ELEMENTS = 64 };

struct search {
    const struct block *block;
    PyCodeObject *code;
    const char *scope;
    int found;
};

static bool lies_in(const struct block *block, PyObject *object)
{
    if (object == NULL || !PyArray_Check(object))
        return false;
    const char *data = PyArray_BYTES((PyArrayObject *)object);
    return data >= block->data && data <= block->data + block->size;
}

static void put_lengths(const char *key, int dimensions, const npy_intp *lengths)
{
    fact_list(key);
    for (int i = 0; i < dimensions; i++)
        fact_number(NULL, lengths[i]);
    fact_list_end();
}

/* `key` is a name, or an index of what has that name. */
static void put_array(struct search *search, PyObject *name, PyObject *key, Py_ssize_t index,
                      PyArrayObject *array)
{
    const PyArray_Descr *dtype = PyArray_DESCR(array);
    const char kind[2] = {dtype->kind, '\0'};
    fact_begin("array");
    fact_text("scope", search->scope);
    fact_string("name", name);
    if (key != NULL)
        fact_string("key", key);
    else if (index >= 0)
        fact_number("index", index);
    fact_string("function", search->code->co_qualname);
    fact_string("file", search->code->co_filename);
    fact_text("kind", kind);
    fact_number("itemsize", PyDataType_ELSIZE(dtype));
    put_lengths("shape", PyArray_NDIM(array), PyArray_DIMS(array));
    put_lengths("strides", PyArray_NDIM(array), PyArray_STRIDES(array));
    fact_number("offset", PyArray_BYTES(array) - search->block->data);
    if (!PyArray_ISWRITEABLE(array))
        fact_true("read_only");
    fact_end();
    search->found++;
}

static void look_at(struct search *search, PyObject *name, PyObject *value)
{
    if (value == NULL || search->found >= MAX_NAMES)
        return;
    if (lies_in(search->block, value)) {
        put_array(search, name, NULL, -1, (PyArrayObject *)value);
    } else if (PyList_CheckExact(value) || PyTuple_CheckExact(value)) {
        const Py_ssize_t size = Py_SIZE(value) < MAX_ELEMENTS ? Py_SIZE(value) : MAX_ELEMENTS;
        for (Py_ssize_t i = 0; i < size && search->found < MAX_NAMES; i++) {
            PyObject *element
                = PyList_CheckExact(value) ? PyList_GET_ITEM(value, i) : PyTuple_GET_ITEM(value, i);
            if (lies_in(search->block, element))
                put_array(search, name, NULL, i, (PyArrayObject *)element);
        }
    } else if (PyDict_CheckExact(value)) {
        PyObject *key, *element;
        Py_ssize_t place = 0;
        for (int i = 0; i < MAX_ELEMENTS && PyDict_Next(value, &place, &key, &element); i++)
            if (lies_in(search->block, element) && search->found < MAX_NAMES
                && PyUnicode_Check(key))
                put_array(search, name, key, -1, (PyArrayObject *)element);
    }
}

static void look_at_locals(struct search *search, struct frame frame)
{
    for (int i = 0; i < code_locals(frame.code); i++) {
        PyObject *value = frame_local(frame, i);
        if (value != NULL && PyCell_Check(value))
            value = PyCell_GET(value);
        search->scope = "local";
        look_at(search, code_local_name(frame.code, i), value);
    }
}

static void look_at_globals(struct search *search, PyObject *globals)
{
    PyObject *name, *value;
    Py_ssize_t place = 0;
    search->scope = "global";
    while (PyDict_Next(globals, &place, &name, &value))
        look_at(search, name, value);
}

void names_of(const struct block *block)
{
    struct search search = {.block = block};
    PyObject *seen[MAX_FRAMES_LOOKED_AT]; /* whose globals were looked at */
    PyThreadState *state = PyGILState_GetThisThreadState();
    if (state == NULL || PyArray_API == NULL)
        return;
    struct frame frame = innermost_frame(state);
    for (int depth = 0; frame.frame != NULL && depth < MAX_FRAMES_LOOKED_AT;
         frame = outer_frame(frame), depth++) {
        search.code = frame.code;
        seen[depth] = frame_globals(frame);
        bool new = PyDict_Check(seen[depth]);
        for (int i = 0; i < depth; i++)
            new = new && seen[i] != seen[depth];
        look_at_locals(&search, frame);
        if (new)
            look_at_globals(&search, seen[depth]);
    }
}
