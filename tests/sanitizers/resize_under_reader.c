/* flagged by: address */
#include "../../csrc/patterns/resize_under_reader.c"

#include "harness.h"

enum { SIZE = 8192 };

static double *array;

/* The owner: it waits until the kernel is half-way. */
static void resize(void)
{
    wait_for(&shared_lab, 1);
    array = realloc(array, 2 * SIZE * sizeof *array);
    reach(&shared_lab, 2);
    free(array);
}

static void unsafe(int thread)
{
    if (thread == 1) {
        resize();
        return;
    }
    array = calloc(SIZE, sizeof *array);
    resize_under_reader_unsafe(array, SIZE, &shared_lab);
}

static void safe(int thread)
{
    if (thread == 1) {
        resize();
        return;
    }
    array = calloc(SIZE, sizeof *array);
    resize_under_reader_safe(array, SIZE, &shared_lab);
}

HARNESS(2, unsafe, safe)
