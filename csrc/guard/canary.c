/* Fills what no array owns, and finds what was written there. */

#include "canary.h"

#include <string.h>

enum { CANARY = 0xC5, FRESH = 0x7FFB, FREED_DATA = 0x7FFD };
enum { FILLED_END = 64 << 10 }; /* of large data, to fill more costs page faults */

static void fill_pattern(unsigned char *data, size_t bytes, unsigned pattern)
{
    const unsigned char low = pattern & 0xFF, high = (unsigned char)(pattern >> 8);
    if (bytes == 0)
        return;
    data[0] = low;
    if (bytes == 1)
        return;
    data[1] = high;
    for (size_t done = 2; done < bytes;) {
        const size_t next = done < bytes - done ? done : bytes - done;
        memcpy(data + done, data, next);
        done += next;
    }
}

static void fill_ends(void *data, size_t bytes, unsigned pattern)
{
    unsigned char *first = data;
    if (bytes <= 2 * FILLED_END) {
        fill_pattern(first, bytes, pattern);
        return;
    }
    const size_t last = (bytes - FILLED_END) & ~(size_t)1; /* an even place: the pattern fits */
    fill_pattern(first, FILLED_END, pattern);
    fill_pattern(first + last, bytes - last, pattern);
}

void fill_fresh(void *data, size_t bytes)
{
    fill_ends(data, bytes, FRESH);
}

void fill_freed(void *data, size_t bytes)
{
    fill_ends(data, bytes, FREED_DATA);
}

void fill_canary(char *start, const char *end)
{
    memset(start, CANARY, (size_t)(end - start));
}

static void note(struct damage *damage, const unsigned char *byte)
{
    if (damage->from == NULL)
        damage->from = byte;
    damage->to = byte + 1;
}

struct damage canary_damage(const char *start, const char *end)
{
    struct damage damage = {NULL, NULL};
    const unsigned char *byte = (const unsigned char *)start;
    const size_t bytes = (size_t)(end - start);
    if (bytes == 0 || (*byte == CANARY && memcmp(byte, byte + 1, bytes - 1) == 0))
        return damage; /* all are equal to the first: as almost always */
    for (size_t i = 0; i < bytes; i++)
        if (byte[i] != CANARY)
            note(&damage, byte + i);
    return damage;
}

static void check_pattern(struct damage *damage, const unsigned char *data, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (data[i] != (i % 2 ? FREED_DATA >> 8 : FREED_DATA & 0xFF))
            note(damage, data + i);
}

struct damage freed_damage(const void *data, size_t bytes)
{
    struct damage damage = {NULL, NULL};
    if (bytes <= 2 * FILLED_END) {
        check_pattern(&damage, data, 0, bytes);
        return damage;
    }
    check_pattern(&damage, data, 0, FILLED_END);
    check_pattern(&damage, data, (bytes - FILLED_END) & ~(size_t)1, bytes);
    return damage;
}
