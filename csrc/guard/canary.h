#ifndef GIL_DEMO_GUARD_CANARY_H
#define GIL_DEMO_GUARD_CANARY_H

#include "guard.h"

/* Bytes that changed: `from` up to but not including `to`; none if equal. */
struct damage {
    const unsigned char *from, *to;
};

/* Fresh data: NaN as float16, float32 and float64, 32763 as int16. Large ones only
   at their ends. */
void fill_fresh(void *data, size_t bytes);

/* What no array owns. */
void fill_canary(char *start, const char *end);
struct damage canary_damage(const char *start, const char *end);

/* Freed data that stay readable (poison mode). */
void fill_freed(void *data, size_t bytes);
struct damage freed_damage(const void *data, size_t bytes);

#endif
