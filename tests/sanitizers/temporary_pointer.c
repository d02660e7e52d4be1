/* flagged by: address */
#include "../../csrc/patterns/temporary_pointer.c"

#include "harness.h"

#include <stdlib.h>

enum { SIZE = 8192 };

static void unsafe(int thread)
{
    (void)thread;
    double *array = calloc(SIZE, sizeof *array);
    const uintptr_t address = (uintptr_t)array;
    free(array);
    temporary_pointer_unsafe(address, SIZE, &shared_lab);
}

static void safe(int thread)
{
    (void)thread;
    double *array = calloc(SIZE, sizeof *array);
    temporary_pointer_safe(array, SIZE, &shared_lab);
    free(array);
}

HARNESS(1, unsafe, safe)
